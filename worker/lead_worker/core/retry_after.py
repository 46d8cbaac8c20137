"""How long a `Retry-After` header asks to wait.

It owns that one header, which strangers write: whatever the text, the answer is a number of seconds
or None, never an exception. It must not look at a clock; what time it is comes in as an argument.
"""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

FLOOR_SECONDS = 1.0
"""A wait that has passed already, or is 0, still asks to slow down."""

_SANE_SKEW_SECONDS = 86_400.0
_LONGEST_DATE = 64
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?")


def retry_after_seconds(
    header: str | None, *, date_header: str | None, now_at: float, cap_seconds: float
) -> float | None:
    """Read `Retry-After` (RFC 9110, section 10.2.3): whole seconds, or an HTTP date.

    A date counts from the answer's own `Date`, because both were written by the same clock; where
    that header is missing, unreadable or more than a day off, from `now_at`.

    What is neither (`1.5`, `-1`, `soon`) asks for a pause all the same: of as many seconds, or of
    the shortest where it is no number.

    Returns:
        Seconds between 1 and the cap; None where there is no header, or an empty one.
    """
    text = (header or "").strip(" \t")
    if not text:
        return None
    if _NUMBER.fullmatch(text):
        wait = float(text)
    else:
        until_at = http_date_at(text)
        wait = 0.0 if until_at is None else until_at - _answered_at(date_header, now_at)
    return min(max(wait, FLOOR_SECONDS), cap_seconds)


def http_date_at(text: str | None) -> float | None:
    """The instant that an HTTP date means, in any of its three forms (RFC 9110, section 5.6.7).

    Returns:
        Epoch seconds, or None for anything that is not a date.
    """
    # Without these, `int` would take digits of other scripts, and a long text would take its time.
    if not text or not text.isascii() or len(text) > _LONGEST_DATE:
        return None
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _answered_at(date_header: str | None, now_at: float) -> float:
    answered_at = http_date_at(date_header)
    if answered_at is None or abs(answered_at - now_at) > _SANE_SKEW_SECONDS:
        return now_at
    return answered_at
