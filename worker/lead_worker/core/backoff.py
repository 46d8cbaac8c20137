"""How long to wait before the next attempt."""

from __future__ import annotations


def backoff_seconds(
    attempt: int, *, base_seconds: float, cap_seconds: float, chance: float
) -> float:
    """Exponential backoff with full jitter: an even spread from 0 to the doubled base.

    Full jitter spreads a burst of failures widest for the least work, as measured in
    "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).

    Args:
        attempt: how many attempts have failed, from 1.
        base_seconds: the upper end after the first failure.
        cap_seconds: the upper end after many.
        chance: evenly distributed in [0, 1).

    >>> backoff_seconds(3, base_seconds=5, cap_seconds=3600, chance=0.5)
    10.0
    >>> backoff_seconds(5000, base_seconds=5, cap_seconds=3600, chance=0.5)
    1800.0
    """
    doublings = min(attempt - 1, 60)  # 2.0**1024 overflows
    return min(cap_seconds, base_seconds * 2.0**doublings) * chance
