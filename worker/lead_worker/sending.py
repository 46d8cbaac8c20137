"""All attempts of one process that are under way, each begun when its lead comes.

One thread keeps those that wait for an answer on an open connection, however many they are: a
thread for each would take the interpreter from the others at every step. What has to be waited for
in another way (a connection that is opened, an answer of an unforeseeable length, a look) is done
by threads of its own, one for each lead at the most. It must give back each lead exactly once.
"""

from __future__ import annotations

import logging
import queue
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress

from .api import Progress
from .reporting import Reporter
from .sender import Job, Result, Sender, UnderWay, after_a_bug

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 0.05
"""After an error of the selector's, so that one that lasts does not take a core."""

AT_ONCE = 8
"""Leads that are begun before it is asked again which answers have come."""


class Sending:
    """Sends for one process. `start` it once, `stop` it once.

    Args:
        most: leads that are under way at once.
        done: is told each result, some at once, from any thread.
    """

    def __init__(
        self, sender: Sender, reporter: Reporter, most: int, done: Callable[[list[Result]], None]
    ) -> None:
        self._sender = sender
        self._reporter = reporter
        self._done = done
        self._jobs: deque[Job] = deque()
        self._under_way: dict[int, UnderWay] = {}  # by file descriptor, the earliest first
        self._results: list[Result] = []
        self._to_be_waited_for: queue.SimpleQueue[Job | UnderWay | None] = queue.SimpleQueue()
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._send_forever, name="sender", daemon=True),
            *(
                threading.Thread(target=self._wait_forever, name=f"sender-{n}", daemon=True)
                for n in range(most)
            ),
        ]

    def start(self) -> None:
        """Begin."""
        self._selector = selectors.DefaultSelector()
        self._bell, self._rung = socket.socketpair()
        self._bell.setblocking(False)
        self._rung.setblocking(False)
        self._selector.register(self._rung, selectors.EVENT_READ)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, when nothing is under way; what is goes on until the process ends."""
        self._stopped = True
        self._ring()

    def send(self, jobs: Iterable[Job]) -> None:
        """Begin an attempt at each of these leads as soon as may be; from any thread."""
        self._jobs.extend(jobs)
        self._ring()

    def _ring(self) -> None:
        with suppress(OSError):  # rung so often that one more is of no use; or ended
            self._bell.send(b"\0")

    def _send_forever(self) -> None:
        with self._bell, self._rung:
            while self._jobs or self._under_way or not self._stopped:
                try:
                    self._take_turn()
                except Exception as error:  # noqa: BLE001 - without this thread nothing is sent
                    self._begin_anew(error)
        self._selector.close()
        for _ in self._threads[1:]:
            self._to_be_waited_for.put(None)

    def _take_turn(self) -> None:
        try:
            for key, _ in self._selector.select(0.0 if self._jobs else self._seconds_left()):
                self._hear(key.fd)
            while self._seconds_left() == 0.0:
                self._finish_here(next(iter(self._under_way)))
            self._tell()
            for _ in range(min(len(self._jobs), AT_ONCE)):
                self._begin(self._jobs.popleft())
        finally:
            self._tell()

    def _tell(self) -> None:
        if self._results:
            results, self._results = self._results, []
            self._done(results)

    def _begin_anew(self, error: Exception) -> None:
        """After an error of the selector's: threads wait for what is under way."""
        time.sleep(PAUSE_SECONDS)
        self._report(error)
        for each in self._under_way.values():
            self._to_be_waited_for.put(each)
        self._under_way.clear()
        with suppress(OSError):
            selector = selectors.DefaultSelector()
            selector.register(self._rung, selectors.EVENT_READ)
            self._selector.close()
            self._selector = selector

    def _seconds_left(self) -> float | None:
        """To the first deadline. All calls have equally long, so that it is the earliest one's."""
        earliest = next(iter(self._under_way.values()), None)
        return max(0.0, earliest.exchange.deadline_at - time.monotonic()) if earliest else None

    def _hear(self, fd: int) -> None:
        if fd == self._rung.fileno():
            self._rung.recv(4096)
            return
        progress = self._under_way[fd].exchange.receive()
        if progress is Progress.WHOLE:
            self._finish_here(fd)
        elif progress is Progress.UNFORESEEABLE:
            self._selector.unregister(fd)
            self._to_be_waited_for.put(self._under_way.pop(fd))

    def _finish_here(self, fd: int) -> None:
        self._selector.unregister(fd)
        self._results.append(self._finish(self._under_way.pop(fd)))

    def _begin(self, job: Job) -> None:
        begun: Result | UnderWay | None
        try:
            begun = self._sender.begin(job)
        except Exception as error:  # noqa: BLE001 - a bug must not take the lead with it
            begun = self._after_a_bug(job, error)
        if isinstance(begun, Result):
            self._results.append(begun)
        elif begun is None or not begun.exchange.is_sent:
            self._to_be_waited_for.put(begun or job)
        else:
            fd = begun.exchange.fileno()
            self._under_way[fd] = begun  # first: where it cannot be registered, a thread waits
            self._selector.register(fd, selectors.EVENT_READ)

    def _wait_forever(self) -> None:
        while work := self._to_be_waited_for.get():
            self._done([self._finish(work)])

    def _finish(self, work: Job | UnderWay) -> Result:
        try:
            if isinstance(work, Job):
                return self._sender.attempt(work)
            return self._sender.finish(work)
        except Exception as error:  # noqa: BLE001 - as above
            if isinstance(work, Job):
                return self._after_a_bug(work, error)
            work.exchange.close()  # nobody knows how far its answer was read
            return self._after_a_bug(work.job, error)

    def _after_a_bug(self, job: Job, error: Exception) -> Result:
        self._report(error, job.lead.lead_id)
        return after_a_bug(job)

    def _report(self, error: Exception, lead_id: str = "") -> None:
        try:
            self._reporter.bug(error, lead_id)
        except Exception:  # noqa: BLE001 - its text may hold a lead's data
            logger.error("an internal error could not be reported")
