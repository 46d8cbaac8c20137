"""Whose fault a refusal is: the API's, a token's, or the lead's own. Pure.

It owns when a hold stands, and what becomes of the accused once another lead was taken.
"""

from __future__ import annotations

from dataclasses import replace

from .evidence import Seen
from .governor import Hold, Step
from .outcome import HoldKind

WITNESSES = 3
"""So many leads must have failed alike before the API is to blame and not a lead."""

CROWD = 8
"""So many that were in flight together, and none taken, are proof without a trial."""

_UNAUTHORIZED = 401


def is_proven(hold: Hold) -> bool:
    """Whether enough others failed alike. What is in flight together may come of one form, and have
    one fault: of those it takes more than of leads that were chosen to be tried. (Each lost field
    makes one more empty lead in the API, so there two are enough.)"""
    if hold.kind in (HoldKind.OUTAGE, HoldKind.CONTRACT):
        return hold.alike >= WITNESSES - 1
    return min(hold.tried, hold.alike) >= WITNESSES - 1 or hold.alike >= CROWD - 1


def judged(step: Step, hold: Hold, seen: Seen) -> Step:
    """The accused, now that another lead was taken: who stood alone is guilty, and who is in
    company once more: poisoned leads make a hold stand as each other's witnesses."""
    alone = hold.suspected and len(hold.accused) == 1
    others = tuple(each for each in hold.accused if each.lead_id != seen.lead_id)
    # An API that goes bad and well again may meet the same leads twice; hardly three times.
    enough = 1 if hold.suspected else 2
    guilty = tuple(each for each in others if alone or each.doubted >= enough)
    doubted = tuple(each for each in others if each not in guilty)
    return replace(step, convicted=guilty, doubted=doubted)


def is_the_tokens_fault(hold: Hold) -> bool:
    """Whether, now that another token was taken, the refused one is to blame. One lead alone may
    have been forbidden (403) for a reason of its own; a 401 is about nothing else."""
    return len(hold.accused) > 1 or any(each.status == _UNAUTHORIZED for each in hold.accused)
