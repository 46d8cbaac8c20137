"""How often the same thing is told: at once, and then at growing intervals with its number. Pure.

`beat.lua` does the same for dead letters, for the whole fleet.
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST_PAUSE_SECONDS = 5.0
LAST_PAUSE_SECONDS = 600.0
_GROWTH = 4.0


@dataclass(slots=True)
class _Run:
    """One thing that goes on happening: how often since it was told last, and when to tell next."""

    new: int
    told_at: float
    pause_seconds: float

    @property
    def next_at(self) -> float:
        return self.told_at + self.pause_seconds

    def is_over(self, now_at: float) -> bool:
        """It was quiet for so long that the next time is the first again."""
        return not self.new and now_at >= self.told_at + LAST_PAUSE_SECONDS


class Thinning:
    """What happened and was told. Instants are of any clock that does not go back.

    What trickles keeps its pause: it begins anew only after the longest one without anything.
    """

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    def happened(self, name: str, now_at: float) -> int:
        """Note that it happened; gives how often since it was told last, or 0 where it waits."""
        run = self._runs.get(name)
        if run is None or run.is_over(now_at):
            self._runs[name] = _Run(0, now_at, FIRST_PAUSE_SECONDS)
            return 1
        run.new += 1
        return self._take(run, now_at) if now_at >= run.next_at else 0

    def due(self, now_at: float) -> list[tuple[str, int]]:
        """What is to be told now, and how often it happened; what is over is forgotten."""
        told = []
        for name, run in list(self._runs.items()):
            if run.is_over(now_at):
                del self._runs[name]
            elif run.new and now_at >= run.next_at:
                told.append((name, self._take(run, now_at)))
        return told

    def rest(self) -> list[tuple[str, int]]:
        """All that was not told yet, for the end."""
        told = [(name, run.new) for name, run in self._runs.items() if run.new]
        self._runs.clear()
        return told

    @staticmethod
    def _take(run: _Run, now_at: float) -> int:
        number, run.new = run.new, 0
        run.pause_seconds = min(run.pause_seconds * _GROWTH, LAST_PAUSE_SECONDS)
        run.told_at = now_at
        return number
