"""From a path to a spool that may be touched, or one line on why it may not.

It owns what a command must not do to a file: make one, turn another program's into a spool, or
leave a file of its own beside another user's, which would keep the app out of its spool.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path
from pwd import getpwuid

from lead_producers import SpoolError
from lead_producers.spool_disk import APPLICATION_ID, VERSION
from lead_producers.spool_file import STALE_SECONDS, SpoolFile

from lead_ops.errors import OpsError

BUSY_SECONDS = 5.0
MOST_IDS = 200
MOST_BYTES = 16_777_216


class SpoolPathError(OpsError):
    """There is no spool that this user may touch. Nothing was changed."""


def open_spool(path: Path) -> SpoolFile:
    """Open a spool that is there.

    Raises:
        SpoolPathError: there is none, it is another user's, or it is no spool of this release.
    """
    _refuse_foreign(path)
    try:
        kind = _kind(path)
    except sqlite3.Error as error:
        raise SpoolPathError(_words(path, error)) from None
    match kind:
        case (0, 0, 0):
            raise SpoolPathError(f"{path} is empty: no app has used it as a spool yet")
        case (identity, version, _) if identity == APPLICATION_ID and version <= VERSION:
            return SpoolFile(path)
        case (identity, version, _) if identity == APPLICATION_ID:
            raise SpoolPathError(
                f"{path} was written by a newer release (version {version}, this one knows"
                f" {VERSION}): use the leads command of that release"
            )
    raise SpoolPathError(f"{path}: expected a spool, found the database of another program")


def explained(error: SpoolError) -> str:
    """The error's text, and what to do where the file is damaged."""
    text = str(error)
    if "malformed" not in text:
        return text
    return f"{text}: keep a copy, and let sqlite3 FILE .recover save what can be read"


def size_bytes(file: SpoolFile) -> int:
    """What it takes on the disk, with its log of changes."""
    parts = (file.path, file.path.with_name(f"{file.path.name}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


def is_being_sent(file: SpoolFile) -> bool:
    """Whether a process is sending it on now. Where none ever did, no file is made to find out."""
    if not Path(f"{file.path}-turn").exists():
        return False
    with file.turn() as ours:
        return not ours


def stale_ids(file: SpoolFile, namespace: str) -> list[str]:
    """The ids of leads that a person has to look at, as far as they are among the first
    `MOST_IDS` of the spool; they are its oldest.

    Raises:
        SpoolError: it cannot be read.
    """
    before = time.time() - STALE_SECONDS
    rows = file.head(namespace, MOST_IDS, MOST_BYTES, stale=True)
    return [row.entry.lead_id for row in rows if row.tried and row.spooled_at < before]


def _refuse_foreign(path: Path) -> None:
    try:
        facts = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise SpoolPathError(
            f"there is no spool at {path}: an app makes it where it is told to (spool=PATH)"
        ) from None
    except OSError as error:
        raise SpoolPathError(f"cannot read {path}: {error.strerror}") from None
    if not stat.S_ISREG(facts.st_mode):
        raise SpoolPathError(f"{path}: expected a spool, found no file")
    if facts.st_uid != os.geteuid():
        name = _user(facts.st_uid)
        raise SpoolPathError(f"{path} is a file of {name}: run the command as {name}, as its app")


def _user(number: int) -> str:
    try:
        return getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _kind(path: Path) -> tuple[int, int, int]:
    """What the file says that it is, and how many tables it has. `mode=rw` makes no file."""
    address = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as connection:
        asked = (
            "PRAGMA application_id",
            "PRAGMA user_version",
            "SELECT count(*) FROM sqlite_master",
        )
        identity, version, tables = (int(connection.execute(each).fetchone()[0]) for each in asked)
        return identity, version, tables


def _words(path: Path, error: sqlite3.Error) -> str:
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
        return f"{path}: expected a spool, found a file that is none"
    return explained(SpoolError(f"the spool {path} cannot be used: {error}"))
