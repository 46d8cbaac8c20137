"""What the records and timelines of some leads say, read a batch at a time.

It owns the reading of them for drills. It changes nothing, and reads no raw lead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lead_worker.store import Store

BATCH = 500
FIELDS = ("state", "attempts", "api_id", "reason", "cause")


@dataclass(frozen=True, slots=True)
class Record:
    """One lead's record; texts are "" where they are not set."""

    lead_id: str
    state: str
    attempts: int
    api_id: str
    reason: str
    cause: str


def read_records(store: Store, lead_ids: Sequence[str]) -> list[Record]:
    """The records of leads that are in the queue, in the order of their ids."""
    found: list[Record] = []
    for batch in _batches(lead_ids):
        pipeline = store.client.pipeline(transaction=False)
        for lead_id in batch:
            pipeline.hmget(store.keys.lead(lead_id), FIELDS)
        for lead_id, values in zip(batch, pipeline.execute(), strict=True):
            state, attempts, *rest = ("" if value is None else value.decode() for value in values)
            found.append(Record(lead_id, state, int(attempts or 0), *rest))
    return found


def read_entries(store: Store, lead_ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Each entry of the leads' timelines; `at` is epoch seconds of Redis's clock."""
    for batch in _batches(lead_ids):
        pipeline = store.client.pipeline(transaction=False)
        for lead_id in batch:
            pipeline.lrange(store.keys.timeline(lead_id), 0, -1)
        for rows in pipeline.execute():
            yield from map(json.loads, rows)


def attempts_spent(store: Store, lead_ids: Sequence[str]) -> int:
    """The attempts that were spent on some leads; a delivery spends one."""
    return sum(record.attempts for record in read_records(store, lead_ids))


def _batches(lead_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(lead_ids), BATCH):
        yield lead_ids[start : start + BATCH]
