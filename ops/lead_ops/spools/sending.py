"""One run that sends on what is in a spool for one namespace, and how far it came.

It owns the wait for the turn, and counts that are right wherever the run is stopped. How a lead
leaves the spool is `lead_producers.flushing`'s. It must not print.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from lead_producers.flushing import Flush, Flushed
from lead_producers.script import EnqueueScript
from lead_producers.spool_file import SpoolFile
from lead_producers.spool_rows import Contents
from lead_producers.terms import Terms

LOOK_SECONDS = 0.2
"""How often it is looked whether the process that has the turn has ended."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a run came.

    Attributes:
        sent: are in the queue by this run, or by one of the same leads that was stopped before.
        duplicates: had been in the queue already, by their idempotency key or content.
        by_another: left the spool before, by a process that had the turn.
        left: are in the spool still.
        stale: how many of those a person has to look at.
    """

    sent: int
    duplicates: int
    by_another: int
    left: int
    stale: int


class Sending:
    """Sends on the leads of the script's namespace."""

    def __init__(self, file: SpoolFile, script: EnqueueScript, *, stale: bool = False) -> None:
        """Prepare a run.

        Args:
            stale: also those that a person has to look at.

        Raises:
            SpoolError: the spool cannot be read.
        """
        self._file = file
        self._script = script
        self._flush = Flush(file, script)
        self._stale = stale
        self._done = Flushed()
        self._before: int | None = None
        self.begun_with = found_for(file, script.namespace)

    @property
    def wanted(self) -> int:
        """How many leads it is to send on, as it was when it was made."""
        found = self.begun_with
        return found.leads if self._stale else found.leads - found.stale

    def ask(self) -> None:
        """See that Redis answers and wants leads of this format, without one.

        Raises:
            NotEnqueued, FormatMismatch: it does not.
        """
        self._script.finish(self._script.begin([], Terms("live")))

    def run(self, on_wait: Callable[[], None], on_progress: Callable[[int], None]) -> None:
        """Send on until nothing is left; two at once would lose the order, so wait for the turn.

        Args:
            on_wait: called once, where another process is sending the spool on.
            on_progress: called with the number of leads that are done, of `wanted`.

        Raises:
            NotEnqueued, FormatMismatch, SpoolError: what was not sent stays in the spool.
        """

        told = False
        while not self._run_once(on_progress):
            if not self._file.head(self._script.namespace, 1, 1, stale=self._stale):
                break
            if not told:
                on_wait()
                told = True
            on_progress(self._gone())
            time.sleep(LOOK_SECONDS)
        self._file.clean()

    def _run_once(self, on_progress: Callable[[int], None]) -> bool:
        """Send on, if no other process does; gives whether it did."""
        with self._file.turn() as ours:
            if ours:
                before = self._before = self._gone()

                def progress(done: Flushed) -> None:
                    self._done = done
                    on_progress(before + done.sent + done.duplicates)

                self._flush.all(progress, stale=self._stale)
            return ours

    def reached(self) -> Reached:
        """How far it came, also where it was stopped amid a call.

        Raises:
            SpoolError: the spool cannot be read.
        """
        left, done = self._left(), self._done
        # Of a call that was stopped, some may have left the spool before anybody counted them.
        uncounted = max(0, self.begun_with.leads - left.leads - done.sent - done.duplicates)
        by_another = uncounted if self._before is None else min(uncounted, self._before)
        sent = done.sent + uncounted - by_another
        return Reached(sent, done.duplicates, by_another, left.leads, left.stale)

    def _gone(self) -> int:
        return max(0, self.begun_with.leads - self._left().leads)

    def _left(self) -> Contents:
        return found_for(self._file, self._script.namespace)


def found_for(file: SpoolFile, namespace: str) -> Contents:
    """What a spool has for one namespace; of nothing, too.

    Raises:
        SpoolError: it cannot be read.
    """
    for each in file.contents():
        if each.namespace == namespace:
            return each
    return Contents(namespace, 0, 0, time.time(), 0)
