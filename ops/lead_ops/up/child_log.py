"""The log file of one process: private, bounded, and its last words for when the process dies.

It owns the files' names, mode and size. It must not know who writes them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MOST_BYTES = 16 * 1024 * 1024
"""How large a log may grow before it becomes the older one; so twice this is the most on disk."""

TAIL_BYTES = 16_384


class ChildLog:
    """A log that a process writes by itself, to a file that it inherits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._older = path.with_name(f"{path.name}.1")
        self._begins_at = 0

    def rotate(self) -> None:
        """Let what an earlier run wrote be the older log."""
        with suppress(FileNotFoundError):
            self.path.replace(self._older)

    @contextmanager
    def opened(self) -> Iterator[int]:
        """Open it for one process; its last words are what is written from here on."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(self.path, flags, 0o600)
        try:
            self.mark()
            yield file
        finally:
            os.close(file)

    def mark(self) -> None:
        """Let the last words be what is written from here on."""
        self._begins_at = self.path.stat().st_size if self.path.exists() else 0

    def bound(self, most_bytes: int = MOST_BYTES) -> None:
        """Let a log that has grown too large become the older one, while its process goes on.

        The process has the file open to append, so it goes on at the beginning of the emptied
        file. A line that is written in between is lost.
        """
        with suppress(OSError):
            if self.path.stat().st_size < most_bytes:
                return
            shutil.copyfile(self.path, self._older)
            self._older.chmod(0o600)
            os.truncate(self.path, 0)
            self._begins_at = 0

    def last_words(self, lines: int = 20) -> tuple[str, ...]:
        """The last lines that the process wrote since `opened`, without blank ones."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(self._begins_at, size - TAIL_BYTES))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ()
        return tuple(line.rstrip() for line in text.splitlines() if line.strip())[-lines:]
