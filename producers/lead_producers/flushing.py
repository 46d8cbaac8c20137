"""From the spool into Redis: in order, and each lead once, whatever dies in between.

A lead leaves the spool only after Redis has confirmed it, and it is sent under the id that it was
given when it was spooled, for which `enqueue.lua` does nothing the second time. So two who flush at
once, or one who is killed amid it, do no harm.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

from .bulk import CHUNK, CHUNK_BYTES
from .errors import NotDurable, NotEnqueued, SpoolError
from .script import EnqueueScript
from .spool_file import SpoolFile
from .spool_rows import Row
from .terms import Terms

logger = logging.getLogger("lead_producers")


@dataclass(frozen=True, slots=True)
class Flushed:
    """What came of some leads of the spool.

    Attributes:
        sent: how many are in the queue now.
        duplicates: how many had been there already, by their idempotency key or content.
    """

    sent: int = 0
    duplicates: int = 0

    def __add__(self, other: Flushed) -> Flushed:
        return Flushed(self.sent + other.sent, self.duplicates + other.duplicates)


class Flush:
    """Sends on what is in a spool for one namespace."""

    def __init__(self, file: SpoolFile, script: EnqueueScript) -> None:
        self._file = file
        self._script = script
        self._kept: list[Row] = []

    def all(self, on_progress: Callable[[Flushed], None], *, stale: bool = False) -> Flushed:
        """Send on all that is there, chunk by chunk.

        Args:
            on_progress: called with the counts so far after each chunk.
            stale: also what a person has to decide about (`spool_file.STALE_SECONDS`).

        Raises:
            NotEnqueued, FormatMismatch, SpoolError: what was not sent stays in the spool.
        """
        done = Flushed()
        while chunk := self.chunk(stale=stale):
            done += chunk
            on_progress(done)
        return done

    def chunk(self, *, stale: bool = False) -> Flushed | None:
        """Send on as much as one call takes; gives None where nothing is there. Raises as `all`.

        What cannot be taken out of the file, as where its disk is full, is sent on all the same: to
        come home is what counts. It is taken out when that can be done.
        """
        after = self._kept[-1].seq if self._kept else 0
        namespace = self._script.namespace
        rows = self._file.head(namespace, CHUNK, CHUNK_BYTES, after=after, stale=stale)
        if not rows:
            self._let_go()
            return None
        self.ask()
        fresh = self._mark(rows)
        try:
            return sum((self._send(batch, terms) for terms, batch in _alike(rows)), Flushed())
        except NotEnqueued as error:
            if not error.maybe_enqueued:  # as where it is full: it has none of those that are left
                self._file.unmark_tried(fresh)
            raise

    def ask(self) -> None:
        """Call without a lead: is Redis there, and may it be called? Raises as `EnqueueScript`.

        What was not sent must not be marked as if it perhaps was.
        """
        self._script.finish(self._script.begin([], Terms("live")))

    def _mark(self, rows: list[Row]) -> list[Row]:
        try:
            return self._file.mark_tried(rows)
        except SpoolError as error:
            logger.warning("%s; its leads are sent on all the same", error)
            return []

    def _send(self, rows: list[Row], terms: Terms) -> Flushed:
        entries = [row.entry for row in rows]
        try:
            handed = self._script.finish(self._script.begin(entries, terms))
        except NotDurable as error:
            # They were on a disk until now. To come home outweighs to wait for another Redis.
            logger.warning("%s; %d leads are sent on all the same", error, len(rows))
            handed = self._script.finish(self._script.begin(entries, terms._replace(durable=False)))
        self._kept += rows
        with suppress(SpoolError):
            self._let_go()
        duplicates = len(handed.holders)
        return Flushed(len(rows) - duplicates, duplicates)

    def _let_go(self) -> None:
        self._file.remove(self._kept)
        self._kept = []


def _alike(rows: list[Row]) -> Iterator[tuple[Terms, list[Row]]]:
    """Divide rows by the terms of their call, in their order."""
    now_at = time.time()

    def terms_of(row: Row) -> Terms:
        # Twice the same within so many seconds of each other, not of when Redis came back. The
        # clock may have been set back since.
        asked = row.terms.dedupe_seconds
        left = min(math.ceil(asked - (now_at - row.spooled_at)), asked)
        return row.terms._replace(dedupe_seconds=float(max(0, left)))

    for terms, group in groupby(rows, key=terms_of):
        yield terms, list(group)
