"""Queries that change nothing: one lead, the leads in a state, the workers, the whole key space.

It owns what a person sees of the queue. Each listing is read page by page, so that memory stays
bounded however long a queue is. It decides nothing, and never decodes a raw lead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from lead_producers.keys import LANES, Keys
from redis.exceptions import ResponseError

from lead_worker.core.lifecycle import State

from .store import Store, is_short

PAGE = 100
"""The most leads of which one round trip reads the records."""

SILENT_SECONDS = 5.0
"""A worker beats each second; one that missed this many is not counted as working."""

_OTHERS = tuple(state for state in State if state is not State.WAITING)


@dataclass(frozen=True, slots=True)
class Listed:
    """One lead as a list shows it.

    Attributes:
        at: the time by which its state's index is sorted: when a waiting or unknown lead is due,
            when the lease of a leased one ends, since when it is in any other state.
        fields: the record, without anything personal; empty if it went while we looked.
    """

    lead_id: str
    at: float
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sight:
    """All that is stored of one lead, in one round trip.

    Attributes:
        at: as for `Listed`; None where no index has the lead, which `audit` reports.
        timeline: what happened to it, oldest first; at most 200. May hold personal data.
        raw: the raw lead's bytes, None once it is erased. Personal data.
    """

    lead_id: str
    state: State
    at: float | None
    fields: Mapping[str, str]
    timeline: tuple[Mapping[str, Any], ...] = field(repr=False)
    raw: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker process: the time of its last beat, and what it said of itself."""

    name: str
    beat_at: float
    about: Mapping[str, str]

    def is_silent(self, now_at: float) -> bool:
        """Whether it gave no sign for `SILENT_SECONDS`: it is dead, stuck or cut off."""
        return now_at - self.beat_at > SILENT_SECONDS


