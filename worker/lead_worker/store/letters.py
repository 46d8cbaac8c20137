"""The dead letters as an operator reads them: in groups, by a selection, and what edits did to one.

Memory stays bounded however many there are: all of it is read page by page. It changes nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lead_worker.core.lifecycle import State
from lead_worker.core.selection import Selection

from .reading import Listed, entry, pages, texts
from .store import Store

PAGE = 500

EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class Group:
    """The dead letters of one cause.

    Attributes:
        name: see `core/groups.py`.
        number: how many there are.
        since_at, until_at: when the first and the last of them died.
        newest_id: the last of them.
        mended: how many of them were edited since they died.
    """

    name: str
    number: int
    since_at: float
    until_at: float
    newest_id: str
    mended: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """One lead that was selected.

    Attributes:
        raw: the raw lead's bytes, where they were asked for. Personal data.
    """

    listed: Listed
    raw: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last lead of a page; the next one begins below it."""

    at: float
    lead_id: str


@dataclass(frozen=True, slots=True)
class Edits:
    """What was done to a raw lead by hand. Personal data.

    Attributes:
        original: the raw lead as it was enqueued; None where it was never edited.
        changes: who, when, why and each difference, oldest first.
    """

    original: bytes | None = field(default=None, repr=False)
    changes: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)


class Letters:
    """Reads one namespace. Methods raise `StoreError` where Redis does not answer."""

    def __init__(self, store: Store) -> None:
        self._client = store.client
        self._keys = store.keys

    def groups(self) -> list[Group]:
        """The groups that have dead letters, the largest first; at most about a thousand."""
        numbers = {
            name.decode("utf-8", "replace"): int(number)
            for name, number in self._client.hgetall(self._keys.groups).items()
        }
        pipeline = self._client.pipeline(transaction=False)
        for name in numbers:
            pipeline.zrange(self._keys.group(name), 0, 0, withscores=True)
            pipeline.zrange(self._keys.group(name), -1, -1, withscores=True)
            pipeline.zcard(self._keys.mended(name))
        ends = pipeline.execute()
        found = zip(numbers.items(), ends[::3], ends[1::3], ends[2::3], strict=True)
        groups = [
            Group(name, number, first[0][1], last[0][1], last[0][0].decode(), mended)
            for (name, number), first, last, mended in found
            if first and last
        ]
        return sorted(groups, key=lambda group: (-group.number, group.name))

    def walk(
        self,
        selection: Selection = EVERYTHING,
        *,
        state: State = State.DEAD,
        after: Cursor | None = None,
        with_raw: bool = False,
    ) -> Iterator[Letter]:
        """The leads of a state that a selection takes, the newest first, page by page.

        The queue moves meanwhile: who leaves the state while it is read may be left out.

        Args:
            state: dead, parked or discarded.
            after: begin below this one.
            with_raw: read the raw leads as well.
        """
        indexes = [self._keys.index(state)]
        if state is State.DEAD and selection.groups:
            indexes = [self._keys.group(name) for name in sorted(selection.groups)]
        walks = [self._ids(index, selection, after) for index in indexes]
        ids = heapq.merge(*walks, key=lambda found: found[::-1], reverse=True)
        page: list[tuple[str, float]] = []
        for found in ids:
            page.append(found)
            if len(page) == PAGE:
                yield from self._taken(page, selection, state, with_raw=with_raw)
                page = []
        yield from self._taken(page, selection, state, with_raw=with_raw)

    def _ids(
        self, index: str, selection: Selection, after: Cursor | None
    ) -> Iterator[tuple[str, float]]:
        upto = selection.until_at
        if after is not None:
            upto = after.at if upto is None else min(upto, after.at)
        for page in pages(self._client, index, upto, selection.since_at, PAGE):
            for lead_id, at in page:
                if after is None or (at, lead_id) < (after.at, after.lead_id):
                    yield lead_id, at

    def _taken(
        self, page: list[tuple[str, float]], selection: Selection, state: State, *, with_raw: bool
    ) -> Iterator[Letter]:
        """Of one page: the raw leads first, as they are read fast; then records of who is left."""
        raws: dict[str, bytes | None] = {}
        if page and (with_raw or selection.needs_raw):
            keys = [self._keys.raw(lead_id) for lead_id, _ in page]
            found = zip(page, self._client.mget(keys), strict=True)
            raws = {lead_id: raw for (lead_id, _), raw in found}
            page = [(i, at) for i, at in page if selection.takes_raw(raws[i] or b"")]
        pipeline = self._client.pipeline(transaction=False)
        for lead_id, _ in page:
            pipeline.hgetall(self._keys.lead(lead_id))
        for (lead_id, at), record in zip(page, pipeline.execute(), strict=True):
            fields = texts(record)
            if fields.get("state") == state and selection.takes_record(fields, at):
                yield Letter(Listed(lead_id, at, fields), raws.get(lead_id))

    def members(self, group: str) -> Iterator[list[str]]:
        """The ids in a group, page by page; any may come twice."""
        cursor = 0
        while True:
            cursor, found = self._client.zscan(self._keys.group(group), cursor, count=PAGE)
            yield [lead_id.decode() for lead_id, _ in found]
            if cursor == 0:
                return

    def strangers(self, group: str, lead_ids: Sequence[str]) -> list[str]:
        """Those of the ids in a group that are no dead letters of it."""
        pipeline = self._client.pipeline(transaction=False)
        for lead_id in lead_ids:
            pipeline.hmget(self._keys.lead(lead_id), "state", "group")
            pipeline.zscore(self._keys.group(group), lead_id)
        answers = pipeline.execute()
        ours = [State.DEAD.value.encode(), group.encode()]
        found = zip(lead_ids, answers[::2], answers[1::2], strict=True)
        return [i for i, record, score in found if score is not None and record != ours]

    def miscounted(self, group: str) -> bool:
        """Whether a group's count is not the number of its members."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hget(self._keys.groups, group)
        pipeline.zcard(self._keys.group(group))
        counted, there = pipeline.execute()
        return bool(int(counted or 0) != there)

    def edits(self, lead_id: str) -> Edits:
        """What was done to one raw lead by hand."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.get(self._keys.original(lead_id))
        pipeline.lrange(self._keys.edits(lead_id), 0, -1)
        original, changes = pipeline.execute()
        return Edits(original, tuple(map(entry, changes)))

    def expiring(self, upto_at: float) -> tuple[int, float | None]:
        """How many dead letters died no later than an instant, and when the first of them did."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.zcount(self._keys.index(State.DEAD), "-inf", upto_at)
        pipeline.zrange(self._keys.index(State.DEAD), 0, 0, withscores=True)
        number, first = pipeline.execute()
        return int(number), float(first[0][1]) if number and first else None
