"""From the spool into Redis: in order, and each lead once, whatever dies in between.

A lead leaves the spool only after Redis has confirmed it, and it is sent under the id that it was
given when it was spooled, for which `enqueue.lua` does nothing the second time. So two who flush at
once, or one who is killed amid it, do no harm.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from .bulk import CHUNK, CHUNK_BYTES
from .errors import NotEnqueued
from .script import EnqueueScript
from .spool_file import SpoolFile
from .spool_rows import Row
from .terms import Terms


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
        """Send on as much as one call takes; gives None where nothing is there. Raises as `all`."""
        rows = self._file.head(self._script.namespace, CHUNK, CHUNK_BYTES, stale=stale)
        if not rows:
            return None
        self._ask()
        fresh = self._file.mark_tried(rows)
        try:
            return sum((self._send(batch, terms) for terms, batch in _alike(rows)), Flushed())
        except NotEnqueued as error:
            if (
                not error.maybe_enqueued
            ):  # as where Redis is full: it has none of those that are left
                self._file.unmark_tried(fresh)
            raise

    def _ask(self) -> None:
        """Call without a lead first: what was not sent must not be marked as if it perhaps was."""
        self._script.finish(self._script.begin([], Terms("live")))

    def _send(self, rows: list[Row], terms: Terms) -> Flushed:
        entries = [row.entry for row in rows]
        handed = self._script.finish(self._script.begin(entries, terms))
        self._file.remove(rows)
        duplicates = len(handed.holders)
        return Flushed(len(rows) - duplicates, duplicates)


def _alike(rows: list[Row]) -> Iterator[tuple[Terms, list[Row]]]:
    """Divide rows by the terms of their call; each part keeps its order."""
    now_at = time.time()

    def terms_of(row: Row) -> Terms:
        # Twice the same within so many seconds of each other, not of when Redis came back.
        left = math.ceil(row.terms.dedupe_seconds - (now_at - row.spooled_at))
        return row.terms._replace(dedupe_seconds=float(max(0, left)))

    def order(row: Row) -> tuple[str, str, float, bool]:
        terms = terms_of(row)
        return terms.lane, terms.source, terms.dedupe_seconds, terms.durable

    for _, group in groupby(sorted(rows, key=order), key=order):
        batch = list(group)
        yield terms_of(batch[0]), batch
