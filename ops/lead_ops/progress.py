"""The bar that a person watches while a file is enqueued; on a pipe there is none.

It goes to standard error, and what is said meanwhile goes above it.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich import progress
from rich.text import Text

from .enqueueing import Tally
from .render import clean, error_console


class Progress:
    """A bar over the bytes of a file, with the number of leads that are in the queue."""

    def __init__(self, size: int | None) -> None:
        """Prepare a bar.

        Args:
            size: bytes of the file, or None where that is not known.
        """
        self._console = error_console()
        self._bar = progress.Progress(
            progress.TextColumn("enqueueing"),
            progress.BarColumn(bar_width=None),
            progress.TaskProgressColumn(),
            progress.TextColumn("{task.fields[leads]:,} leads"),
            progress.TimeRemainingColumn(elapsed_when_finished=True),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=size, leads=0)
        self._tally = Tally()

    def watch(self, tally: Tally) -> None:
        """Take the number of leads from a tally."""
        self._tally = tally

    def advance(self, read_bytes: int) -> None:
        """Move on by so many bytes."""
        leads = self._tally.accepted + self._tally.duplicates
        self._bar.update(self._task, advance=read_bytes, leads=leads)

    def say(self, line: str) -> None:
        """Print one line above the bar."""
        self._console.print(Text(clean(line)))

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
