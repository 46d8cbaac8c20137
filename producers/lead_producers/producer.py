"""`LeadProducer`: what a backend app calls. It hands leads to Redis and waits for nothing else.

It owns the call of `enqueue.lua`, its bound in time and its retries. It reads no environment and
must never hold a lead back in memory: a call ends with a receipt or an error.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import count, islice
from typing import Any

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoScriptError,
    OutOfMemoryError,
    RedisError,
    ResponseError,
)

from .bell import BELL
from .connection import Deadline, Line, call
from .errors import BadLead, FormatMismatch, ProducerError, QueueFull, QueueUnavailable
from .keys import FORMAT, LANES, Keys
from .record import encode, key_digest, new_lead_id

CHUNK = 200
"""The most leads that one script call takes."""

TRIES = 3
"""How often a call that failed on the way is made, within its bound."""

PAUSE_SECONDS = 0.05
SOURCE_MAX = 100

_SCRIPT = files(__package__).joinpath("enqueue.lua").read_bytes()
_SHA = hashlib.sha1(_SCRIPT, usedforsecurity=False).hexdigest()


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


@dataclass(frozen=True, slots=True)
class _Entry:
    lead_id: str
    digest: str
    raw: bytes


class LeadProducer:
    """Enqueues leads; safe to share between threads and to create before a fork."""

    def __init__(self, line: Line, namespace: str = "leads", *, timeout_seconds: float = 2.0):
        self._line = line
        self._keys = Keys(namespace)
        self._timeout_seconds = timeout_seconds

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
        """
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
            raw: the lead as a dict; what JSON can say, and dates, Decimal, UUID and Enum.
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
        entry = _Entry(new_lead_id(), _digest(key), encode(raw))
        deadline = Deadline(self._timeout_seconds)
        holder = self._run(self._arguments([entry], lane, source), deadline)[1]
        return _receipt(entry, holder)

    def enqueue_many(
        self,
        iterable: Iterable[Mapping[str, Any]],
        lane: str = "bulk",
        *,
        source: str | None = None,
        key: Callable[[int, Mapping[str, Any]], str | None] | None = None,
        on_receipt: Callable[[int, Receipt], None] | None = None,
    ) -> Summary:
        """Enqueue many leads, `CHUNK` to a round trip, in constant memory.

        Args:
            iterable: the leads; read as it is sent.
            lane: `bulk`, or `live`.
            source: as for `enqueue`, for all of them.
            key: gives the idempotency key for an index and its lead.
            on_receipt: called with index and receipt of each lead that is in the queue.

        Returns:
            The counts; a lead that cannot be stored is in `refused` and stops no other.

        Raises:
            QueueFull, QueueUnavailable: as for `enqueue`; earlier chunks are enqueued.
        """
        summary = Summary()
        for chunk in _chunks(_entries(iterable, key, summary)):
            deadline = Deadline(self._timeout_seconds)
            arguments = self._arguments([entry for _, entry in chunk], lane, source)
            holders = self._run(arguments, deadline)[1:]
            for (index, entry), holder in zip(chunk, holders, strict=True):
                receipt = _receipt(entry, holder)
                summary.duplicates += receipt.duplicate
                summary.accepted += not receipt.duplicate
                if on_receipt:
                    on_receipt(index, receipt)
        return summary

    def close(self) -> None:
        """Close the idle connections; the producer stays usable."""
        self._line.close()

    def _arguments(self, entries: list[_Entry], lane: str, source: str | None) -> list[Any]:
        if lane not in LANES:
            raise BadLead("lane", f"expected one of {', '.join(LANES)}")
        arguments: list[Any] = [1, self._keys.prefix, FORMAT, lane, _checked_source(source)]
        arguments += [BELL, 0]
        for entry in entries:
            arguments += [entry.lead_id, entry.digest, entry.raw]
        return arguments

    def _run(self, arguments: list[Any], deadline: Deadline) -> list[bytes]:
        """Call the script; again, while there is time, where its answer was lost on the way.

        The ids were minted before, and the script does nothing for an id that it knows, so a
        repetition cannot enqueue a lead twice.
        """
        for tries in count(1):
            try:
                return self._understood(self._call(arguments, deadline))
            except (AuthenticationError, ResponseError) as error:
                raise self._refusal(error) from None
            except (RedisError, OSError) as error:
                # A server that loads its data will be back; one that is gone is not waited for.
                final = tries >= TRIES and not isinstance(error, BusyLoadingError)
                if final or deadline.left_seconds() <= PAUSE_SECONDS:
                    raise self._unavailable(error, deadline) from None
            if tries > 1:
                time.sleep(PAUSE_SECONDS)
        raise AssertionError("unreachable")

    def _call(self, arguments: list[Any], deadline: Deadline) -> list[bytes]:
        with self._line.connection(deadline) as connection:
            try:
                reply = call(connection, deadline, "EVALSHA", _SHA, *arguments)
            except NoScriptError:
                reply = call(connection, deadline, "EVAL", _SCRIPT, *arguments)
            return list(reply)

    def _understood(self, reply: list[bytes]) -> list[bytes]:
        if reply[0] == b"full":
            raise QueueFull(f"Redis at {self._line.where} is short of memory: free or add some")
        if reply[0] == b"format":
            raise FormatMismatch(
                f"namespace {self._keys.namespace!r} holds records of format {reply[1].decode()!r},"
                f" this release writes {FORMAT!r}: update the older side"
            )
        return reply

    def _refusal(self, error: Exception) -> ProducerError:
        """Name what Redis said no to. Its own words begin with a code; values never follow."""
        if isinstance(error, OutOfMemoryError):
            return QueueFull(f"Redis at {self._line.where} is out of memory: free or add some")
        if isinstance(error, AuthenticationError):
            return QueueUnavailable(f"Redis at {self._line.where} refused the user or password")
        return QueueUnavailable(f"Redis at {self._line.where} refused the call: {error}")

    def _unavailable(self, error: Exception, deadline: Deadline) -> QueueUnavailable:
        reason = "did not answer" if isinstance(error, TimeoutError) else "cannot be reached"
        return QueueUnavailable(
            f"Redis at {self._line.where} {reason} (bound {deadline.seconds:g} s,"
            f" {type(error).__name__}); the lead may not be enqueued"
        )


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


def _receipt(entry: _Entry, holder: bytes) -> Receipt:
    return Receipt(holder.decode(), duplicate=True) if holder else Receipt(entry.lead_id)


def _entries(
    iterable: Iterable[Mapping[str, Any]],
    key: Callable[[int, Mapping[str, Any]], str | None] | None,
    summary: Summary,
) -> Iterator[tuple[int, _Entry]]:
    for index, raw in enumerate(iterable):
        try:
            digest = _digest(key(index, raw)) if key else ""
            yield index, _Entry(new_lead_id(), digest, encode(raw))
        except BadLead as error:
            summary.refused.append((index, str(error)))


def _chunks(entries: Iterator[tuple[int, _Entry]]) -> Iterator[list[tuple[int, _Entry]]]:
    while chunk := list(islice(entries, CHUNK)):
        yield chunk
