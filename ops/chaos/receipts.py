"""The receipts that the apps were given: a file for each app, a line for each, flushed at once.

It owns the lines. A receipt counts from the moment in which its line is with the kernel, so that
killing the app takes none away; a line that a kill cut short is none.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO


@dataclass(frozen=True, slots=True)
class Slip:
    """One receipt.

    Attributes:
        number: of the form, counted by the app from 0.
        serial: what the lead carries, so that it is known again in the API.
        key: the idempotency key, or "".
        lead_id: that the receipt names; of stock Celery the task's.
        at: epoch seconds.
        took_seconds: for the call that gave it.
    """

    number: int
    serial: str
    key: str
    lead_id: str
    spooled: bool
    duplicate: bool
    at: float
    took_seconds: float


class Pad:
    """Where one app writes its receipts."""

    def __init__(self, path: Path) -> None:
        self.given = {slip.number for slip in Tail(path).read()}
        """The numbers of the forms that have a receipt."""
        self._file: TextIO = path.open("a", encoding="utf-8")
        if path.stat().st_size:
            self._file.write("\n")  # ends what a kill may have cut short
            self._file.flush()

    def write(self, slip: Slip) -> None:
        """Write one receipt."""
        self._file.write(json.dumps(asdict(slip)) + "\n")
        self._file.flush()
        self.given.add(slip.number)


class Tail:
    """Reads on in a file of receipts, which grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[Slip]:
        """The receipts that have come since the last time."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        lines = whole.split(b"\n")
        return [
            Slip(**json.loads(line)) for line in lines if line[:1] == b"{" and line[-1:] == b"}"
        ]
