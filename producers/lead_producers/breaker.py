"""When Redis is asked again after it did not answer. Pure: the clock is an argument.

Without it each request of an app would wait for its bound as long as Redis is away.
"""

from __future__ import annotations

FIRST_SECONDS = 0.5
CAP_SECONDS = 5.0


class Breaker:
    """Open from a failure to the next success; meanwhile one call at a time may try."""

    __slots__ = ("_pause_seconds", "_retry_at")

    def __init__(self) -> None:
        self._pause_seconds = 0.0
        self._retry_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the last that was heard of Redis is a failure."""
        return self._pause_seconds > 0

    def allows(self, now_at: float, *, late_seconds: float = 0.0) -> bool:
        """Whether a call may be made now.

        Who is allowed to while it is open is the one that tries, and has to tell how that went.

        Args:
            now_at: of any clock that only goes forward.
            late_seconds: so much later than it is due; for those that would rather let another try.
        """
        if not self.is_open:
            return True
        if now_at < self._retry_at + late_seconds:
            return False
        self._pause_seconds = min(self._pause_seconds * 2, CAP_SECONDS)
        self._retry_at = now_at + self._pause_seconds
        return True

    def wait_seconds(self, now_at: float) -> float:
        """How long until the next call is allowed."""
        return max(0.0, self._retry_at - now_at) if self.is_open else 0.0

    def failed(self, now_at: float) -> bool:
        """Note that Redis did not take a lead; gives whether this is news."""
        news = not self.is_open
        if news:
            self._pause_seconds = FIRST_SECONDS
        self._retry_at = now_at + self._pause_seconds
        return news

    def succeeded(self) -> None:
        """Note that Redis took a lead."""
        self._pause_seconds = 0.0
