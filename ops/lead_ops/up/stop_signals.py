"""The signals that ask a program to stop, as something that its loop can wait for.

It owns the handlers of SIGINT, SIGTERM, SIGHUP and SIGCHLD while it is entered. Handlers only note
what came: to do more in one, such as setting an Event that the loop waits on, can deadlock.
"""

from __future__ import annotations

import os
import select
import signal
import time
from types import FrameType, TracebackType
from typing import Any, Self

ONE_WISH_SECONDS = 0.3
"""Signals so close together are one wish: timeout(1) sends each twice, a closing terminal too."""


class Stopped(BaseException):
    """Somebody asked to stop."""


class StopSignals:
    """Notes what asks to stop; for the main thread, entered once."""

    def __init__(self) -> None:
        self._first_at: float | None = None
        self._hasty = False
        self._before: dict[int, Any] = {}
        self._reads = self._writes = -1
        self._former_writes = -1

    @property
    def asked(self) -> bool:
        """Whether the program is to stop."""
        return self._first_at is not None

    @property
    def asked_seconds(self) -> float:
        """How long ago it was asked to; 0 where it was not."""
        return 0.0 if self._first_at is None else time.monotonic() - self._first_at

    @property
    def hasty(self) -> bool:
        """Whether it was asked twice: somebody does not want to wait."""
        return self._hasty

    def ask(self, *, may_hasten: bool = True) -> None:
        """Ask to stop, as a signal does."""
        now = time.monotonic()
        if self._first_at is None:
            self._first_at = now
        elif may_hasten and now - self._first_at > ONE_WISH_SECONDS:
            self._hasty = True

    def wait(self, seconds: float) -> None:
        """Wait so long, or until a signal comes; the end of a child counts as one."""
        if select.select([self._reads], [], [], seconds)[0]:
            os.read(self._reads, 4096)

    def check(self) -> None:
        """Raise `Stopped` if the program is to stop."""
        if self.asked:
            raise Stopped

    def __enter__(self) -> Self:
        self._reads, self._writes = os.pipe()
        for end in (self._reads, self._writes):
            os.set_blocking(end, False)
        self._former_writes = signal.set_wakeup_fd(self._writes, warn_on_full_buffer=False)
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _ignore)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup ignores SIGHUP, and so do we then. SIGINT counts even where a shell that is no
            # terminal's has set it to be ignored for what it runs in the background.
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._former_writes)
        os.close(self._reads)
        os.close(self._writes)

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - Python's
        self.ask(may_hasten=number != signal.SIGHUP)


def _ignore(number: int, frame: FrameType | None) -> None:
    """The end of a child only has to wake whoever waits."""
