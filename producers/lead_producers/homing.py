"""The thread that brings home what is in the spool, for as long as there is something.

It owns when Redis is tried again. It must not hold a lead: when it dies, the spool has them all.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress

from .breaker import CAP_SECONDS, Breaker
from .errors import NotEnqueued, ProducerError
from .flushing import Flush, Flushed
from .spool_file import SpoolFile

OTHERS_SECONDS = 1.0
"""Another process is at it; it may end before the spool is empty."""

logger = logging.getLogger("lead_producers")


class Homing:
    """At most one such thread in a process; it ends when the spool is empty."""

    def __init__(self, file: SpoolFile, flush: Flush, breaker: Breaker, namespace: str) -> None:
        self._file = file
        self._flush = flush
        self._breaker = breaker
        self._namespace = namespace
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._wanted = False
        self._stop = threading.Event()

    def wake(self) -> bool:
        """Leads may be in the spool: see that somebody sends them on; gives whether anybody can."""
        with self._lock:
            self._wanted = True
            self._stop.clear()
            if self._thread is not None:
                return True
            thread = threading.Thread(target=self._run, name="lead-producer-spool", daemon=True)
            self._thread = thread
            try:
                thread.start()
            except RuntimeError:  # no thread can be had, as when the interpreter ends
                self._thread = None
        return self._thread is not None

    def send_some(self) -> None:
        """Where no thread can be had: send on what one call takes."""
        with suppress(ProducerError, OSError), self._file.turn() as ours:
            if ours:
                self._flush.chunk()

    def end(self) -> None:
        """Let the thread end at its next step, and wait for it a little."""
        self._stop.set()
        thread = self._thread
        if thread and thread is not threading.current_thread():
            thread.join(CAP_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            now_at = time.monotonic()
            if not self._breaker.allows(now_at):
                self._stop.wait(self._breaker.wait_seconds(now_at))
                continue
            pause_seconds = self._turn()
            if pause_seconds is None:
                if self._is_over():
                    return
            else:
                self._stop.wait(pause_seconds)
        with self._lock:
            self._thread = None

    def _is_over(self) -> bool:
        with self._lock:
            if self._wanted:
                return False
            self._thread = None
            return True

    def _turn(self) -> float | None:
        """Send on what is there; gives None when it is empty, else when to try again."""
        with self._lock:
            self._wanted = False
        try:
            if self._breaker.is_open:
                # Whatever becomes of the spool: from now on new leads need not go into it.
                self._flush.ask()
                self._breaker.succeeded()
            if self._file.is_empty(self._namespace):
                return None
            with self._file.turn() as ours:
                return self._send_all() if ours else OTHERS_SECONDS
        except NotEnqueued as error:
            self._breaker.failed(time.monotonic())
            logger.debug("%s", error)
            return 0.0
        except (ProducerError, OSError) as error:
            return self._waits(error)

    def _waits(self, error: Exception) -> float:
        logger.warning("the spool %s waits: %s", self._file.path, error)
        return CAP_SECONDS

    def _send_all(self) -> float | None:
        done = Flushed()
        while not self._stop.is_set():
            chunk = self._flush.chunk()
            if chunk is None:
                self._is_done(done)
                return None
            done += chunk
        return 0.0

    def _is_done(self, done: Flushed) -> None:
        path = self._file.path
        stale = sum(c.stale for c in self._file.contents() if c.namespace == self._namespace)
        self._file.clean()
        if done != Flushed():
            text = "the spool %s: sent on %d, in the queue already %d"
            logger.info(text, path, done.sent, done.duplicates)
        if stale:
            logger.warning("the spool %s, to be looked at: %d; leads spool status", path, stale)
