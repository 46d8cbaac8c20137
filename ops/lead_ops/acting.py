"""What an operator did to leads, one by one: the entry on a timeline, and what is said of it.

It owns that one lead that cannot be helped stops no other, and is in the exit code.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass

from .json_array import JsonArray
from .operator import operator
from .render import count_words, say

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


def act_entry(
    event: str, reason: str | None, *, many: bool = False, **more: str
) -> dict[str, object]:
    """The timeline's entry for an operator's act; what is empty is left out.

    Args:
        many: it is one act on many leads, which is in the audit trail once, and not with each lead.
    """
    entry: dict[str, object] = {"event": event, "by": operator()}
    entry |= {"many": True} if many else {}
    told = more | {"reason": reason or ""}
    return entry | {name: value for name, value in told.items() if value}


def say_acted(acted: Iterable[Acted], to: str, *, as_json: bool, then: str = "") -> int:
    """Say what was done, as it is done, and what could not be; gives the exit code.

    Args:
        to: the state in which a lead is to which it was done, as the text says it.
        then: what is said after it, such as how to undo it.
    """
    done = failed = 0
    with JsonArray() if as_json else nullcontext() as array:
        for each in acted:
            if array:
                item = {"id": each.lead_id, "done": not each.problem, "state": each.state}
                array.add(item)
            if each.problem:
                say(("leads: ", "red"), f"{each.lead_id}: {each.problem}", stderr=True)
            failed += bool(each.problem)
            done += not each.problem
    if done and not as_json:
        say(f"{count_words(done, 'lead is', 'leads are')} {to} now")
        if then:
            say(then)
    return 1 if failed else 0
