"""An entry of the audit trail in words: what was done, to which lead or campaign, by whom and why.

It owns the words for each event. What it does not know it gives as it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lead_worker.core.outcome import HoldKind

from .rates import number_words
from .render import count_words, span, when

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


def told(entry: Mapping[str, Any], year: str) -> Told:
    """Tell one entry.

    Args:
        year: the one that is not said.
    """
    at = entry.get("at")
    moment = when(at) if isinstance(at, int | float) else ""
    return Told(
        moment.removeprefix(f"{year}-"),  # as on a timeline
        _what(entry),
        str(entry.get("lead") or entry.get("campaign") or ""),
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
