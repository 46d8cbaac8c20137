"""A file of personal data: nobody else may read it, from its first byte, and no half of one stays.

It owns how the file comes to be. It must not know what is written into it.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedWriter, FileIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ..errors import OpsError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

MODE = 0o600

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class PrivateFileError(OpsError):
    """The file cannot be written. What was there before is still there."""


@contextmanager
def private_file(path: Path, *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Write a file for as long as the block lasts; it is on the disk when the block ends well.

    It has another name until then, so that half a file is never taken for a whole one. An exception
    in the block takes what was written away; after a SIGKILL a hidden `.part` stays beside it.

    Args:
        overwrite: whether a file that is there is replaced, in one step at the end.

    Raises:
        PrivateFileError: there is a file and it is not to be replaced, or it is no regular file; or
            it cannot be written.
    """
    _look_at(path, overwrite=overwrite)
    target = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    file = _create(target, path)
    try:
        yield file
        with _told(path):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            if not overwrite:
                _reserve(path)
            target.replace(path)
            _sync_folder(path.parent)
    except BaseException:
        with suppress(OSError, OpsError):
            file.close()
        with suppress(OSError):
            target.unlink()
        raise


class _Raw(FileIO):
    """Tells a full disk in words for a person."""

    def __init__(self, fd: int, path: Path) -> None:
        super().__init__(fd, "wb")
        self._path = path

    def write(self, data: ReadableBuffer, /) -> int:
        with _told(self._path):
            return super().write(data)


def _create(target: Path, path: Path) -> BufferedWriter:
    try:
        return BufferedWriter(_Raw(os.open(target, _NEW, MODE), path))
    except OSError as error:
        raise _cannot(path, error) from None


def _reserve(path: Path) -> None:
    """Take the name, so that what came there meanwhile is not replaced."""
    try:
        os.close(os.open(path, _NEW, MODE))
    except FileExistsError:
        raise _is_there(path) from None


def _is_there(path: Path) -> PrivateFileError:
    return PrivateFileError(
        f"expected no file at {path}, found one; give another name, or --overwrite"
    )


def _look_at(path: Path, *, overwrite: bool) -> None:
    """Refuse now what would be refused at the end."""
    try:
        is_regular = stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _cannot(path, error) from None
    if not overwrite:
        raise _is_there(path)
    if not is_regular:
        raise PrivateFileError(
            f"expected a regular file at {path}, found something else; give another name"
        )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _cannot(path, error) from None


def _sync_folder(folder: Path) -> None:
    """So that the name outlives a crash too; some file systems cannot, and need not."""
    with suppress(OSError):
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _cannot(path: Path, error: OSError) -> PrivateFileError:
    return PrivateFileError(f"cannot write {path}: {error.strerror}")
