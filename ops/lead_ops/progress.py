"""The bars that a person watches while a command works; on a pipe there is none.

They go to standard error, and what is said meanwhile goes above them.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import Self

from rich import progress
from rich.console import RenderableType
from rich.text import Text

from .enqueueing import Tally
from .render import clean, error_console


class Bar:
    """A bar of what is done, of how much; and words below it, where there are any."""

    def __init__(self, what: str, total: int | None = None, *, beside: str = "") -> None:
        """Prepare a bar.

        Args:
            what: is being done.
            total: of which it shows a part, or None where that is not known.
            beside: what is counted beside it, such as `leads`.
        """
        self._console = error_console()
        self._what = what
        counter = [progress.TextColumn("{task.fields[number]:,} " + beside)] if beside else []
        self._bar = _WithWords(
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(bar_width=None),
            progress.TaskProgressColumn(),
            *counter,
            progress.TimeRemainingColumn(elapsed_when_finished=True),
            console=self._console,
            transient=True,
            redirect_stdout=False,  # what a program reads must not go where the bar goes
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task(what, total=total, number=0)

    def move(self, done: int, *, total: int | None = None, number: int = 0) -> None:
        """Move to so much, of so much."""
        self._bar.update(self._task, completed=done, total=total, number=number)

    def tell(self, words: str, *, what: str = "") -> None:
        """Put words below the bar, and others before it."""
        self._bar.words = clean(words)
        self._bar.update(self._task, description=what or self._what)

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


class _WithWords(progress.Progress):
    words = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if self.words:
            yield Text(self.words, no_wrap=True, overflow="ellipsis")


class Progress(Bar):
    """A bar over the bytes of a file, with the number of leads that are in the queue."""

    def __init__(self, size: int | None) -> None:
        """Prepare a bar.

        Args:
            size: bytes of the file, or None where that is not known.
        """
        super().__init__("enqueueing", size, beside="leads")
        self._read_bytes = 0
        self._tally = Tally()

    def watch(self, tally: Tally) -> None:
        """Take the number of leads from a tally."""
        self._tally = tally

    def advance(self, read_bytes: int) -> None:
        """Move on by so many bytes."""
        self._read_bytes += read_bytes
        self.move(self._read_bytes, number=self._tally.accepted + self._tally.duplicates)
