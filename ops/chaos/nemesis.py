"""Carries a plan out: begins what is due, ends what is over, and notes what really happened.

It owns the faults in force. It has no thread: `tick` is called often.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from lead_ops.errors import OpsError
from lead_ops.sandbox import SandboxError
from redis.exceptions import RedisError

from .links import LinkError
from .plan import Planned
from .stage import Stage, System
from .strikes import STRIKES, MissedError, Strike

FAILURES = (MissedError, LinkError, SandboxError, RedisError, OpsError)


@dataclass(slots=True)
class Happened:
    """One fault that was brought about; instants are epoch seconds.

    Attributes:
        detail: which of several it was, in a word.
        missed: why it could not be brought about; "" where it was.
    """

    planned: Planned
    began_at: float
    ended_at: float | None = None
    detail: str = ""
    missed: str = ""


class Nemesis:
    """One run's faults."""

    def __init__(self, plan: Sequence[Planned], stage: Stage, system: System) -> None:
        self.happened: list[Happened] = []
        self._coming = list(plan)
        self._stage, self._system = stage, system
        self._in_force: list[tuple[Happened, Strike]] = []

    @property
    def names(self) -> list[str]:
        """The kinds in force now."""
        return [happened.planned.kind.name for happened, _ in self._in_force]

    def tick(self, seconds: float) -> None:
        """Do what is due so many seconds after the beginning."""
        for happened, strike in tuple(self._in_force):
            if seconds >= happened.planned.ends_at:
                self._end(happened, strike)
        while self._coming and seconds >= self._coming[0].begins_at:
            self._begin(self._coming.pop(0))

    def finish(self) -> None:
        """End all that is in force, and begin nothing more.

        What fails to end does not keep the others from ending.
        """
        self._coming.clear()
        for happened, strike in tuple(self._in_force):
            self._end(happened, strike)

    def _begin(self, planned: Planned) -> None:
        happened = Happened(planned, time.time())
        self.happened.append(happened)
        strike = STRIKES[planned.kind.name](self._stage, self._system, planned)
        try:
            happened.detail = next(strike).strip()
        except FAILURES as error:
            happened.missed = f"{type(error).__name__}: {error}"
            happened.ended_at = time.time()
            return
        if planned.lasts_seconds:
            self._in_force.append((happened, strike))
        else:
            self._end(happened, strike)

    def _end(self, happened: Happened, strike: Strike) -> None:
        self._in_force = [each for each in self._in_force if each[0] is not happened]
        try:
            next(strike, None)
        except FAILURES as error:
            happened.missed = f"did not end: {type(error).__name__}: {error}"
        happened.ended_at = time.time()
