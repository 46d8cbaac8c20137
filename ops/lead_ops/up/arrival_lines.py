"""What a person reads of arrivals: one line for each lead, or one for many. Pure.

It owns wording and columns. Lines hold no personal data, because `watch` gives none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from textwrap import wrap

from lead_worker.core.lifecycle import State
from lead_worker.store import Counts

from lead_ops.views.holds import advice

from ..render import span
from .watch import Arrival

Part = str | tuple[str, str]
Line = list[Part]

NARROW = 80
WIDE = 100
"""From so many columns on, the time of day fits before an id of the lead and one of the API."""

_STYLES = {
    State.DELIVERED: "green",
    State.DEAD: "red",
    State.PARKED: "yellow",
    State.DISCARDED: "dim",
    State.WAITING: "yellow",
}


def arrival_line(arrival: Arrival, width: int) -> Line:
    """One lead: when, what became of it, its id, and the API's id or the reason.

    Args:
        width: columns of the terminal; where the line goes elsewhere, any number so large that
            nothing has to be shortened.
    """
    name = "retry" if arrival.state is State.WAITING else arrival.state.value
    line: Line = [(f"{name:<9}", _STYLES[arrival.state]), f" {arrival.lead_id} "]
    if width >= WIDE:
        line.insert(0, (f"{clock(arrival.at)} ", "dim"))
    room = width - sum(len(part if isinstance(part, str) else part[0]) for part in line)
    return [*line, *_outcome(arrival, room)]


def _outcome(arrival: Arrival, room: int) -> Line:
    match arrival.state:
        case State.DELIVERED:
            tries = f", {arrival.attempts} attempts" if arrival.attempts > 1 else ""
            end = f" {took(arrival.seconds)}{tries}"
            # `leads show` has the API's id whole; how long and how often is told here only.
            return [*cut([arrival.api_id], room - len(end)), (end, "dim")]
        case State.WAITING:
            return [f"{arrival.cause or 'set aside'}; again in {span(arrival.seconds)}"]
        case State.DISCARDED:
            return ["given up by an operator"]
        case _:
            wordings = _reasons(arrival)
            return [next((each for each in wordings if len(each) <= room), wordings[-1])]


def _reasons(arrival: Arrival) -> list[str]:
    """Why it is dead or parked, in wordings from the fullest to the shortest."""
    words = arrival.reason or "may have arrived"
    if arrival.fields:
        return [f"{words}: {', '.join(arrival.fields)}"]
    many = arrival.attempts > 1
    attempts = f" after {arrival.attempts} attempts" if many else ""
    cause, code = arrival.cause, arrival.code
    if not cause:
        return [*([f"{words}: {code}{attempts}"] if code else []), f"{words}{attempts}"]
    times = f"{arrival.attempts} x " if many else ""
    wordings = [f"{words}: {cause}{attempts}", f"{words}: {times}{cause}"]
    return [f"{words}: {cause} {code}{attempts}", *wordings] if code else wordings


def took(seconds: float) -> str:
    """How long a lead was under way: `12 ms`, `0.4 s`, `3 min`."""
    return f"{seconds * 1000:.0f} ms" if seconds < 0.1 else span(seconds)


def clock(at: float) -> str:
    """The local time of day."""
    return f"{datetime.fromtimestamp(at, UTC).astimezone():%H:%M:%S}"


def flood_line(at: float, unshown: Mapping[State, int]) -> Line:
    """How many leads have come of which only some are shown."""
    counts = ", ".join(f"{number:,} more {state.value}" for state, number in unshown.items())
    return [(f"{clock(at)} ", "dim"), f"and {counts}"]


def counts_line(counts: Counts) -> Line:
    """Where all leads are."""
    named = {
        "delivered": counts.delivered,
        "dead": counts.dead,
        "waiting": counts.waiting,
        "in flight": counts.leased,
        "unknown": counts.unknown,
        "parked": counts.parked,
        "discarded": counts.discarded,
        "erased": counts.erased,
    }
    shown = ", ".join(f"{number:,} {name}" for name, number in named.items() if number)
    return [(f"{clock(counts.now_at)} ", "dim"), ("all leads: " + (shown or "none"), "bold")]


def hold_lines(counts: Counts) -> list[Line]:
    """That deliveries are held, and what can be done; or that they go on."""
    hold = counts.hold
    at: Part = (f"{clock(counts.now_at)} ", "dim")
    if hold is None:
        return [[at, ("deliveries go on", "bold")]]
    until = f" until {clock(hold.until_at)}" if hold.until_at is not None else ""
    kind = f"{hold.kind.value} (suspected)" if hold.suspected else hold.kind.value
    held = f"deliveries are held: {kind}{until}"
    room = NARROW - len(at[0])
    told: list[Line] = [[" " * len(at[0]), line] for line in wrap(advice(hold), room)]
    return [[at, (held, "bold yellow")], *told]


def cut(line: Line, width: int) -> Line:
    """The line with what goes beyond a width cut off."""
    kept: Line = []
    for part in line:
        text, style = (part, "") if isinstance(part, str) else part
        if len(text) > width:
            kept.append((text[: max(0, width - 3)] + "..."[: max(0, width)], style))
            break
        kept.append((text, style))
        width -= len(text)
    return kept
