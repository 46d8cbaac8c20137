"""The spool: a SQLite file on the app's own disk that keeps leads while Redis does not take them.

It owns what is in the file, and that a lead is on the disk before anybody is told so. Processes of
one user may share it. It must not talk to Redis, nor decide when a lead leaves.

It is closed while the process forks (`spool_fork`), and opened again by whoever needs it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import SpoolError
from .spool_disk import begin, connect, inode_of, make, words_for
from .spool_fork import FORK_SECONDS, leave_behind, watch
from .spool_rows import Contents, Parcel, Row, insert, row_of
from .spool_writes import Writes
from .wire import Deadline

STALE_SECONDS = 432_000.0
"""Five days. A lead that may be in Redis is delivered and forgotten there after seven, by default;
one that lies here for longer could be sent a second time, so a person has to look first."""
_FRESH = "namespace = ? AND NOT (tried AND spooled_at < ?)"
_turns: dict[tuple[int, str], threading.Lock] = {}

logger = logging.getLogger("lead_producers")


class SpoolFile:
    """One file, used by any number of threads; opened when it is needed."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.fsdecode(path)).absolute()
        self._pid = os.getpid()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._lock = threading.Lock()
        self._forked_by = 0
        self._writes = Writes(self._put_all)
        watch(self)

    def prepare(self, seconds: float = 5.0) -> None:
        """Make the file where there is none, and see that it is a spool.

        Raises:
            SpoolError: it cannot be made, or is none.
        """
        with self._opened(Deadline(seconds)):
            pass
        try:
            with self.turn():
                pass
        except OSError as error:
            raise SpoolError(
                f"the spool {self.path}: {self.path}-turn cannot be used: {words_for(error)}"
            ) from None

    def put(self, parcel: Parcel, deadline: Deadline) -> dict[int, str]:
        """Write leads to the disk, all or none; together with what other threads bring meanwhile.

        Args:
            deadline: until when others are waited for. What the disk takes is on top.

        Returns:
            Position and holder's id of each that is here already, by its key or content.

        Raises:
            SpoolError: it could not; nothing was written.
        """
        if self._pid != os.getpid():
            self._start_anew()
        return self._writes.put(parcel, deadline)

    def _put_all(self, parcels: list[Parcel], deadline: Deadline) -> list[dict[int, str]]:
        with self._opened(deadline) as connection:
            begin(connection, deadline)
            found = [insert(connection, parcel, time.time()) for parcel in parcels]
            connection.execute("COMMIT")
        return found

    def is_empty(self, namespace: str) -> bool:
        """Whether there is nothing to be sent on.

        Raises:
            SpoolError: it cannot be read.
        """
        return not self.head(namespace, 1, 1)

    def head(
        self, namespace: str, most: int, most_bytes: int, *, after: int = 0, stale: bool = False
    ) -> list[Row]:
        """The leads that were spooled first, as many as one call takes and at least one.

        Args:
            after: only those behind this one's `seq`.
            stale: also those that a person has to decide about.

        Raises:
            SpoolError: it cannot be read.
        """
        before = 0.0 if stale else time.time() - STALE_SECONDS
        with self._opened(Deadline(5.0)) as connection:
            rows: list[Row] = []
            size = 0
            for cells in connection.execute(
                f"SELECT * FROM spool WHERE {_FRESH} AND seq > ? ORDER BY seq LIMIT ?",  # noqa: S608
                (namespace, before, after, most),
            ):
                rows.append(row_of(cells))
                size += len(rows[-1].entry.raw)
                if size >= most_bytes:
                    break
            return rows

    def mark_tried(self, rows: Sequence[Row]) -> list[Row]:
        """Note, before they are sent, that Redis may have them; gives those of which that is news.
        Raises as `remove`."""
        fresh = [row for row in rows if not row.tried]
        self._write("UPDATE spool SET tried = 1 WHERE seq = ?", fresh)
        return fresh

    def unmark_tried(self, rows: Sequence[Row]) -> None:
        """Note that Redis certainly has none of them. Raises as `remove`."""
        self._write("UPDATE spool SET tried = 0 WHERE seq = ?", rows)

    def remove(self, rows: Sequence[Row]) -> None:
        """Let go of leads that Redis has.

        Raises:
            SpoolError: it could not; they stay.
        """
        self._write("DELETE FROM spool WHERE seq = ?", rows)

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

    def before_fork(self) -> None:
        """Close the file, and keep it closed until `after_fork`."""
        if self._lock.acquire(timeout=FORK_SECONDS):
            self._forked_by = threading.get_ident()
            self._drop()

    def after_fork(self, *, in_child: bool) -> None:
        if in_child:
            self._start_anew()
        elif self._forked_by == threading.get_ident():
            self._forked_by = 0
            self._lock.release()

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Be the one process that sends leads on, so that they keep their order; gives False where
        another is. The turn ends with the process, however it ends."""
        # A lock of this kind is the whole process's, and goes with any closing of the file in it.
        inside = _turns.setdefault((os.getpid(), str(self.path)), threading.Lock())
        if not inside.acquire(blocking=False):
            yield False
            return
        try:
            yield from self._turn_among_processes()
        finally:
            inside.release()

    def _turn_among_processes(self) -> Iterator[bool]:
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

    def _write(self, statement: str, rows: Sequence[Row]) -> None:
        if not rows:
            return
        deadline = Deadline(5.0)
        with self._opened(deadline) as connection:
            begin(connection, deadline)
            connection.executemany(statement, [(row.seq,) for row in rows])
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
            logger.error("the spool %s was removed or replaced, with what was in it", self.path)
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
            leave_behind(self._connection)
        self._connection = None
        self._forked_by = 0
        self._lock = threading.Lock()
        self._writes = Writes(self._put_all)
        self._pid = os.getpid()
