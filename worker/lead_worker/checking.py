"""The check of each minute: whether delivery goes on, told to Sentry as a check-in.

It owns what is said where it does not. What counts as standing still is `core.health`'s. Where no
worker is left to make the check, Sentry misses it, and speaks up.
"""

from __future__ import annotations

from .absence import words_of
from .core.health import judge
from .reporting import Reporter
from .store import Store, StoreError, vitals


def check(store: Store, reporter: Reporter) -> bool:
    """Make the check; gives whether delivery goes on, or is held on purpose."""
    try:
        health = judge(vitals.read(store))
    except StoreError as error:
        reporter.checked(good=False, reason=words_of(error))
        return False
    reporter.checked(good=health.good, reason=health.reason)
    return health.good
