"""The congestion window: how it grows with each success and is halved on trouble. Pure.

As TCP's (RFC 5681): from one, doubling each round up to the threshold, then one more each round.
"""

from __future__ import annotations

from .governor import Moment, Window


def grown(window: Window | None, moment: Moment) -> Window | None:
    """The window after one success; None once it is as wide as the ceiling."""
    if window is None:
        return None
    size = window.size + (1.0 if window.size < window.threshold else 1.0 / window.size)
    return None if size >= moment.ceiling else Window(size, window.threshold, window.halved_at)


def halved(window: Window | None, claimed_at: float, moment: Moment) -> Window:
    """The window after trouble; once for all that was in flight together.

    Args:
        claimed_at: when the request that met trouble was claimed.
    """
    if window is not None and claimed_at < window.halved_at:
        return window
    wide = min(window.size, moment.in_flight) if window else float(moment.in_flight)
    half = max(1.0, min(wide, moment.ceiling) / 2)
    return Window(half, half, moment.now_at)
