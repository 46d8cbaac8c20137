"""What is counted and measured of instants and durations. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence


def most_within(instants: Iterable[float], seconds: float) -> int:
    """The most instants that lie in any window of so many seconds, its end not included."""
    found, first, most = sorted(instants), 0, 0
    for last, at in enumerate(found):
        while at - found[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def first_after(instants: Iterable[float], at: float) -> float | None:
    """How many seconds after `at` the first of the instants from then on is; None without one."""
    later = [instant - at for instant in instants if instant >= at]
    return round(min(later), 3) if later else None


def last_after(instants: Iterable[float], at: float) -> float | None:
    """How many seconds after `at` the last of the instants is; None without one."""
    later = [instant - at for instant in instants if instant >= at]
    return round(max(later), 3) if later else None


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The nearest-rank percentile of values; `percent` is from 0 to 100. None without values."""
    if not values:
        return None
    rank = max(1, math.ceil(len(values) * percent / 100))
    return sorted(values)[rank - 1]
