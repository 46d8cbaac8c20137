"""What the store says of each lead at the end, read past the proxy, a batch at a time.

It owns the reading. It changes nothing, and keeps of a timeline only what can explain a duplicate
or tells of a lease that ran out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lead_producers.spool_file import SpoolFile
from lead_worker.core.lifecycle import State
from lead_worker.store import Store
from lead_worker.store.campaigns import Campaigns, CampaignState
from lead_worker.store.reading import Reading, entry

from .forms import serial_of

BATCH = 500
SPOOL_BYTES = 1 << 24
FINAL = frozenset((State.DELIVERED, State.DEAD, State.PARKED, State.DISCARDED, State.ERASED))
_TOKEN = re.compile(r"(.*-(\d+)-[0-9a-f]{8}):\d+")


@dataclass(frozen=True, slots=True)
class Doubt:
    """An entry of a timeline after which nobody knew whether the API had the lead.

    Attributes:
        at: epoch seconds.
        expired: the lease ran out; else a request had no readable answer.
        pid: of the worker whose lease it was; 0 where that is not known.
    """

    at: float
    expired: bool = False
    pid: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """One lead in the store.

    Attributes:
        state: where it is; "" where its record is not whole.
        api_id: that the store knows, or "".
        doubts: oldest first.
    """

    lead_id: str
    serial: str
    state: str
    api_id: str
    doubts: tuple[Doubt, ...] = ()

    @property
    def is_final(self) -> bool:
        return self.state in FINAL


def read_accounts(store: Store) -> dict[str, Account]:
    """All leads that an index or a record names."""
    reading = Reading(store)
    ids = {i for page in reading.scan_indexed() for i in page}
    for page in reading.scan_keys():
        ids |= {key.partition(":")[2] for key in page if key.startswith("lead:")}
    found: dict[str, Account] = {}
    for batch in _batches(sorted(ids)):
        found |= {account.lead_id: account for account in _accounts(store, batch)}
    return found


def holders(store: Store, digests: Sequence[str]) -> dict[str, str]:
    """For each digest of an idempotency key that is known, the id of the lead that has it."""
    found: dict[str, str] = {}
    for batch in _batches(digests):
        found |= Reading(store).key_holders(batch)
    return found


def read_spools(paths: Iterable[Path], namespace: str) -> frozenset[str]:
    """The ids of the leads that are in spools, and the digests of their idempotency keys."""
    found: set[str] = set()
    for path in paths:
        spool, after = SpoolFile(path), 0
        while rows := spool.head(namespace, BATCH, SPOOL_BYTES, after=after, stale=True):
            found |= {name for row in rows for name in (row.entry.lead_id, row.entry.key) if name}
            after = rows[-1].seq
        spool.close()
    return frozenset(found)


def is_at_rest(store: Store) -> bool:
    """Whether nothing more happens to any lead by itself."""
    counts = store.counts()
    if counts.waiting + counts.leased + counts.unknown:
        return False
    newest = Campaigns(store).newest(50)
    return not any(campaign.state is CampaignState.RUNNING for campaign in newest)


def _accounts(store: Store, ids: Sequence[str]) -> Iterator[Account]:
    pipeline = store.client.pipeline(transaction=False)
    for lead_id in ids:
        pipeline.hmget(store.keys.lead(lead_id), ("state", "api_id"))
        pipeline.get(store.keys.raw(lead_id))
        pipeline.lrange(store.keys.timeline(lead_id), 0, -1)
    replies = iter(pipeline.execute())
    for lead_id in ids:
        state, api_id = ((each or b"").decode() for each in next(replies))
        raw, rows = next(replies), next(replies)
        doubts = tuple(doubts_of(map(entry, rows)))
        yield Account(lead_id, serial_of(raw or b""), state, api_id, doubts)


def doubts_of(timeline: Iterator[Mapping[str, Any]]) -> Iterator[Doubt]:
    """The doubts in a timeline, one for each request.

    A worker whose lease ran out may tell of its request afterwards: that is the same one.
    """
    ran_out = ""
    for each in timeline:
        if each.get("event") == "lease_expired":
            owner = _TOKEN.fullmatch(str(each.get("token", "")))
            ran_out = owner[1] if owner else ""
            yield Doubt(float(each["at"]), True, int(owner[2]) if owner else 0)
        elif each.get("event") == "attempt":
            if each.get("outcome") == "unknown" and each.get("worker") != ran_out:
                yield Doubt(float(each["at"]))
            ran_out = ""


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