class Reading:
    """Reads one namespace. Methods raise `StoreError` where Redis does not answer."""

    def __init__(self, store: Store) -> None:
        self._store, self._client = store, store.client
        self._keys: Keys = store.keys

    def format(self) -> str | None:
        """The format of the namespace's records; None where nobody has used it yet."""
        found = self._client.hget(self._keys.meta, "format")
        return None if found is None else _text(found)

    def enqueueing_refused(self) -> bool:
        """Whether memory is short, so that new leads are refused.

        The flag alone does not say it: where memory is really full it cannot be written.
        """
        if self._client.exists(self._keys.full):
            return True
        with suppress(ResponseError):  # a managed Redis may forbid INFO
            return is_short(*self._store.memory())
        return False

    def sight(self, lead_id: str) -> Sight | None:
        """Read all that is stored of one lead; None if there is no such lead.

        Not in a transaction: Redis refuses those when memory is full, even to read.
        """
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hgetall(self._keys.lead(lead_id))
        pipeline.lrange(self._keys.timeline(lead_id), 0, -1)
        pipeline.get(self._keys.raw(lead_id))
        for index in self._indexes():
            pipeline.zscore(index, lead_id)
        record, timeline, raw, *scores = pipeline.execute()
        if not record:
            return None
        fields = texts(record)
        return Sight(
            lead_id=lead_id,
            state=State(fields["state"]),
            at=next((float(score) for score in scores if score is not None), None),
            fields=fields,
            timeline=tuple(map(entry, timeline)),
            raw=raw,
        )

    def newest(self, state: State) -> Iterator[Listed]:
        """List the leads in a state other than waiting, the newest first, a page at a time.

        The queue moves meanwhile: who leaves the state while it is listed may be left out.
        """
        for page in pages(self._client, self._keys.index(state)):
            pipeline = self._client.pipeline(transaction=False)
            for lead_id, _ in page:
                pipeline.hgetall(self._keys.lead(lead_id))
            for (lead_id, at), record in zip(page, pipeline.execute(), strict=True):
                yield Listed(lead_id, at, texts(record))

    def next_look_at(self) -> float | None:
        """When the next unknown lead is looked for, or a look that is under way must be over."""
        found = self._client.zrange(self._keys.index(State.UNKNOWN), 0, 0, withscores=True)
        return float(found[0][1]) if found else None

    def is_in_flight(self, lead_id: str) -> bool:
        """Whether a lead is being sent, or looked for, at this moment."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.zscore(self._keys.index(State.LEASED), lead_id)
        pipeline.zscore(self._keys.looking, lead_id)
        return any(score is not None for score in pipeline.execute())

    def recent(self, lead_ids: Sequence[str], most: int) -> list[tuple[Mapping[str, Any], ...]]:
        """The last entries of each lead's timeline, oldest first. May hold personal data."""
        found: list[tuple[Mapping[str, Any], ...]] = []
        for start in range(0, len(lead_ids), PAGE):
            pipeline = self._client.pipeline(transaction=False)
            for lead_id in lead_ids[start : start + PAGE]:
                pipeline.lrange(self._keys.timeline(lead_id), -most, -1)
            found += [tuple(map(entry, entries)) for entries in pipeline.execute()]
        return found

    def log(self, most: int) -> list[Mapping[str, Any]]:
        """The last things that people and the governor did, oldest first."""
        return [entry(encoded) for encoded in self._client.lrange(self._keys.log, -most, -1)]

    def workers(self, since_at: float) -> list[Worker]:
        """The workers whose last beat is no older, the latest first."""
        found = self._client.zrevrangebyscore(self._keys.workers, "+inf", since_at, withscores=True)
        pipeline = self._client.pipeline(transaction=False)
        for name, _ in found:
            pipeline.hgetall(self._keys.worker(_text(name)))
        abouts = pipeline.execute()
        return [
            Worker(_text(name), float(beat_at), texts(about))
            for (name, beat_at), about in zip(found, abouts, strict=True)
        ]

    def scan_keys(self) -> Iterator[list[str]]:
        """All keys of the namespace, their prefix taken off, a page at a time.

        A key that is there from beginning to end comes at least once; any may come twice.
        """
        cursor = 0
        while True:
            cursor, found = self._client.scan(cursor, match=f"{self._keys.prefix}*", count=PAGE * 5)
            yield [_text(key)[len(self._keys.prefix) :] for key in found]
            if cursor == 0:
                return

    def scan_indexed(self) -> Iterator[list[str]]:
        """The ids in all indexes, a page at a time; any may come twice."""
        for index in self._indexes():
            cursor = 0
            while True:
                cursor, found = self._client.zscan(index, cursor, count=PAGE)
                yield [_text(lead_id) for lead_id, _ in found]
                if cursor == 0:
                    break

    def without_record(self, lead_ids: Sequence[str]) -> list[str]:
        """Those of the ids under which there is no record."""
        keys = [self._keys.lead(lead_id) for lead_id in lead_ids]
        if not keys or self._client.exists(*keys) == len(keys):
            return []
        pipeline = self._client.pipeline(transaction=False)
        for key in keys:
            pipeline.exists(key)
        there = pipeline.execute()
        return [lead_id for lead_id, found in zip(lead_ids, there, strict=True) if not found]

    def remains_of(self, lead_id: str) -> str:
        """What is stored of a lead that has no record, in words; "" if there is nothing."""
        kinds = {
            "raw lead": self._keys.raw(lead_id),
            "timeline": self._keys.timeline(lead_id),
            "original": self._keys.original(lead_id),
            "edits": self._keys.edits(lead_id),
        }
        pipeline = self._client.pipeline(transaction=False)
        for key in kinds.values():
            pipeline.exists(key)
        pipeline.exists(self._keys.lead(lead_id))  # last, as a lead may be coming in
        *there, record = pipeline.execute()
        return "" if record else next((k for k, t in zip(kinds, there, strict=True) if t), "")

    def key_holders(self, digests: Sequence[str]) -> dict[str, str]:
        """For each digest of an idempotency key that is known, the id of the lead that has it."""
        if not digests:
            return {}
        holders = self._client.mget([self._keys.idempotency(digest) for digest in digests])
        pairs = zip(digests, holders, strict=True)
        return {digest: _text(holder) for digest, holder in pairs if holder is not None}

    def lasting_keys(self, digests: Sequence[str]) -> list[str]:
        """Those digests of idempotency keys that do not expire by themselves."""
        pipeline = self._client.pipeline(transaction=False)
        for digest in digests:
            pipeline.pttl(self._keys.idempotency(digest))
        pairs = zip(digests, pipeline.execute(), strict=True)
        return [digest for digest, left in pairs if left == -1]

    def key_digests(self, lead_ids: Sequence[str]) -> dict[str, str]:
        """For each of the leads that was enqueued under an idempotency key, the key's digest."""
        pipeline = self._client.pipeline(transaction=False)
        for lead_id in lead_ids:
            pipeline.hget(self._keys.lead(lead_id), "key")
        pairs = zip(lead_ids, pipeline.execute(), strict=True)
        return {lead_id: _text(digest) for lead_id, digest in pairs if digest is not None}

    def _indexes(self) -> list[str]:
        return [self._keys.due(lane) for lane in LANES] + [self._keys.index(s) for s in _OTHERS]


def pages(
    client: Any, index: str, upto: float | None = None, least: float | None = None, size: int = PAGE
) -> Iterator[list[tuple[str, float]]]:
    """Go down a sorted set by score and not by rank, because ranks shift as leads arrive.

    Args:
        upto, least: the scores between which it is read, both included; None for all.
        size: the most ids of one page.
    """
    bound = "-inf" if least is None else repr(least)
    top, seen = "+inf" if upto is None else repr(upto), set[str]()
    while True:
        # Those of the last score come once more and are left out by their ids: by their number, as
        # many others would be left out as have gone meanwhile.
        start, again = max(0, len(seen) - size), min(len(seen), size)
        found = client.zrevrangebyscore(
            index, top, bound, start=start, num=size + again, withscores=True
        )
        listed = [(_text(lead_id), float(score)) for lead_id, score in found]
        page = [each for each in listed if each[0] not in seen][:size]
        if not page:
            return
        yield page
        last = repr(page[-1][1])
        there = {lead_id for lead_id, score in page if repr(score) == last}
        top, seen = last, there | (seen if last == top else set())


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def texts(pairs: Mapping[bytes, bytes]) -> dict[str, str]:
    """A record's names and values, as text."""
    return {_text(name): _text(value) for name, value in pairs.items()}


def entry(encoded: bytes) -> Mapping[str, Any]:
    """An entry of a timeline, a log or the edits; in its place a word where it cannot be read."""
    try:
        found = json.loads(encoded)
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {"event": "unreadable"}
