"""An entry of the audit trail in words: what was done, to which lead or campaign, by whom and why.

It owns the words for each event. What it does not know it gives as it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from lead_worker.core.outcome import HoldKind

from lead_ops.rates import number_words
from lead_ops.render import count_words, span, when

_OF_HOLDS = {"hold_began": "held", "hold_ended": "ended", "resumed": "resumed"}
_COUNTED = {"delivered": "delivered", "dead": "dead again"}


@dataclass(frozen=True, slots=True)
class Told:
    """One entry, as its columns have it.

    Attributes:
        which: the id of the lead or of the campaign; "" where it is the fleet.
        why: counts, and the reason.
    """

    when: str
    what: str
    which: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Run:
    """One entry, or several that are alike: the same was done to one lead after the other.

    Attributes:
        entry: the newest of them.
        number: how many there are.
    """

    entry: Mapping[str, Any]
    number: int = 1


def runs(entries: Iterable[Mapping[str, Any]]) -> Iterator[Run]:
    """Join what was done to leads one after the other by the same person for the same reason."""
    for act, alike in groupby(entries, key=_act):
        first, number = None, 0
        for entry in alike:
            if act is None:
                yield Run(entry)
            first, number = first or entry, number + 1
        if act is not None and first is not None:
            yield Run(first, number)


def _act(entry: Mapping[str, Any]) -> tuple[object, ...] | None:
    """What makes entries alike; None where they are told one by one."""
    if "lead" not in entry:
        return None
    return (entry.get("event"), entry.get("by"), entry.get("reason"))


def told(run: Run, year: str) -> Told:
    """Tell one entry, or several that are alike.

    Args:
        year: the one that is not said.
    """
    entry = run.entry
    at = entry.get("at")
    moment = when(at) if isinstance(at, int | float) else ""
    return Told(
        moment.removeprefix(f"{year}-"),  # as on a timeline
        _what(entry) + (f" {run.number:,} leads" if run.number > 1 else ""),
        str(entry.get("lead") or entry.get("campaign") or "") if run.number == 1 else "",
        str(entry.get("by") or ""),
        "; ".join(filter(None, (_details(entry), str(entry.get("reason") or "")))),
    )


def _what(entry: Mapping[str, Any]) -> str:
    event, kind = str(entry.get("event", "?")), str(entry.get("kind", "?"))
    if event == "rate":
        return f"rate: {_number_words(entry.get('per_minute'))}"
    words = _OF_HOLDS.get(event, event.replace("_", " "))
    if event in _OF_HOLDS and kind != HoldKind.PAUSED:
        words += f": {kind}"
    seconds = entry.get("seconds")
    return f"{words}, {span(seconds)}" if isinstance(seconds, float) and seconds else words


def _details(entry: Mapping[str, Any]) -> str:
    """Of many leads: how many and which, or what became of them."""
    leads, about = entry.get("leads"), entry.get("about")
    if isinstance(leads, int):
        number = count_words(leads, "lead", "leads")
        return f"{number}: {about}" if about else number
    found = [(entry.get(name), word) for name, word in _COUNTED.items()]
    return ", ".join(f"{number:,} {word}" for number, word in found if isinstance(number, int))


def _number_words(per_minute: object) -> str:
    return number_words(per_minute) if isinstance(per_minute, int) else "the workers' own"
