"""The spool: a SQLite file on the app's own disk that keeps leads while Redis does not take them.

It owns what is in the file, and that a lead is on the disk before anybody is told so. Processes of
one user may share it. It must not talk to Redis, nor decide when a lead leaves.

One rule is SQLite's own: a connection must not be used on both sides of a fork, nor closed by the
child ("How To Corrupt An SQLite Database File", 2.6); so a child leaves its parent's alone.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from .errors import SpoolError
from .spool_disk import connect, inode_of, make, words_for
from .terms import Entry, Terms
from .wire import Deadline

STALE_SECONDS = 432_000.0
"""Five days. A lead that may be in Redis is delivered and forgotten there after seven, by default;
one that lies here for longer could be sent a second time, so a person has to look first."""

_FRESH = "namespace = ? AND NOT (tried AND spooled_at < ?)"
_left_behind: list[sqlite3.Connection] = []


class Row(NamedTuple):
    """One lead in the spool.

    Attributes:
        seq: its place in the order, which no other lead has or had.
        spooled_at: since when it is here, in epoch seconds.
        tried: Redis may have got it already.
    """

    seq: int
    entry: Entry
    terms: Terms
    spooled_at: float
    tried: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """What a spool has for one namespace.

    Attributes:
        leads, stored_bytes: how many, and how much JSON.
        oldest_at: since when the oldest is here, in epoch seconds.
        stale: how many of them a person has to look at (`STALE_SECONDS`).
    """

    namespace: str
    leads: int
    stored_bytes: int
    oldest_at: float
    stale: int


class SpoolFile:
    """One file, used by any number of threads; opened when it is needed."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).absolute()
        self._pid = os.getpid()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._lock = threading.Lock()

    def prepare(self, seconds: float = 5.0) -> None:
        """Make the file where there is none, and see that it is a spool.

        Raises:
            SpoolError: it cannot be made, or is none.
        """
        with self._opened(Deadline(seconds)):
            pass

    def put(
        self,
        namespace: str,
        entries: Sequence[Entry],
        terms: Terms,
        deadline: Deadline,
        *,
        tried: bool,
    ) -> dict[int, str]:
        """Write leads to the disk, all or none.

        Args:
            deadline: until when other processes are waited for. What the disk takes is on top.
            tried: Redis may have got them.

        Returns:
            Position and holder's id of each that is here already, by its key or content.

        Raises:
            SpoolError: it could not; nothing was written.
        """
        with self._opened(deadline) as connection:
            connection.execute("BEGIN IMMEDIATE")
            now_at = time.time()
            holders: dict[int, str] = {}
            for position, entry in enumerate(entries):
                holder = _holder(connection, namespace, entry, now_at - terms.dedupe_seconds)
                if holder:
                    holders[position] = holder
                else:
                    connection.execute(
                        "INSERT INTO spool VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        (namespace, *_cells(entry, terms), now_at, tried, entry.raw),
                    )
            connection.execute("COMMIT")
        return holders

    def is_empty(self, namespace: str) -> bool:
        """Whether there is nothing to be sent on.

        Raises:
            SpoolError: it cannot be read.
        """
        return not self.head(namespace, 1, 1)

    def head(self, namespace: str, most: int, most_bytes: int, *, stale: bool = False) -> list[Row]:
        """The leads that were spooled first, as many as one call takes and at least one.

        Raises:
            SpoolError: it cannot be read.
        """
        before = 0.0 if stale else time.time() - STALE_SECONDS
        with self._opened(Deadline(5.0)) as connection:
            rows: list[Row] = []
            size = 0
            for cells in connection.execute(
                f"SELECT * FROM spool WHERE {_FRESH} ORDER BY seq LIMIT ?",  # noqa: S608
                (namespace, before, most),
            ):
                rows.append(_row(cells))
                size += len(rows[-1].entry.raw)
                if size >= most_bytes:
                    break
            return rows

    def mark_tried(self, rows: Sequence[Row]) -> None:
        """Note, before they are sent, that Redis may have them. Raises as `remove`."""
        fresh = [(row.seq,) for row in rows if not row.tried]
        if fresh:
            self._write("UPDATE spool SET tried = 1 WHERE seq = ?", fresh)

    def remove(self, rows: Sequence[Row]) -> None:
        """Let go of leads that Redis has.

        Raises:
            SpoolError: it could not; they stay.
        """
        self._write("DELETE FROM spool WHERE seq = ?", [(row.seq,) for row in rows])

    def contents(self) -> list[Contents]:
        """What is in the file, for each namespace.

        Raises:
            SpoolError: it cannot be read.
        """
        with self._opened(Deadline(5.0)) as connection:
            found = connection.execute(
                "SELECT namespace, count(*), sum(length(raw)), min(spooled_at),"
                " sum(tried AND spooled_at < ?) FROM spool GROUP BY namespace ORDER BY namespace",
                (time.time() - STALE_SECONDS,),
            )
            return [Contents(*cells) for cells in found]

    def clean(self) -> None:
        """Leave nothing of the leads that are gone: neither in the log of changes nor open."""
        with suppress(SpoolError), self._opened(Deadline(1.0)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self.close()

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        with self._lock:
            self._drop()

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Be the one process that sends leads on, so that they keep their order; gives False where
        another is. The turn ends with the process, however it ends."""
        lock = os.open(f"{self.path}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # Unlike flock's, a lock of this kind is not a child's too, which may live on for long.
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            yield False
        else:
            yield True
        finally:
            os.close(lock)

    def _write(self, statement: str, rows: list[tuple[int]]) -> None:
        with self._opened(Deadline(5.0)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(statement, rows)
            connection.execute("COMMIT")

    @contextmanager
    def _opened(self, deadline: Deadline) -> Iterator[sqlite3.Connection]:
        """Lend the connection to one thread at a time; what fails within leaves no trace."""
        if self._pid != os.getpid():
            self._start_anew()
        lock = self._lock
        if not lock.acquire(timeout=deadline.left_seconds()):
            raise SpoolError(f"the spool {self.path} is busy")
        try:
            try:
                yield self._current(deadline)
            except BaseException:
                self._drop()  # rolls back what was begun
                raise
        except (sqlite3.Error, OSError) as error:
            raise SpoolError(f"the spool {self.path} cannot be used: {words_for(error)}") from None
        finally:
            lock.release()

    def _current(self, deadline: Deadline) -> sqlite3.Connection:
        """The connection, to the file that is there now: a new one where somebody removed it."""
        if self._connection and self._inode != inode_of(self.path):
            self._drop()
        if self._connection is None:
            make(self.path)
            self._connection = connect(self.path, deadline)
            self._inode = inode_of(self.path)
        wait_ms = max(1, int(deadline.left_seconds() * 1000))
        self._connection.execute(f"PRAGMA busy_timeout = {wait_ms}")
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            connection.close()

    def _start_anew(self) -> None:
        if self._connection:
            _left_behind.append(self._connection)
        self._connection = None
        self._lock = threading.Lock()
        self._pid = os.getpid()


def _holder(
    connection: sqlite3.Connection, namespace: str, entry: Entry, alike_since: float
) -> str | None:
    for column, digest, since in (
        ("key", entry.key, 0.0),
        ("content", entry.content, alike_since),
    ):
        if digest:
            found = connection.execute(
                f"SELECT lead_id FROM spool WHERE namespace = ? AND {column} = ?"  # noqa: S608
                f" AND {column} <> '' AND spooled_at > ? ORDER BY seq LIMIT 1",
                (namespace, digest, since),
            ).fetchone()
            if found:
                return str(found[0])
    return None


def _cells(entry: Entry, terms: Terms) -> tuple[Any, ...]:
    return (
        *(entry.lead_id, entry.key, entry.content),
        *(terms.lane, terms.source, terms.dedupe_seconds, terms.durable),
    )


def _row(cells: tuple[Any, ...]) -> Row:
    seq, _, lead_id, key, content, lane, source, dedupe, durable, spooled_at, tried, raw = cells
    entry = Entry(seq, lead_id, key, content, raw)
    return Row(seq, entry, Terms(lane, source, dedupe, bool(durable)), spooled_at, bool(tried))
