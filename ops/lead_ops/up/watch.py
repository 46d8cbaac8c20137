"""Sees leads arrive, by looking at the queue's indexes again and again.

It owns what is looked at and how much of it: a look costs four short round trips and reads a
bounded number of records, however many leads arrive. No personal data come out of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lead_producers.keys import LANES
from lead_worker.core.lifecycle import State
from lead_worker.store import Store

ENDS = (State.DELIVERED, State.DEAD, State.PARKED, State.DISCARDED)
"""The states in which a lead has arrived somewhere."""

PAGE = 40
"""The most leads in one state that a look shows one by one."""

SAMPLE = 3
"""How many of them it shows where there are more."""

_NAMES = "agentId agent_id name email phone company site custom utm capture"
API_FIELDS = frozenset(_NAMES.split())
"""Names that may be shown; any other name of a field was written by a stranger."""

_RECORD = ("api_id", "reason", "cause", "code", "attempts", "accepted_at")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One lead that has come into a state.

    Attributes:
        at: when; for `waiting`, when that was seen.
        api_id: of a delivered lead.
        reason, cause, code: why it is dead or parked, or waits; short codes, `code` by the API.
        fields: those that the schema refused.
        attempts: that were spent.
        seconds: since it was accepted; for `waiting`, until it is due.
    """

    at: float
    lead_id: str
    state: State
    api_id: str = ""
    reason: str = ""
    cause: str = ""
    code: str = ""
    fields: tuple[str, ...] = ()
    attempts: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """What one look saw.

    Attributes:
        now_at: Redis's clock.
        arrivals: in the order in which they came.
        unshown: how many more there were, by state.
        retries: leads that have begun to wait for another attempt since the last look.
    """

    now_at: float
    arrivals: tuple[Arrival, ...] = ()
    unshown: Mapping[State, int] = field(default_factory=dict)
    retries: tuple[Arrival, ...] = ()


class Watch:
    """Looks at one namespace. Methods raise `StoreError` where Redis does not answer."""

    def __init__(self, store: Store) -> None:
        self._client = store.client
        self._keys = store.keys
        self._seen: dict[State, str] = {}
        self._known_retries: set[tuple[str, float]] = set()

    def begin(self) -> None:
        """See only what comes from now on."""
        now_at = self._now_at()
        self._seen = {state: repr(now_at) for state in ENDS}
        self._known_retries = set(self._future(now_at))

    def look(self) -> Look:
        """See what has come since the last look."""
        now_at = self._now_at()
        pipeline = self._client.pipeline(transaction=False)
        for state in ENDS:
            index, after = self._keys.index(state), f"({self._seen[state]}"
            pipeline.zcount(index, after, "+inf")
            pipeline.zrevrangebyscore(index, "+inf", after, start=0, num=PAGE, withscores=True)
        replies = pipeline.execute()
        shown: list[tuple[State, str, float]] = []
        unshown: dict[State, int] = {}
        for state, count, page in zip(ENDS, replies[::2], replies[1::2], strict=True):
            if page:
                self._seen[state] = repr(page[0][1])
            kept = page if count <= PAGE else page[:SAMPLE]
            shown += [(state, lead_id.decode(), at) for lead_id, at in kept]
            if count > len(kept):
                unshown[state] = count - len(kept)
        retries = [(State.WAITING, lead_id, at) for lead_id, at in self._new_retries(now_at)]
        arrivals = self._describe([*shown, *retries], now_at)
        ends = sorted((each for each in arrivals if each.state in ENDS), key=lambda each: each.at)
        begun = tuple(each for each in arrivals if each.state is State.WAITING)
        return Look(now_at, tuple(ends), unshown, begun)

    def _now_at(self) -> float:
        seconds, microseconds = self._client.time()
        return float(seconds) + float(microseconds) / 1e6

    def _new_retries(self, now_at: float) -> list[tuple[str, float]]:
        """Those of the next few that are due in future which were not there before."""
        found = self._future(now_at)
        new = [each for each in found if each not in self._known_retries]
        self._known_retries = set(found)
        # In an outage all of them wait again and again: then only their number says anything.
        return new if len(found) < PAGE else []

    def _future(self, now_at: float) -> list[tuple[str, float]]:
        pipeline = self._client.pipeline(transaction=False)
        for lane in LANES:
            due = self._keys.due(lane)
            pipeline.zrangebyscore(due, f"({now_at!r}", "+inf", start=0, num=PAGE, withscores=True)
        pages = pipeline.execute()
        return [(lead_id.decode(), at) for page in pages for lead_id, at in page]

    def _describe(self, found: Iterable[tuple[State, str, float]], now_at: float) -> list[Arrival]:
        found = list(found)
        pipeline = self._client.pipeline(transaction=False)
        for _, lead_id, _ in found:
            pipeline.hmget(self._keys.lead(lead_id), _RECORD)
            pipeline.lindex(self._keys.timeline(lead_id), -1)
        replies = pipeline.execute() if found else []
        return [
            _arrival(each, now_at, record, _entry(last))
            for each, record, last in zip(found, replies[::2], replies[1::2], strict=True)
            # A lead that waits without a last entry has just been enqueued: no retry.
            if each[0] is not State.WAITING or last is not None
        ]


def _arrival(
    found: tuple[State, str, float],
    now_at: float,
    record: list[bytes | None],
    last: Mapping[str, Any],
) -> Arrival:
    state, lead_id, at = found
    api_id, reason, cause, code, attempts, accepted = (
        (value or b"").decode("utf-8", "replace") for value in record
    )
    waits = state is State.WAITING
    return Arrival(
        at=now_at if waits else at,
        lead_id=lead_id,
        state=state,
        api_id=api_id,
        reason=reason,
        cause=_code(last.get("cause")) if waits else cause,
        code=code,
        fields=_refused_fields(last.get("errors")),
        attempts=int(attempts or 0),
        seconds=max(0.0, at - (now_at if waits else float(accepted or at))),
    )


def _entry(encoded: bytes | None) -> Mapping[str, Any]:
    """A timeline's entry; it may hold personal data, so only what is known to hold none is used."""
    try:
        entry = json.loads(encoded or b"{}")
    except (ValueError, RecursionError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _code(value: object) -> str:
    return value if isinstance(value, str) and re.fullmatch(r"[a-z0-9_]{1,40}", value) else ""


def _refused_fields(errors: object) -> tuple[str, ...]:
    """The names of refused fields, each once; an unknown one is only said to be that."""
    if not isinstance(errors, list):
        return ()
    paths = [error.get("path") for error in errors if isinstance(error, dict)]
    tops = [path.partition(".")[0] for path in paths if isinstance(path, str)]
    return tuple(dict.fromkeys(map(_shown_field, tops)))


def _shown_field(name: str) -> str:
    if not name:
        return "the lead as a whole"
    return name if name in API_FIELDS else "unknown field"
