"""How many cases there are and what became of them, as a table for the README. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from .cases import Corpus
from .handing import NODE
from .outcomes import Dead, Delivered, Refused
from .settling import Result

BEGIN = "<!-- bad input, as tests/integration/test_bad_input.py counts it -->"
END = "<!-- end of bad input -->"
_HEAD = ("class", "what is in it", "handed over", "delivered", "dead, `invalid`", "refused")


def table(corpora: Iterable[Corpus], results: Iterable[Result]) -> str:
    """A row for each class and one for all, between the marks that are around it in the README.

    The client in Node is left out, so that the numbers are the same where there is no Node.
    """
    counted = [result for result in results if result.way != NODE]
    lines = [_line(_HEAD), "|" + "---|" * 2 + "---:|" * 4]
    for corpus in corpora:
        found = [result for result in counted if result.corpus is corpus]
        lines.append(_line((corpus.title, corpus.what, *_counts(found))))
    lines.append(_line(("**All**", "", *_counts(counted))))
    return "\n".join((BEGIN, *lines, END))


def _counts(results: list[Result]) -> tuple[str, ...]:
    by_outcome = Counter(type(result.seen) for result in results)
    found = (by_outcome[outcome] for outcome in (Delivered, Dead, Refused))
    return tuple(f"{number:,}" for number in (len(results), *found))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
