"""Retention: forgets, in small steps, what has been in a final state for as long as it is kept."""

from __future__ import annotations

import logging

from .core.lifecycle import State
from .settings import DAY_SECONDS, Settings
from .store import Store

logger = logging.getLogger(__name__)

STEPS = 1000
"""The most script calls of one run; what is left waits for the next."""


def retain(store: Store, settings: Settings) -> int:
    """Forget what is due; gives how many leads."""
    kept_days = {
        State.DELIVERED: settings.keep_delivered_days,
        State.DEAD: settings.keep_dead_days,
        State.DISCARDED: settings.keep_discarded_days,
        State.ERASED: settings.keep_erased_days,
    }
    forgotten = sum(_forget(store, state, days * DAY_SECONDS) for state, days in kept_days.items())
    if forgotten:
        logger.info("retention: %d leads forgotten", forgotten)
    return forgotten


def _forget(store: Store, state: State, keep_seconds: float) -> int:
    total = 0
    for _ in range(STEPS):
        forgotten = store.forget(state, keep_seconds)
        total += forgotten
        if not forgotten:
            break
    return total
