"""Which duplicates are accounted for, by an unknown outcome that might be sent again. Pure.

- `retry` sends again unasked: each unknown outcome on the timeline explains one more lead.
- `reconcile` asks the API first, twice. What it still cannot see is a worker that was frozen
  between claim and send: its lease ran out, the API was asked in vain, another worker sent the
  lead; then the first one was let go and sent it too. So a duplicate is explained by a lease that
  ran out while its worker's process was stopped, and by a lead that the API got just after that
  process went on.
- `park` sends nothing twice, so nothing explains a duplicate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .api import Creation
from .books import Doubt
from .kinds import DEADLINE_SECONDS, LEASE_SECONDS
from .supervisor import Freeze

NOTICED_SECONDS = 12.0
"""How long after a lease ran out that may be noticed: a heartbeat, or the grace after Redis was
away."""

CLOCKS_SECONDS = 0.05
"""Between the clocks of three processes on one machine, and the time that it takes to go on."""

UNKNOWN_OUTCOME = "sent again after an unknown outcome"
FROZEN = "sent by a worker that was frozen between claim and send"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A lead that the API has more often than is explained.

    Attributes:
        number: so many of its creations are not explained.
    """

    serial: str
    lead_id: str
    number: int
    creations: tuple[Creation, ...]
    doubts: tuple[Doubt, ...]


def explain(
    doubts: Sequence[Doubt], creations: Sequence[Creation], freezes: Sequence[Freeze], policy: str
) -> list[str]:
    """Say what explains the creations of one lead beyond the first, a reason for each.

    Args:
        doubts: of the lead's timeline.
        creations: all that the API made of it.
        policy: `retry`, `reconcile` or `park`.

    Returns:
        No more reasons than there are creations beyond the first; fewer where some have none.
    """
    beyond = len(creations) - 1
    if policy == "retry":
        return [UNKNOWN_OUTCOME] * min(beyond, len(doubts))
    if policy == "reconcile":
        frozen = sum(_was_frozen(doubt, creations, freezes) for doubt in doubts)
        return [FROZEN] * min(beyond, frozen)
    return []


def _was_frozen(doubt: Doubt, creations: Sequence[Creation], freezes: Sequence[Freeze]) -> bool:
    """Whether a lease ran out on a stopped process which sent as soon as it went on."""
    if not doubt.expired:
        return False
    claimed_at = doubt.at - LEASE_SECONDS - NOTICED_SECONDS
    return any(
        freeze.pid == doubt.pid
        and freeze.from_at <= doubt.at
        and freeze.until_at >= claimed_at
        and any(_followed(creation, freeze) for creation in creations)
        for freeze in freezes
    )


def _followed(creation: Creation, freeze: Freeze) -> bool:
    late = creation.at - freeze.until_at
    return -CLOCKS_SECONDS <= late <= DEADLINE_SECONDS + CLOCKS_SECONDS
