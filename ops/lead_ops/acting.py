"""What an operator did to leads, one by one: the entry on a timeline, and what is said of it.

It owns that one lead that cannot be helped stops no other, and is in the exit code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lead_worker.core.lifecycle import State

from .operator import operator
from .render import count_words, say, say_json

NO_SUCH_LEAD = "there is no such lead"


@dataclass(frozen=True, slots=True)
class Acted:
    """What became of one lead.

    Attributes:
        state: that it is in now, or None where there is no such lead.
        problem: why nothing was done, in words; "" where it was.
    """

    lead_id: str
    state: str | None
    problem: str = ""


def act_entry(event: str, reason: str | None, **more: str) -> dict[str, object]:
    """The timeline's entry for an operator's act; what is empty is left out."""
    entry: dict[str, object] = {"event": event, "by": operator()}
    told = more | {"reason": reason or ""}
    return entry | {name: value for name, value in told.items() if value}


def say_acted(acted: Iterable[Acted], to: State, *, as_json: bool) -> int:
    """Say what was done, and what could not be; gives the exit code.

    Args:
        to: the state in which a lead is to which it was done.
    """
    results = []
    for each in acted:
        results.append({"id": each.lead_id, "done": not each.problem, "state": each.state})
        if each.problem:
            say(("leads: ", "red"), f"{each.lead_id}: {each.problem}", stderr=True)
    number = sum(result["done"] is True for result in results)
    if as_json:
        say_json(results)
    elif number:
        say(f"{count_words(number, 'lead is', 'leads are')} {to.value} now")
    return 0 if number == len(results) else 1
