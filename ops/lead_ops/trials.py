"""What the commands that try the whole thing (`ops/bench/run`, `ops/chaos/run`, `ops/drills/run`)
ask of a command line and of signals.

It owns that they are asked in one way: a mistake is one line, and one Ctrl-C or SIGTERM ends all.
"""

from __future__ import annotations

import argparse
import signal
from pathlib import Path
from types import FrameType

INTERRUPTED = 130
"""The exit code after Ctrl-C or SIGTERM."""


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line, and ends the process with 2."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"{self.prog}: {message}\n")


def try_to_write(path: Path) -> None:
    """See whether a file can be written, and leave everything as it was: better said before all is
    run than after.

    Raises:
        OSError: it cannot.
    """
    was_there = path.exists()
    path.open("ab").close()
    if not was_there:
        path.unlink()


def interrupt_once() -> None:
    """Have Ctrl-C and SIGTERM raise `KeyboardInterrupt`, once: a second one must not keep what was
    started from being ended."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)


def hear_no_more() -> None:
    """Hear neither any more."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - Python's
    hear_no_more()
    raise KeyboardInterrupt
