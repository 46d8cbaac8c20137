"""Retention: forgets, in small steps, what has been in a final state for as long as it is kept.

It announces a week before that dead letters will be forgotten. It must not drop anything to make
room.
"""

from __future__ import annotations

import logging

from . import logs
from .core.lifecycle import State
from .reporting import Reporter
from .settings import DAY_SECONDS, Settings
from .store import Store
from .store.letters import Letters

logger = logging.getLogger(__name__)

STEPS = 1000
"""The most script calls of one run; what is left waits for the next."""

ANNOUNCED_DAYS = 7.0
ANNOUNCED_EVERY_SECONDS = DAY_SECONDS


def retain(store: Store, settings: Settings) -> int:
    """Forget what is due; gives how many leads."""
    kept_days = {
        State.DELIVERED: settings.keep_delivered_days,
        State.DEAD: settings.keep_dead_days,
        State.DISCARDED: settings.keep_discarded_days,
        State.ERASED: settings.keep_erased_days,
    }
    keys = settings.keep_key_days * DAY_SECONDS
    numbers = {
        state: _forget(store, state, days * DAY_SECONDS, keys) for state, days in kept_days.items()
    }
    forgotten = sum(numbers.values())
    if forgotten:
        facts = logs.facts("forgotten", leads=forgotten)
        logger.info("retention: %d leads forgotten", forgotten, extra=facts)
    # What was delivered goes each minute; the audit trail is for what somebody might still want.
    for state in (State.DEAD, State.DISCARDED):
        if numbers[state]:
            about = f"{state} for as long as they are kept"
            event = {"event": "forgotten", "by": "retention", "leads": numbers[state]}
            store.log(event | {"about": about})
    return forgotten


def _forget(store: Store, state: State, keep_seconds: float, key_seconds: float) -> int:
    total = 0
    for _ in range(STEPS):
        forgotten = store.forget(state, keep_seconds, key_seconds)
        total += forgotten
        if not forgotten:
            break
    return total


def announce(store: Store, settings: Settings, reporter: Reporter) -> int:
    """Report, once a day, how many dead letters are forgotten within a week; gives how many.

    Where they are kept for less than twice as long, those are announced that have less than half of
    their time left: else each would be announced as soon as it dies.
    """
    now_at = store.counts().now_at
    number, first_at = Letters(store).expiring(now_at - announced_from(settings.keep_dead_days))
    if first_at is None or not store.announce(ANNOUNCED_EVERY_SECONDS):
        return 0
    reporter.expiring(number, first_at + settings.keep_dead_days * DAY_SECONDS - now_at)
    return number


def announced_from(keep_days: float) -> float:
    """From which age on, in seconds, it is announced that a dead letter will be forgotten."""
    return max(keep_days - ANNOUNCED_DAYS, keep_days / 2) * DAY_SECONDS
