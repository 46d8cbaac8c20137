"""What goes wrong when: a plan that is the same for the same seed. Pure.

Rounds of two sorts follow each other: one fault alone, with calm after it so that recovery can be
measured, and storms of several at once. Kinds are dealt like cards, so that each has its turn.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from .kinds import Kind

FIRST_SECONDS = 3.0
"""Before the first fault: deliveries have begun."""

STORM_SHARE = 0.3
OFTEN_EVERY = 4
"""Of the faults that are alone every fourth is one of a kind that comes often."""

STORM_FAULTS = (3, 5)
STORM_SPREAD_SECONDS = 3.0
CALM_SECONDS = (1.0, 2.5)
"""Added to the calm after each round, so that faults fall into no rhythm."""

WORKERS = 2
PRODUCERS = 3


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault to come; times are in seconds since the beginning.

    Attributes:
        number: from 0, in order of its beginning.
        which: of several, such as workers, the one that is hit; from 0.
        chance: from 0 to 1, for what else the fault leaves open.
        alone: nothing else is done from its beginning until it has had calm.
    """

    number: int
    kind: Kind
    begins_at: float
    lasts_seconds: float
    which: int
    chance: float
    alone: bool

    @property
    def ends_at(self) -> float:
        return self.begins_at + self.lasts_seconds


def make_plan(
    seed: int, seconds: float, kinds: Sequence[Kind], *, storms: bool = False
) -> tuple[Planned, ...]:
    """Plan the faults of one run; each is over, and has had its calm, before the end.

    Args:
        seed: the same one gives the same plan.
        seconds: of the whole run.
        kinds: those that may happen; at least one.
        storms: nothing but storms, one close after the other: more faults, and none measured.
    """
    chance = random.Random(seed)
    singles, stormers = _singles(kinds, chance), _dealt(kinds, chance)
    found: list[Planned] = []
    at = FIRST_SECONDS
    while True:
        if storms or (chance.random() < STORM_SHARE and len(kinds) > 1):
            faults = _storm(stormers, at, chance)
        else:
            faults = [_fault(next(singles), at, chance, alone=True)]
        calm = 0.0 if storms else max(each.kind.calm_seconds for each in faults)
        at = max(each.ends_at for each in faults) + calm + chance.uniform(*CALM_SECONDS)
        if at > seconds:
            break
        found += faults
    found.sort(key=lambda each: each.begins_at)
    return tuple(replace(each, number=number) for number, each in enumerate(found))


def _dealt(kinds: Sequence[Kind], chance: random.Random) -> Iterator[Kind]:
    """One kind after the other, shuffled; when all had their turn, anew."""
    while True:
        deck = list(kinds)
        chance.shuffle(deck)
        yield from deck


def _singles(kinds: Sequence[Kind], chance: random.Random) -> Iterator[Kind]:
    """As dealt, with those that come often in between."""
    often = [kind for kind in kinds if kind.often]
    others = [kind for kind in kinds if not kind.often]
    first, second = _dealt(often or others, chance), _dealt(others or often, chance)
    for number in count():
        yield next(first if number % OFTEN_EVERY == 0 else second)


def _storm(kinds: Iterator[Kind], at: float, chance: random.Random) -> list[Planned]:
    """Some faults that overlap, each in a place of its own; a card that does not fit is lost."""
    faults: list[Planned] = []
    taken: set[tuple[str, int]] = set()
    for _ in range(chance.randint(*STORM_FAULTS)):
        begins_at = at + chance.uniform(0, STORM_SPREAD_SECONDS)
        fault = _fault(next(kinds), begins_at, chance, alone=False)
        if (fault.kind.place, fault.which) not in taken:
            taken.add((fault.kind.place, fault.which))
            faults.append(fault)
    return faults


def _fault(kind: Kind, at: float, chance: random.Random, *, alone: bool) -> Planned:
    lasts = chance.uniform(kind.shortest_seconds, kind.longest_seconds)
    several = {"worker": WORKERS, "producer": PRODUCERS}.get(kind.place, 1)
    which = chance.randrange(several)
    return Planned(0, kind, round(at, 3), round(lasts, 3), which, chance.random(), alone)
