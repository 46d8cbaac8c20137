"""Numbers as Redis's records hold them: texts that anybody may have damaged.

It owns which of them are taken: none that is too long to count with, and none that is not finite.
"""

from __future__ import annotations

import math

MOST_DIGITS = 15
"""More than anything here counts to, and still exact as a float."""


def whole(text: str | None) -> int | None:
    """A whole number from 0 on; None for nothing, and for what somebody has damaged."""
    fits = text and len(text) <= MOST_DIGITS and text.isascii() and text.isdigit()
    return int(text) if text and fits else None


def instant(text: str | None) -> float | None:
    """An instant in epoch seconds; None for nothing, and for what somebody has damaged."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
