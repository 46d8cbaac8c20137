"""`LeadProducer`: what a backend app calls. It hands leads to Redis and waits for nothing else.

It owns what a call takes and gives; `script` owns how it is made, `spooling` what becomes of a lead
while Redis is away. It reads no environment and must never hold a lead back in memory: a call ends
with a receipt or an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, Protocol, TypeVar

from .bulk import KeyOf, Tally, chunks, entry_of, receipt_of
from .connection import Line
from .errors import BadLead, NotEnqueued
from .keys import Keys
from .receipt import Receipt, Summary
from .script import EnqueueScript, Handed
from .terms import Entry, Terms, checked

TIMEOUT_MAX_SECONDS = 3600.0

_Sent = TypeVar("_Sent")


class _Way(Protocol[_Sent]):
    """How leads are handed over: to Redis, or to Redis with a spool behind it."""

    def begin(self, entries: Sequence[Entry], terms: Terms) -> _Sent: ...

    def finish(self, sent: _Sent) -> Handed: ...

    def close(self) -> None: ...


class LeadProducer:
    """Enqueues leads; safe to share between threads and to create before a fork."""

    def __init__(self, way: _Way[Any]) -> None:
        self._way = way

    @classmethod
    def from_url(
        cls,
        url: str,
        namespace: str = "leads",
        *,
        timeout_seconds: float = 2.0,
        max_connections: int = 50,
        spool: str | PathLike[str] | None = None,
    ) -> LeadProducer:
        """Make a producer; it connects when it is first used.

        Args:
            url: `redis://`, `rediss://` or `unix://`.
            namespace: which queue; the worker's `LEADS_NAMESPACE`.
            timeout_seconds: the bound on one `enqueue`, connecting and waiting included.
            max_connections: the most calls under way at once; more wait, within the bound.
            spool: a file on a disk of this machine, made where it is not there, that takes the
                leads which Redis does not. Processes of one user may share it.

        Raises:
            ValueError: one of these is out of range, or the address is none.
            SpoolError: the file cannot be made, or is no spool.
        """
        if not 0 < timeout_seconds <= TIMEOUT_MAX_SECONDS:
            raise ValueError(
                f"timeout_seconds: expected more than 0 and at most {TIMEOUT_MAX_SECONDS:g},"
                f" found {timeout_seconds:g}"
            )
        line = Line(url, timeout_seconds=timeout_seconds, max_connections=max_connections)
        keys = Keys(namespace)
        if spool is None:
            return cls(EnqueueScript(line, keys, timeout_seconds))
        from .spooling import Spooling  # whoever has no spool loads no SQLite

        return cls(Spooling(line, keys, timeout_seconds, spool))

    def enqueue(
        self,
        raw: Mapping[str, Any],
        key: str | None = None,
        source: str | None = None,
        lane: str = "live",
        *,
        dedupe_seconds: float | None = None,
        durable: bool = False,
    ) -> Receipt:
        """Enqueue one lead, in one round trip.

        Args:
            raw: the lead as a dict: what JSON can say, and dates, Decimal, UUID and Enum; at most
                256 KiB of JSON, 64 levels deep.
            key: your own idempotency key (a form submission's id, say): a second lead under the
                same key is not enqueued, and its receipt names the first.
            source: where the lead came from, for operators; at most 100 characters. Not personal.
            lane: `live`, or `bulk` for what may wait behind it.
            dedupe_seconds: do not enqueue a lead that says the same as one that was enqueued within
                this time (a double click); 0.001 to 604,800. Its receipt names the first.
            durable: give a receipt only when Redis has the lead on its disk.

        Raises:
            BadLead: it cannot be stored; nothing was enqueued.
            QueueFull: Redis is short of memory; nothing was enqueued. Not with a spool.
            QueueUnavailable: Redis did not confirm within the bound. It may be enqueued all the
                same: try again with a `key` to be sure of one. With a spool only where that cannot
                be written either.
            NotDurable: `durable`, and Redis is not set up for it.
        """
        terms = checked(lane, source, dedupe_seconds, durable=durable)
        entry = entry_of(0, raw, key, terms)
        handed = self._way.finish(self._way.begin([entry], terms))
        return receipt_of(entry, 0, handed)

    def enqueue_many(
        self,
        iterable: Iterable[Mapping[str, Any]],
        lane: str = "bulk",
        *,
        source: str | None = None,
        key: KeyOf | None = None,
        dedupe_seconds: float | None = None,
        durable: bool = False,
        on_receipt: Callable[[int, Receipt], None] | None = None,
        on_refused: Callable[[int, BadLead], None] | None = None,
        on_progress: Callable[[Summary], None] | None = None,
    ) -> Summary:
        """Enqueue many leads, up to `CHUNK` to a round trip, in constant memory.

        Args:
            iterable: the leads; read as it is sent, while a connection is held.
            lane: `bulk`, or `live`.
            source, dedupe_seconds, durable: as for `enqueue`, for all of them.
            key: gives the idempotency key for an index and its lead; one that it raises an
                exception for is refused.
            on_receipt: called with index and receipt of each lead that is in the queue.
            on_refused: called with index and reason of each that cannot be stored; without it the
                summary keeps the first 1,000.
            on_progress: called with the counts so far after each round trip.

        Returns:
            The counts; a lead that cannot be stored is refused and stops no other.

        Raises:
            BadLead: `lane`, `source` or `dedupe_seconds` is wrong, or this is one lead and not
                many; nothing was enqueued.
            QueueFull, QueueUnavailable, NotDurable: as for `enqueue`; `summary` tells of the chunks
                before, which are enqueued. The bound is for each chunk.
        """
        terms = checked(lane, source, dedupe_seconds, durable=durable)
        if isinstance(iterable, Mapping | str | bytes):
            raise BadLead("", "expected many leads, found a single value: `enqueue` takes one")
        tally = Tally(Summary(), on_receipt, on_refused, on_progress)
        try:
            self._send_all(chunks(tally.entries(iterable, key, terms)), terms, tally)
        except NotEnqueued as error:
            error.summary = tally.summary
            raise
        return tally.summary

    def _send_all(self, cut: Iterable[list[Entry]], terms: Terms, tally: Tally) -> None:
        """While Redis works on one chunk the next is encoded, so there is never more than one under
        way; and whatever the iterable raises, that one is settled."""
        under_way: list[tuple[list[Entry], Any]] = []

        def settle() -> None:
            while under_way:
                chunk, sent = under_way.pop()
                tally.count(chunk, self._way.finish(sent))

        try:
            for chunk in cut:
                settle()
                under_way.append((chunk, self._way.begin(chunk, terms)))
        finally:
            settle()

    def close(self) -> None:
        """Close the idle connections; the producer stays usable."""
        self._way.close()
