"""The terminal of `leads up`: what runs where, then what arrives, calmly.

It owns what is said when. A terminal that is gone makes it silent, and it says so to whoever asks.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence

from lead_worker.store import Counts
from rich.text import Text

from ..render import clean, console, error_console, on_terminal, say
from .arrival_lines import (
    Line,
    arrival_line,
    clock,
    counts_line,
    cut,
    flood_line,
    hold_lines,
)
from .watch import Look

COUNTS_EVERY_SECONDS = 10.0
"""How often it is said where all leads are, while they move."""


class Display:
    """Says lines on standard output, or on standard error."""

    def __init__(self, *, stderr: bool = False) -> None:
        self.lost = False
        self._stderr = stderr
        self._terminal = on_terminal(stderr)
        self._counted_at = time.monotonic()
        self._counts: Counts | None = None
        self._told: tuple[int, ...] = ()

    def line(self, line: Line) -> None:
        """Say one line; on a terminal it is cut to fit."""
        try:
            say(*(cut(line, self._width()) if self._terminal else line), stderr=self._stderr)
        except OSError:
            self.lost = True

    def tell(self, text: str, style: str = "") -> None:
        """Say something in one or more whole lines."""
        for line in text.split("\n"):
            try:
                say((line, style), stderr=self._stderr)
            except OSError:
                self.lost = True

    def event(self, text: str, style: str = "bold") -> None:
        """Say that something happened to what runs; more lines than one belong together.

        The first may name a file, so it is never cut.
        """
        first, *rest = text.split("\n")
        self._whole((f"{clock(time.time())} ", "dim"), (first, style))
        for line in rest:
            self.line([line])

    def header(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        """Say what runs where; what is to be copied is neither cut nor wrapped by us."""
        self.tell(title, "bold")
        for name, value in rows:
            self._whole((f"  {name:<9} ", "dim"), (value, ""))
        self.tell("")

    def _whole(self, *parts: tuple[str, str]) -> None:
        out = error_console() if self._stderr else console()
        try:
            out.print(Text.assemble(*((clean(text), style) for text, style in parts)))
        except OSError:
            self.lost = True

    def look(self, look: Look) -> None:
        """Say what has arrived."""
        width = self._width()
        for arrival in (*look.arrivals, *look.retries):
            self.line(arrival_line(arrival, width))
        if look.unshown:
            self.line(flood_line(look.now_at, look.unshown))

    def counts(self, counts: Counts) -> None:
        """Say where all leads are, if they moved: now and then, and when none is under way."""
        before, self._counts = self._counts, counts
        if before is None:
            self._told = _shape(counts)
        if _kind(before) != _kind(counts):
            for line in hold_lines(counts):
                self.line(line)
        resting = counts.waiting + counts.leased + counts.unknown == 0
        due = time.monotonic() - self._counted_at >= COUNTS_EVERY_SECONDS
        if _shape(counts) != self._told and (resting or due):
            self._told, self._counted_at = _shape(counts), time.monotonic()
            self.line(counts_line(counts))

    def _width(self) -> int:
        return shutil.get_terminal_size().columns if self._terminal else sys.maxsize


def _kind(counts: Counts | None) -> str | None:
    return counts.hold.kind if counts and counts.hold else None


def _shape(counts: Counts) -> tuple[int, ...]:
    rest = (counts.delivered, counts.dead, counts.parked, counts.discarded, counts.erased)
    return (counts.accepted, counts.waiting, counts.leased, counts.unknown, *rest)
