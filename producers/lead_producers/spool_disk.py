"""How a spool comes to be on the disk: private, whole, and known for what it is.

It owns the file's permissions, SQLite's settings and the table. `synchronous = FULL` in SQLite's
mode WAL means that what was committed outlives a crash of the host; `secure_delete`, that what was
deleted is overwritten. Source: SQLite's page "Pragma statements".
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import suppress
from pathlib import Path

from .errors import SpoolError
from .wire import Deadline

VERSION = 1
APPLICATION_ID = 0x6C656164
"""In the file's header: "lead", so that no other program's database is taken for a spool."""

BUSY_SECONDS = 0.005
TURN_SECONDS = 0.001

_TABLE = """
CREATE TABLE IF NOT EXISTS spool (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  namespace TEXT NOT NULL,
  lead_id TEXT NOT NULL UNIQUE,
  key TEXT NOT NULL,
  content TEXT NOT NULL,
  lane TEXT NOT NULL,
  source TEXT NOT NULL,
  dedupe_seconds REAL NOT NULL,
  durable INTEGER NOT NULL,
  trace TEXT NOT NULL,
  spooled_at REAL NOT NULL,
  tried INTEGER NOT NULL,
  raw BLOB NOT NULL
)"""
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS by_key ON spool (namespace, key) WHERE key <> ''",
    "CREATE INDEX IF NOT EXISTS by_content ON spool (namespace, content) WHERE content <> ''",
)


def make(path: Path) -> None:
    """Make the file so that nobody else can read it, before SQLite makes it otherwise."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SpoolError(f"the spool {path}: expected a file, found something else") from None
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _keep_private(path: Path) -> None:
    """Take a spool, and what SQLite has beside it, away from everybody else."""
    for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with suppress(FileNotFoundError):
            if each.stat().st_mode & 0o077:
                each.chmod(0o600)


def connect(path: Path, deadline: Deadline) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path,
        timeout=max(0.001, deadline.left_seconds()),
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        while not _is_set_up(connection, path):
            if not deadline.left_seconds():
                raise SpoolError(f"the spool {path} is busy")
            time.sleep(BUSY_SECONDS)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_set_up(connection: sqlite3.Connection, path: Path) -> bool:
    """Set it up, unless another process is at it: SQLite does not wait for a change of mode."""
    try:
        _set_up(connection, path)
    except sqlite3.OperationalError as error:
        if not _is_busy(error):
            raise
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return False
    return True


def _set_up(connection: sqlite3.Connection, path: Path) -> None:
    program, version = _whose(connection)
    if program != APPLICATION_ID or version > VERSION:
        raise SpoolError(f"{path} is no spool of this release: choose another path")
    _keep_private(path)  # not before: another program's file is left as it is
    # The log of changes is kept small: a full disk must have room to let go of what is in the file.
    settings = "journal_mode = WAL", "wal_autocheckpoint = 100"
    for pragma in (*settings, "synchronous = FULL", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    if version < VERSION:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_TABLE)
        for index in _INDEXES:
            connection.execute(index)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")


def _whose(connection: sqlite3.Connection) -> tuple[int, int]:
    """Which program's it is and of which version: ours and 0 where it is empty.

    It is read as of one moment, because another process may be making it.
    """
    connection.execute("BEGIN")
    found = _pragma(connection, "application_id"), _pragma(connection, "user_version")
    is_empty = not connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    connection.execute("COMMIT")
    return (APPLICATION_ID, 0) if found == (0, 0) and is_empty else found


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def begin(connection: sqlite3.Connection, deadline: Deadline) -> None:
    """Begin to write, as soon as no other process does.

    SQLite's own way to wait looks ever more seldom, ten times a second in the end, so behind a few
    busy processes it would give up without having had a turn.
    """
    connection.execute("PRAGMA busy_timeout = 0")
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not (_is_busy(error) and deadline.left_seconds()):
                raise
            time.sleep(TURN_SECONDS)
        else:
            return


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def inode_of(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def words_for(error: Exception) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
