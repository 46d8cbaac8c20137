"""Where a drill plays, and how large it is: in full, or quick to see that it runs at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FULL_LIMIT_SECONDS = 600.0
QUICK_LIMIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Stage:
    """One drill's own folder, and its size.

    Attributes:
        folder: for Redis's data and the workers' logs; made where it is not there.
        quick: a tenth of the leads, and shorter times.
    """

    folder: Path
    quick: bool = False

    @property
    def limit_seconds(self) -> float:
        """For how long anything is waited for before it counts as not happening."""
        return QUICK_LIMIT_SECONDS if self.quick else FULL_LIMIT_SECONDS

    def leads(self, number: int) -> int:
        """How many leads there are in place of `number`."""
        return number // 10 if self.quick else number

    def seconds(self, full: float, quick: float) -> float:
        """The one of two durations that goes with the size."""
        return quick if self.quick else full
