"""An operator's change of the governor, against workers that change it at the same time.

It owns that a change is decided on what is there, and again where somebody was faster. What a pause
or a resume amounts to is `lead_worker.core.governor`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from lead_worker.core.governor import Event, Governor, Moment, Step
from lead_worker.store import Decision, Standing, Store

from .errors import OpsError
from .operator import operator

TRIES = 20

Decide = Callable[[Governor, Moment], Step]


@dataclass(frozen=True, slots=True)
class Change:
    """What an operator's change amounted to.

    Attributes:
        before: the governor that it was decided on.
        events: what went into the log; none where there was nothing to change.
        now_at: when it was decided, on Redis's clock.
    """

    before: Governor
    after: Governor
    events: tuple[Event, ...]
    now_at: float


def change_governor(store: Store, decide: Decide, *, most_in_flight: int) -> Change:
    """Change the governor's record in this operator's name.

    Args:
        most_in_flight: the most requests in flight across the fleet, by the settings.

    Raises:
        OpsError: others changed it `TRIES` times in between.
        StoreError: Redis does not answer.
    """
    for _ in range(TRIES):
        standing = store.standing()
        step = decide(standing.governor, _moment(standing, most_in_flight))
        change = Change(standing.governor, step.governor, step.events, standing.now_at)
        if step.governor == standing.governor:
            return change
        act = uuid4().hex
        decision = Decision(step.governor, standing.version, act, events=step.events)
        if store.govern(decision).replaced:
            return change
    raise OpsError("the hold was changed by somebody else each time: try again")


def _moment(standing: Standing, most_in_flight: int) -> Moment:
    ceiling = min(most_in_flight, standing.capacity or most_in_flight)
    return Moment(standing.now_at, operator(), standing.in_flight, max(1, ceiling))
