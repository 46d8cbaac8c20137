"""The leads that may have arrived: unknown and parked ones, with what was found of them.

It owns which are listed and how old each is. Memory is bounded by how many are asked for.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter

from lead_worker.core.lifecycle import State
from lead_worker.store.reading import Listed, Reading

from .looks import RECENT, Search, search_of

STATES = (State.UNKNOWN, State.PARKED)


@dataclass(frozen=True, slots=True)
class Uncertain:
    """One lead that may have arrived.

    Attributes:
        since_at: of a parked one, when it was parked; of an unknown one, when the first attempt
            was claimed whose outcome nobody knows.
    """

    listed: Listed
    state: State
    since_at: float
    search: Search

    @property
    def cause(self) -> str:
        """Why nobody knows, a short code."""
        return self.search.cause or self.listed.fields.get("cause", "")

    @property
    def next_look_at(self) -> float | None:
        """When a worker looks for it next, or the look that is under way must be over."""
        return self.listed.at if self.state is State.UNKNOWN else None


def newest(reading: Reading, states: Sequence[State], limit: int) -> list[Uncertain]:
    """The newest of the leads in some of `STATES`, the newest first."""
    listed = [each for state in states for each in _newest_of(reading, state, limit)]
    listed = heapq.nlargest(limit, listed, key=attrgetter("since_at"))
    timelines = reading.recent([each.listed.lead_id for each in listed], RECENT)
    return [
        Uncertain(each.listed, each.state, each.since_at, search_of(timeline))
        for each, timeline in zip(listed, timelines, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Found:
    listed: Listed
    state: State
    since_at: float


def _newest_of(reading: Reading, state: State, limit: int) -> list[_Found]:
    found = (_Found(each, state, _since_at(each, state)) for each in _in(reading, state))
    if state is State.UNKNOWN:  # its index tells when each is looked for, and not how old it is
        return heapq.nlargest(limit, found, key=attrgetter("since_at"))
    return list(islice(found, limit))


def _in(reading: Reading, state: State) -> Iterator[Listed]:
    """Those that are still in the state when their record is read."""
    return (each for each in reading.newest(state) if each.fields.get("state") == state)


def _since_at(listed: Listed, state: State) -> float:
    if state is State.UNKNOWN:
        try:
            return float(listed.fields.get("unknown_since", ""))
        except ValueError:
            pass
    return listed.at
