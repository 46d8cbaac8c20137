"""How far an unknown lead has been looked for, in words: from its record and its timeline.

It owns the wording of looks. What a look asked for is never shown, only by which field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lead_worker.core.looks import LOOKS
from lead_worker.store import Counts

from lead_ops.render import ago, span

from .holds import hold_words

RECENT = 20
"""So many entries of a timeline tell of the looks since the last attempt."""

_FOUND = {
    "more": "more pages",
    "unaskable": "cannot be asked",
    "unanswered": "no answer",
    "not_asked": "not asked",
}
_THEN = {"waiting": "sent again", "parked": "parked", "dead": "dead"}


@dataclass(frozen=True, slots=True)
class Search:
    """What has been found of a lead since its last attempt.

    Attributes:
        cause: why its outcome is unknown, a short code; "" where the timeline does not say.
        number: of the last look, from 1; 0 without one.
        found: by the last look, in a word as in `looks.Look`; `mistaken` where what it found was
            another lead's; "" without one.
    """

    cause: str = ""
    number: int = 0
    found: str = ""


def search_of(timeline: Sequence[Mapping[str, Any]]) -> Search:
    """Read the last entries of a timeline, oldest first."""
    number, found = 0, ""
    for entry in reversed(timeline):
        event = entry.get("event")
        if event in ("attempt", "lease_expired"):
            cause = event if event == "lease_expired" else entry.get("cause")
            return Search(str(cause or ""), number, found)
        if found:
            continue
        if event == "looked":
            number, found = look_number(entry), str(entry.get("found", "?"))
        elif event == "mistaken":
            found = "mistaken"
    return Search("", number, found)


def look_number(entry: Mapping[str, Any]) -> int:
    """The number of a look, from 1; 0 where its entry does not say."""
    number = entry.get("n")
    return number if isinstance(number, int) else 0


def found_words(number: int, found: str) -> str:
    """Which look it was, and what it found: `1 nothing`, `2 no answer`."""
    return f"{number or '?'} {_FOUND.get(found, found)}"


def look_event(entry: Mapping[str, Any]) -> str:
    """A look in a timeline's table: which, and what it found."""
    return f"look {found_words(look_number(entry), str(entry.get('found', '?')))}"


def look_why(entry: Mapping[str, Any]) -> str:
    """By what was asked, why there was no answer, and where the lead goes from there."""
    asked, page = entry.get("asked"), entry.get("page")
    whys = [str(entry.get("cause") or ""), str(entry.get("api_id") or "")]
    similar = entry.get("similar")
    whys.append(" ".join(map(str, similar)) if isinstance(similar, list) else "")
    whys += [f"by {asked}" if asked else "", f"page {page}" if page else ""]
    whys.append(_THEN.get(str(entry.get("then")), ""))
    due = entry.get("due_seconds")
    if isinstance(due, int | float) and due > 0:
        whys.append(f"again in {span(due)}")
    return ", ".join(filter(None, whys))


def looks_next(fields: Mapping[str, str], at: float, counts: Counts) -> str:
    """What happens to an unknown lead next, in one sentence.

    Args:
        fields: its record.
        at: when it is looked for next; for one that is being looked for, when that must be over.
    """
    done = fields.get("looks", "0")
    look = f"look {min(int(done) + 1, LOOKS) if done.isdigit() else 1} of {LOOKS}"
    asks = "It may have arrived; a worker asks the API for it"
    # A lead that was reclaimed keeps its worker's token; any other has one while it is looked for.
    if at > counts.now_at and fields.get("token", "") != fields.get("expired", ""):
        return f"It may have arrived; a worker is asking the API for it now ({look})."
    if counts.hold:
        return f"{asks} once deliveries are no longer held ({look}): {hold_words(counts)}."
    when = ago(at, counts.now_at) if at > counts.now_at else "as soon as one is free"
    return f"{asks} {when} ({look})."
