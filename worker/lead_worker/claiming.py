"""When a worker claims next, and the claim whose answer it waits for.

It owns the numbers of claims, and the times at which the store said to ask again. It talks to
nobody, and belongs to one thread.
"""

from __future__ import annotations

import time

from .store import Claim, Turn

SOONEST_SECONDS = 0.005
"""A claim that was refused is not made again sooner."""

LONGEST_SECONDS = 0.5
"""How long to sleep at the most where nothing is to be done."""


class Claiming:
    """The claims of one worker.

    Attributes:
        wanted: somebody asked for a claim, or there was more than was taken.
        busy: successes teach the governor something, as far as the last claim knew.
        answered_at: when a claim was answered last (monotonic).
    """

    def __init__(self) -> None:
        self.wanted = False
        self.busy = False
        self.answered_at = time.monotonic()
        self._number = 0
        self._again_at: float | None = None
        self._pending: tuple[Claim, float] | None = None

    @property
    def pending(self) -> bool:
        """Whether a claim was made whose answer has not come."""
        return self._pending is not None

    def is_due(self) -> bool:
        """Whether a claim is to be made now, if there is somebody to send."""
        return self.wanted or (self._again_at is not None and time.monotonic() >= self._again_at)

    def seconds_to_sleep(self) -> float:
        """How long nothing will be due."""
        if self._again_at is None:
            return LONGEST_SECONDS
        return max(0.0, min(LONGEST_SECONDS, self._again_at - time.monotonic()))

    def next(self, free: int, in_flight: int, mark: str) -> tuple[Claim, float]:
        """The claim whose answer was lost, as it was, else a new one; and when it was asked for."""
        if self._pending is None:
            self._number += 1
            claim = Claim(self._number, free, in_flight, mark)
            self._pending = (claim, time.monotonic())
        return self._pending

    def answered(self, turn: Turn) -> None:
        """Note what the answer says about the next claim."""
        self.forget()
        self.answered_at = time.monotonic()
        self.wanted, self.busy = turn.more, turn.busy
        again = turn.again_seconds
        self._again_at = None if again is None else self.answered_at + max(again, SOONEST_SECONDS)

    def forget(self) -> None:
        """Wait for no answer any more."""
        self._pending = None
