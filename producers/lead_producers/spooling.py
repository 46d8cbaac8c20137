"""Leads go to Redis, or into the spool where Redis does not take them, within one bound.

It owns the order of things: who may ask Redis while it is away (`breaker`), when the spool is
written, and the thread that brings its leads home. A lead's place is never a process's memory: it
is in Redis, or on the disk, before a receipt is given.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from os import PathLike
from typing import NamedTuple

from .breaker import Breaker
from .connection import Line
from .errors import FormatMismatch, NotDurable, NotEnqueued, ProducerError, QueueUnavailable
from .flushing import Flush
from .homing import Homing
from .keys import Keys
from .script import EnqueueScript, Handed, Sent
from .spool_file import SpoolFile
from .spool_rows import Parcel
from .terms import Entry, Terms
from .wire import Deadline

LOOK_SECONDS = 5.0
"""How often a process looks whether another one has left leads in the spool."""

LATE_SECONDS = 2.0
"""The thread is to try whether Redis is back, and no request. One does if it is so much later than
it would be after a try that hung for its whole bound."""

RESERVE_MAX_SECONDS = 0.5
_RESERVE = 0.25

logger = logging.getLogger("lead_producers")


class _UnderWay(NamedTuple):
    """A call that has begun, or was not made because Redis is away (`sent` is None)."""

    entries: Sequence[Entry]
    terms: Terms
    sent: Sent | None


class _Process:
    """What one process has: a child of a fork begins with its own."""

    def __init__(self, file: SpoolFile, flush: Flush, namespace: str) -> None:
        self.pid = os.getpid()
        self.breaker = Breaker()
        self.homing = Homing(file, flush, self.breaker, namespace)
        self.look_at = 0.0


class Spooling:
    """Hands leads over as `EnqueueScript` does, with a spool behind it."""

    def __init__(
        self, line: Line, keys: Keys, timeout_seconds: float, path: str | PathLike[str]
    ) -> None:
        """Make the file where there is none, and begin to send on what is in it.

        Raises:
            SpoolError: it cannot be used.
        """
        self._timeout_seconds = timeout_seconds
        self._reserve_seconds = min(RESERVE_MAX_SECONDS, timeout_seconds * _RESERVE)
        self._script = EnqueueScript(line, keys, timeout_seconds - self._reserve_seconds)
        self._file = SpoolFile(path)
        self._flush = Flush(self._file, self._script)
        self._namespace = keys.namespace
        self._file.prepare()
        self._own = self._begin()
        if not self._file.is_empty(self._namespace):
            self._look(self._own)
        self._file.close()

    def begin(self, entries: Sequence[Entry], terms: Terms) -> _UnderWay:
        """Send the call, unless Redis is known to be away.

        Raises:
            NotDurable: as its docstring says.
        """
        late_seconds = LATE_SECONDS + self._timeout_seconds
        if not self._process().breaker.allows(time.monotonic(), late_seconds=late_seconds):
            return _UnderWay(entries, terms, None)
        return _UnderWay(entries, terms, self._script.begin(entries, terms))

    def finish(self, under_way: _UnderWay) -> Handed:
        """Wait for the answer, or write the leads into the spool.

        Raises:
            QueueUnavailable: they could not be written either.
            NotDurable, FormatMismatch: as their docstrings say.
        """
        own = self._process()
        if under_way.sent is None:
            return self._spool(own, under_way, None)
        try:
            handed = self._script.finish(under_way.sent)
        except (NotDurable, FormatMismatch):
            raise
        except NotEnqueued as error:
            if own.breaker.failed(time.monotonic()):
                logger.warning("%s; leads go to the spool %s", error, self._file.path)
            return self._spool(own, under_way, error)
        own.breaker.succeeded()
        self._look(own)
        return handed

    def close(self) -> None:
        """Close connections and file. Leads in the spool stay there."""
        self._process().homing.end()
        self._script.close()
        self._file.close()

    def _spool(self, own: _Process, under_way: _UnderWay, why: NotEnqueued | None) -> Handed:
        tried = why is not None and why.maybe_enqueued
        deadline = Deadline(self._timeout_seconds if why is None else self._reserve_seconds)
        entries, terms = under_way.entries, under_way.terms
        try:
            parcel = Parcel(self._namespace, entries, terms, tried)
            holders = self._file.put(parcel, deadline)
        except ProducerError as error:
            own.homing.wake()  # which finds out when Redis is back
            fate = "perhaps enqueued all the same" if tried else "not enqueued"
            text = f"Redis at {self._script.where} did not take it, and {error} ({fate})"
            raise QueueUnavailable(text, maybe_enqueued=tried) from None
        own.homing.wake()
        return Handed(holders, spooled=True)

    def _look(self, own: _Process) -> None:
        """Now and then, have a thread see whether somebody has left leads in the spool: the disk
        may hang, and the lead of this request is in Redis."""
        now_at = time.monotonic()
        if now_at < own.look_at:
            return
        own.look_at = now_at + LOOK_SECONDS
        if not own.homing.wake():
            own.homing.send_some()

    def _process(self) -> _Process:
        if self._own.pid != os.getpid():
            self._own = self._begin()
        return self._own

    def _begin(self) -> _Process:
        return _Process(self._file, self._flush, self._namespace)
