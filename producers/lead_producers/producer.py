"""`LeadProducer`: what a backend app calls. It hands leads to Redis and waits for nothing else.

It owns what a call takes and gives; `script` owns how it is made. It reads no environment and must
never hold a lead back in memory: a call ends with a receipt or an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .connection import Line
from .errors import BadLead
from .keys import LANES, Keys
from .record import encode, key_digest, new_lead_id
from .script import EnqueueScript, Entry, Sent

CHUNK = 200
"""The most leads that one script call takes."""

CHUNK_BYTES = 1_048_576
"""A script call takes no further lead once it has this much of them: Redis stands still for it."""

TIMEOUT_MAX_SECONDS = 3600.0
SOURCE_MAX = 100


@dataclass(frozen=True, slots=True)
class Receipt:
    """The lead is in the queue.

    Attributes:
        lead_id: 32 hex digits; what identifies the lead from now on.
        duplicate: its idempotency key was known; `lead_id` is that of the first lead.
        spooled: it waits in a spool on this machine instead of in Redis.
    """

    lead_id: str
    duplicate: bool = False
    spooled: bool = False


@dataclass(slots=True)
class Summary:
    """What became of a bulk of leads.

    Attributes:
        accepted: how many are in the queue by this call.
        duplicates: how many were there already, by their idempotency key.
        refused: index and reason of each that cannot be stored.
    """

    accepted: int = 0
    duplicates: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


class LeadProducer:
    """Enqueues leads; safe to share between threads and to create before a fork."""

    def __init__(self, line: Line, namespace: str = "leads", *, timeout_seconds: float = 2.0):
        self._line = line
        self._script = EnqueueScript(line, Keys(namespace), timeout_seconds)

    @classmethod
    def from_url(
        cls,
        url: str,
        namespace: str = "leads",
        *,
        timeout_seconds: float = 2.0,
        max_connections: int = 50,
    ) -> LeadProducer:
        """Make a producer; it connects when it is first used.

        Args:
            url: `redis://`, `rediss://` or `unix://`.
            namespace: which queue; the worker's `LEADS_NAMESPACE`.
            timeout_seconds: the bound on one `enqueue`, connecting and waiting included.
            max_connections: the most calls under way at once; more wait, within the bound.

        Raises:
            ValueError: one of these is out of range, or the address is none.
        """
        if not 0 < timeout_seconds <= TIMEOUT_MAX_SECONDS:
            raise ValueError(
                f"timeout_seconds: expected more than 0 and at most {TIMEOUT_MAX_SECONDS:g},"
                f" found {timeout_seconds:g}"
            )
        line = Line(url, timeout_seconds=timeout_seconds, max_connections=max_connections)
        return cls(line, namespace, timeout_seconds=timeout_seconds)

    def enqueue(
        self,
        raw: Mapping[str, Any],
        key: str | None = None,
        source: str | None = None,
        lane: str = "live",
    ) -> Receipt:
        """Enqueue one lead, in one round trip.

        Args:
            raw: the lead as a dict: what JSON can say, and dates, Decimal, UUID and Enum; at most
                256 KiB of JSON, 64 levels deep.
            key: your own idempotency key (a form submission's id, say): a second lead under the
                same key is not enqueued, and its receipt names the first.
            source: where the lead came from, for operators; at most 100 characters. Not personal.
            lane: `live`, or `bulk` for what may wait behind it.

        Raises:
            BadLead: it cannot be stored; nothing was enqueued.
            QueueFull: Redis is short of memory; nothing was enqueued.
            QueueUnavailable: Redis did not confirm within the bound. It may be enqueued all the
                same: try again with a `key` to be sure of one.
        """
        entry = Entry(0, new_lead_id(), _digest(key), encode(raw))
        sent = self._script.begin([entry], _checked_lane(lane), _checked_source(source))
        return _receipt(entry, self._script.finish(sent).get(0))

    def enqueue_many(
        self,
        iterable: Iterable[Mapping[str, Any]],
        lane: str = "bulk",
        *,
        source: str | None = None,
        key: Callable[[int, Mapping[str, Any]], str | None] | None = None,
        on_receipt: Callable[[int, Receipt], None] | None = None,
    ) -> Summary:
        """Enqueue many leads, up to `CHUNK` to a round trip, in constant memory.

        Args:
            iterable: the leads; read as it is sent, while a connection is held.
            lane: `bulk`, or `live`.
            source: as for `enqueue`, for all of them.
            key: gives the idempotency key for an index and its lead.
            on_receipt: called with index and receipt of each lead that is in the queue.

        Returns:
            The counts; a lead that cannot be stored is in `refused` and stops no other.

        Raises:
            BadLead: `lane` or `source` is wrong; nothing was enqueued.
            QueueFull, QueueUnavailable: as for `enqueue`; earlier chunks are enqueued. The bound
                is for each chunk.
        """
        words = _checked_lane(lane), _checked_source(source)
        summary = Summary()
        under_way: list[tuple[list[Entry], Sent]] = []

        def settle() -> None:
            while under_way:
                chunk, sent = under_way.pop()
                _count(summary, chunk, self._script.finish(sent), on_receipt)

        # While Redis works on one chunk the next is encoded, so there is never more than one
        # under way; and whatever the iterable raises, that one is settled.
        try:
            for chunk in _chunks(_entries(iterable, key, summary)):
                settle()
                under_way.append((chunk, self._script.begin(chunk, *words)))
        finally:
            settle()
        return summary

    def close(self) -> None:
        """Close the idle connections; the producer stays usable."""
        self._line.close()


def _digest(key: str | None) -> str:
    if key is None:
        return ""
    if not isinstance(key, str) or not key:
        raise BadLead("key", "expected a text that is not empty, or None")
    return key_digest(key)


def _checked_source(source: str | None) -> str:
    if source is None:
        return ""
    if not isinstance(source, str) or not source.isprintable() or len(source) > SOURCE_MAX:
        raise BadLead("source", f"expected up to {SOURCE_MAX} printable characters, or None")
    return source


def _checked_lane(lane: str) -> str:
    if lane not in LANES:
        raise BadLead("lane", f"expected one of {', '.join(LANES)}")
    return lane


def _entries(
    iterable: Iterable[Mapping[str, Any]],
    key: Callable[[int, Mapping[str, Any]], str | None] | None,
    summary: Summary,
) -> Iterator[Entry]:
    for index, raw in enumerate(iterable):
        try:
            encoded = encode(raw)
            digest = _digest(key(index, raw)) if key else ""
        except BadLead as error:
            summary.refused.append((index, str(error)))
        else:
            yield Entry(index, new_lead_id(), digest, encoded)


def _chunks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    chunk: list[Entry] = []
    size = 0
    for entry in entries:
        chunk.append(entry)
        size += len(entry.raw)
        if len(chunk) == CHUNK or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _count(
    summary: Summary,
    chunk: list[Entry],
    holders: dict[int, str],
    on_receipt: Callable[[int, Receipt], None] | None,
) -> None:
    summary.duplicates += len(holders)
    summary.accepted += len(chunk) - len(holders)
    if on_receipt:
        for position, entry in enumerate(chunk):
            on_receipt(entry.place, _receipt(entry, holders.get(position)))


def _receipt(entry: Entry, holder: str | None) -> Receipt:
    return Receipt(holder, duplicate=True) if holder else Receipt(entry.lead_id)
