"""This machine's clock beside Redis's and the API's.

Leads are timed by Redis's clock alone, so a wrong one here does little: a `Retry-After` that is a
date is read by it, and certificates are.
"""

from __future__ import annotations

from collections.abc import Iterator

from .case import Case
from .finding import Finding, bad, good, skipped, warning

OFF_SECONDS, WRONG_SECONDS = 2.0, 300.0
API_SLACK_SECONDS = 2.0
"""`Date` has whole seconds, and its answer took its time."""

_ADVICE = "let NTP set the clocks of all machines"


def examine(case: Case) -> Iterator[Finding]:
    """Compare the clocks."""
    yield _compare("redis", "Redis's", case.redis_ahead_seconds, 0.0)
    yield _compare("api", "the API's", case.api_ahead_seconds, API_SLACK_SECONDS)


def _compare(name: str, whose: str, ahead: float | None, slack: float) -> Finding:
    if ahead is None:
        return skipped(name, f"{whose} clock was not seen")
    off = abs(ahead)
    words = f"{whose} is {off:,.1f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    if off >= WRONG_SECONDS:
        return bad(name, words, _ADVICE)
    if off >= OFF_SECONDS + slack:
        return warning(name, words, _ADVICE)
    return good(name, f"{whose} and this machine's agree to {max(0.1, off + slack):.1f} s")
