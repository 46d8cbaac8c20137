"""The file that keeps the sandbox's leads over a restart: one JSON object a line, mode 0600.

It owns the file, its lock and its repair. It must not print or raise what a line holds. A line is
written before the lead counts as created, but not forced to the disk: this is for trying out.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path
from typing import Any

from .answers import JSON, Answer, encode
from .body import Lead, fields_of, read
from .errors import SandboxError

_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class DataFile:
    """An open data file, this process's alone until `close`.

    Raises:
        SandboxError: it cannot be opened, or another sandbox has it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._fd = os.open(path, flags, 0o600)
        except OSError as error:
            raise SandboxError(f"cannot open the data file {path}: {error.strerror}") from None
        try:
            os.fchmod(self._fd, 0o600)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            busy = isinstance(error, BlockingIOError)
            reason = "another sandbox has it open" if busy else error.strerror
            raise SandboxError(f"cannot use the data file {path}: {reason}") from None

    def load(self) -> list[Lead]:
        """All leads of the file, oldest first; a last line that was cut off is removed.

        Raises:
            SandboxError: a line is not a lead; the text says which line.
        """
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):  # killed in the middle of a write: that lead was never answered
            os.ftruncate(self._fd, whole)
        leads = []
        for number, line in enumerate(content[:whole].split(b"\n")[:-1], start=1):
            lead = _read_line(line)
            if lead is None:
                raise SandboxError(
                    f"line {number} of the data file {self._path} is not a lead of the sandbox:"
                    " mend the line, or name another file"
                )
            leads.append(lead)
        return sorted(leads, key=lambda lead: str(lead["createdAt"]))

    def append(self, lead: Lead) -> None:
        """Write one lead as a line.

        Raises:
            OSError: not all of it could be written; what was written of it is taken back.
        """
        line = encode(lead) + b"\n"
        written = os.write(self._fd, line)
        if written < len(line):
            os.ftruncate(self._fd, os.fstat(self._fd).st_size - written)
            raise OSError("the disk is full")

    def close(self) -> None:
        """Let go of the file; another sandbox may have it then."""
        os.close(self._fd)


def _read_line(line: bytes) -> Lead | None:
    value: Any = read(line, JSON)
    fields = fields_of(value)
    if isinstance(fields, Answer) or not _is_marked(value):
        return None
    return {"id": value["id"], "workspaceId": value["workspaceId"], **fields, **_stamps(value)}


def _is_marked(value: Lead) -> bool:
    ours = str(value.get("id")).startswith("sandbox_") and type(value.get("workspaceId")) is str
    return ours and all(_STAMP.fullmatch(text) for text in _stamps(value).values())


def _stamps(value: Lead) -> dict[str, str]:
    return {name: str(value.get(name)) for name in ("createdAt", "updatedAt")}
