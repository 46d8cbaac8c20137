"""How far a run is: one line that changes on a terminal, else a line now and then.

It owns where the line goes: stderr, so that the report alone is on stdout.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

WIDTH = 79
EVERY_SECONDS = 5.0


class Progress:
    """Says how far a run is."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._said_at = 0.0
        self._is_terminal = sys.stderr.isatty()

    def say(self, receipts: int, arrived: int, faults: Sequence[str]) -> None:
        """Tell the numbers so far, and the faults in force."""
        now = time.monotonic()
        if not self._is_terminal and now - self._said_at < EVERY_SECONDS:
            return
        self._said_at = now
        words = f"{now - self._began:5.0f} s  receipts {receipts:,}  in the API {arrived:,}"
        line = f"{words}  {', '.join(faults)}".rstrip()[:WIDTH]
        end = "\r" if self._is_terminal else "\n"
        print(
            line.ljust(WIDTH) if self._is_terminal else line, end=end, file=sys.stderr, flush=True
        )

    def say_line(self, line: str) -> None:
        """Tell something on a line of its own."""
        begin = "\n" if self._is_terminal else ""
        print(f"{begin}{line}", file=sys.stderr, flush=True)
