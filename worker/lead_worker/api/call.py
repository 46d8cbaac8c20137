"""The one call that this thread is making, and what is certain about it.

It owns the limits of a call (time and bytes) and the fact whether anything was sent. urllib3 passes
nothing of ours down to its connections, so they find the call by thread: `calling` and `current`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from ..settings import Settings

FRAMING_BYTES = 262_144
"""What status line, headers and chunk sizes may take on the wire, beyond the body's own cap."""


class CallFailed(Exception):
    """Ends the call. `cause` is one of the codes of `core.reply`; it carries nothing else, because
    whatever else is at hand here may hold the token or the lead."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class Call:
    """One call's limits and progress; instants are of `time.monotonic`.

    Args:
        query: what is asked of the address, percent-encoded, with its `?`; or "". The connection
            alone puts it on the wire, because urllib3 logs the address that it is given (at the
            level DEBUG), and what is asked for is a person's e-mail, phone or name.
    """

    __slots__ = ("bytes_left", "connect_by", "deadline_at", "idle_seconds", "query", "sent")

    def __init__(self, settings: Settings, started_at: float, query: str = "") -> None:
        self.deadline_at = started_at + settings.deadline_seconds
        self.connect_by = started_at + min(
            settings.connect_timeout_seconds, settings.deadline_seconds
        )
        self.idle_seconds = settings.idle_seconds
        self.bytes_left = settings.max_answer_bytes + FRAMING_BYTES
        self.query = query
        self.sent = False

    def begin_sending(self) -> None:
        """From here on the API may have the lead.

        Raises:
            CallFailed: `deadline`, where it has passed: still nothing was sent.
        """
        if monotonic() >= self.deadline_at:
            raise CallFailed("deadline")
        self.sent = True

    def seconds_left(self) -> float:
        """Until the limit in force: to connect by, and once something was sent, the deadline.

        Raises:
            CallFailed: with `late`, where nothing is left.
        """
        left = (self.deadline_at if self.sent else self.connect_by) - monotonic()
        if left <= 0:
            raise CallFailed(self.late)
        return left

    def end(self) -> None:
        """Let nothing be waited for any more."""
        self.deadline_at = 0.0

    @property
    def late(self) -> str:
        """The cause of a failure by time."""
        return "deadline" if self.sent else "connect_timeout"

    def received(self, count: int) -> None:
        """Count bytes off the wire.

        Raises:
            CallFailed: `oversized`, for headers, chunk sizes or `100 Continue`s without end too.
        """
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise CallFailed("oversized")


_thread = threading.local()


@contextmanager
def calling(call: Call) -> Iterator[None]:
    """Make it this thread's call, for as long as the block runs."""
    _thread.call = call
    try:
        yield
    finally:
        del _thread.call


def current() -> Call:
    """This thread's call."""
    call: Call = _thread.call
    return call
