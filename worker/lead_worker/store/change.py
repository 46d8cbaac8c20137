"""A change of the governor's record: decided on what is there, and again where somebody was faster.

It must not decide anything itself.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from lead_worker.core.governor import Governor, Moment, Step

from .store import Store
from .values import Decision

TRIES = 50
PAUSE_SECONDS = 0.01
"""The longest pause before another try, so that two who are in step do not stay so."""

Decide = Callable[[Governor, Moment], Step]


@dataclass(frozen=True, slots=True)
class Change:
    """What a change of the governor's record amounted to.

    Attributes:
        before: the governor that it was decided on.
        step: what was decided; its governor is the one in force.
        now_at: when, on Redis's clock.
        convicted: ids of leads that are dead now.
    """

    before: Governor
    step: Step
    now_at: float
    convicted: tuple[str, ...] = ()


def change_governor(store: Store, decide: Decide, *, by: str, most_in_flight: int) -> Change | None:
    """Let a pure function decide on the record as it is, and again where somebody was faster.

    Args:
        by: in whose name: an operator's, or a worker's.
        most_in_flight: the most requests in flight across the fleet, by the settings.

    Returns:
        None where others changed it `TRIES` times in between.

    Raises:
        StoreError: Redis does not answer.
    """
    for _ in range(TRIES):
        standing = store.standing()
        ceiling = max(1, min(most_in_flight, standing.capacity or most_in_flight))
        moment = Moment(standing.now_at, by, standing.in_flight, ceiling)
        step = decide(standing.governor, moment)
        if step.governor == standing.governor:
            return Change(standing.governor, step, standing.now_at)
        act = uuid4().hex
        decision = Decision(
            step.governor, standing.version, act, step.convicted, step.doubted, step.events
        )
        governed = store.govern(decision)
        if governed.replaced:
            return Change(standing.governor, step, standing.now_at, governed.convicted)
        time.sleep(random.random() * PAUSE_SECONDS)
    return None
