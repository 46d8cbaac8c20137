"""Instants as people write them: a span before now, a date, a date and a time."""

from __future__ import annotations

import re
from datetime import datetime

_SPAN = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(s|min|m|h|d|w)")
_SECONDS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


def read_instant(text: str, now_at: float) -> float | None:
    """Read `90min`, `6h`, `2d` (before now), `2025-03-01`, `2025-03-01 14:03:09Z` and the like.

    Without an offset it is the local time zone's.

    Returns:
        Epoch seconds; None for what cannot be read.
    """
    found = _SPAN.fullmatch(text.strip())
    if found:
        return now_at - float(found[1]) * _SECONDS[found[2]]
    try:
        return datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        return None
