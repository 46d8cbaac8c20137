"""The folder that holds the embedded Redis's data: private, used by one server at a time.

It owns the folder's mode, its lock, and where the socket lies. It must not start anything.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
import time
from pathlib import Path

from ..errors import DataFolderError
from .programs import identify

# sun_path of unix(7) has 108 bytes, the closing zero included.
LONGEST_SOCKET_PATH = 107
SOCKET_NAME = "redis.sock"
# How long a server may take to end whose parent was killed; it gets SIGTERM at once.
FREE_WITHIN_SECONDS = 3.0


def make_private(folder: Path) -> None:
    """Make a folder that only this user may enter (mode 0700), or take one that is this user's.

    Raises:
        DataFolderError: where that cannot be, or the path is a link or belongs to somebody else.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = folder.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid():
            raise DataFolderError(f"expected {folder} to be a folder of this user's; remove it")
        folder.chmod(0o700)
    except OSError as error:
        raise DataFolderError(f"cannot make the folder {folder}: {error.strerror}") from error


def socket_path(data_dir: Path) -> Path:
    """Where a server of this folder listens: in it, or where its path is too long in a short one.

    The short one is a private folder in the one for temporary files, named after the data folder,
    so that each process of this user finds the same.
    """
    inside = data_dir / SOCKET_NAME
    if _fits(inside):
        return inside
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    short = Path(f"leads-{os.geteuid()}-{name}") / SOCKET_NAME
    chosen = Path(tempfile.gettempdir()) / short
    return chosen if _fits(chosen) else Path("/tmp") / short  # noqa: S108 make_private guards it


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH


def lock(data_dir: Path) -> int:
    """Take the folder for one server, and give the open file that holds it.

    The server inherits that file, so the folder stays taken while either the server or the process
    that started it lives.

    Raises:
        DataFolderError: where another server still has it after FREE_WITHIN_SECONDS.
    """
    held = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    give_up_at = time.monotonic() + FREE_WITHIN_SECONDS
    while not _locked(held):
        if time.monotonic() > give_up_at:
            os.close(held)
            raise DataFolderError(
                f"expected {data_dir} to be free, found it in use by {_user_of(data_dir)};"
                " is another `ops/up` running here? Stop that one first"
            )
        time.sleep(0.02)
    return held


def _locked(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _user_of(data_dir: Path) -> str:
    try:
        return f"a Redis server with the pid {int((data_dir / 'redis.pid').read_text())}"
    except (OSError, ValueError):
        return "another process"


def refuse_downgrade(data_dir: Path, program: Path) -> None:
    """Stop a Redis older than 7 from opening what a newer one wrote.

    From 7 on the append-only file is a folder of parts; an older server would not look there, begin
    empty, and so seem to have lost every lead.

    Raises:
        DataFolderError: where the program is such an older one.
    """
    if not (data_dir / "appendonlydir").is_dir():
        return
    server = identify(program)
    if server is not None and server.version[0] < 7:
        raise written_by_newer(data_dir, str(server))


def written_by_newer(data_dir: Path, found: str) -> DataFolderError:
    """The error for a folder that this server is too old for."""
    return DataFolderError(
        f"the data in {data_dir} were written by a newer Redis than the {found} that was found:"
        " put the newer redis-server on the PATH again, or move that folder away to start empty"
    )
