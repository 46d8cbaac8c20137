"""Instants as people write them: a span before now, a date, a date and a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime

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
        return max(0.0, now_at - float(found[1]) * _SECONDS[found[2]])
    try:
        return datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def write_instant(at: float) -> str:
    """An instant for `read_instant`, to the microsecond: `2025-03-01T14:03:09.250000Z`.

    One before 1970 or beyond the year 9999 is moved there.
    """
    return f"{datetime.fromtimestamp(min(max(at, 0.0), _LAST_AT), UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


_LAST_AT = datetime(9999, 12, 30, tzinfo=UTC).timestamp()
