"""What was measured: for each contender and measure a value from each round."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from .contenders import OURS
from .measuring import Case


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some rounds, the least and the most."""

    middle: float
    least: float
    most: float


@dataclass(slots=True)
class Figures:
    """All values, and which of them a contender is judged by."""

    values: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, contender: str, measure: str, value: float) -> None:
        """Keep a value of one round."""
        self.values.setdefault(contender, {}).setdefault(measure, []).append(value)

    def names(self) -> list[str]:
        """The contenders of which there is anything."""
        return list(self.values)

    def of(self, contender: str, measure: str) -> Spread | None:
        """What there is of a measure; None for nothing."""
        values = self.values.get(contender, {}).get(measure)
        if not values:
            return None
        return Spread(statistics.median(values), min(values), max(values))

    def delivered(self, contender: str, processes: int, latency_ms: int) -> Spread | None:
        """Leads a second: ours bound to cores, as the README has it; of another the better of
        bound and free."""
        found = [
            self.of(contender, f"deliver {Case(processes, latency_ms, bound).name}")
            for bound in ((True,) if contender == OURS else (True, False))
        ]
        return max((s for s in found if s), key=lambda spread: spread.middle, default=None)
