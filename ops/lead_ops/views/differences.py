"""What a correction changed, for an operator's terminal: `email: "ana@" -> "ana@example.com"`.

It shows personal data, so it is for commands about one lead or about samples.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from lead_worker.core.outcome import FieldError

from lead_ops.render import count_words, say

VALUE_WIDTH = 120
"""Characters of a value; what is longer is cut, and --json has all of it."""

PATH_WIDTH = 80


def say_changes(
    changes: Sequence[Mapping[str, Any]], *, most: int = 20, margin: str = "", stderr: bool = False
) -> None:
    """Print a line for each difference, as `difference_json` gives them.

    Args:
        most: lines; the rest is counted.
        margin: what each line begins with.
    """
    for change in islice(changes, most):
        if "more" in change:
            _say_more(int(change["more"]), margin, stderr=stderr)
            continue
        say(
            margin,
            (f"{field_name(change['path'])}: ", "bold"),
            *_value(change, "before", "red"),
            " -> ",
            *_value(change, "after", "green"),
            stderr=stderr,
            indent=len(margin) + 4,
        )
    if len(changes) > most:
        rest = changes[most:]
        _say_more(sum(int(each.get("more", 1)) for each in rest), margin, stderr=stderr)


def say_problems(problems: Iterable[FieldError]) -> None:
    """Print on standard error what is wrong with each field."""
    for problem in problems:
        say(("leads: ", "red"), f"{field_name(problem.path)}: {problem.message}", stderr=True)


def field_name(path: object) -> str:
    """A path for a person; strangers may have written it."""
    return _cut(str(path), PATH_WIDTH) or "the lead"


def _say_more(number: int, margin: str, *, stderr: bool) -> None:
    say(margin, (f"and {count_words(number, 'field', 'fields')} more", "dim"), stderr=stderr)


def _value(change: Mapping[str, Any], side: str, style: str) -> tuple[tuple[str, str], ...]:
    if side not in change:
        return (("nothing", "dim"),)
    text = json.dumps(change[side], ensure_ascii=False, separators=(", ", ": "))
    return ((_cut(text, VALUE_WIDTH), style),)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
