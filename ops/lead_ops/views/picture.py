"""All that a status is made of, read at one time; and its JSON.

It owns the keys of `leads status --json`. It changes nothing, and reads no raw lead.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from lead_worker.core.lifecycle import State
from lead_worker.retention import announced_from
from lead_worker.settings import DAY_SECONDS, Settings
from lead_worker.store import Counts, Store
from lead_worker.store.campaigns import Campaign, Campaigns
from lead_worker.store.letters import Letters
from lead_worker.store.reading import Reading, Worker
from lead_worker.store.store import WORKER_LISTED_SECONDS

from lead_ops.fleet_settings import fleet_settings
from lead_ops.rates import rate_in_force, rate_json

from .campaigns import campaign_json
from .holds import hold_json

STATES = tuple(state.value for state in State)


@dataclass(frozen=True, slots=True)
class Redrive:
    """The rule that replays by itself: when it did last, and when it is time again; or None."""

    last_at: float | None
    next_at: float | None


@dataclass(frozen=True, slots=True)
class Expiring:
    """Dead letters that are forgotten within a week: how many, and when the first of them is."""

    number: int
    first_at: float


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a status is made of.

    Attributes:
        workers: those that gave a sign lately, the latest first.
        refused: memory is short, so that new leads are refused.
        next_look_at: when an unknown lead is looked for next, or None without one.
        trying: under a hold, a lead is being tried.
        campaigns: those that are under way.
        redrive: the rule, where it is on.
        expiring: what is forgotten soon, if anything is.
    """

    counts: Counts
    workers: list[Worker]
    refused: bool
    next_look_at: float | None
    trying: bool
    campaigns: list[Campaign] = field(default_factory=list)
    redrive: Redrive | None = None
    expiring: Expiring | None = None

    @property
    def alive(self) -> list[Worker]:
        """The workers that gave a sign within seconds."""
        return [each for each in self.workers if not each.is_silent(self.counts.now_at)]

    def benched_until_at(self, worker: Worker) -> float | None:
        """Until when a worker gets no leads, as its token is refused while another is taken."""
        stale = dict(self.counts.governor.stale)
        until_at = stale.get(worker.about.get("token_mark", ""), 0.0)
        return until_at if until_at > self.counts.now_at else None


def look(store: Store, settings: Settings) -> Picture:
    """Read it.

    Args:
        settings: the command's, where no worker says what it is set to.

    Raises:
        StoreError: Redis does not answer.
    """
    counts, reading, campaigns = store.counts(), Reading(store), Campaigns(store)
    hold, fleet = counts.hold, fleet_settings(store, settings)
    return Picture(
        counts,
        reading.workers(counts.now_at - WORKER_LISTED_SECONDS),
        refused=reading.enqueueing_refused(),
        next_look_at=reading.next_look_at() if counts.unknown else None,
        trying=bool(hold and hold.canary and reading.is_in_flight(hold.canary)),
        campaigns=campaigns.active(),
        redrive=Redrive(*campaigns.redrive()) if fleet.redrive else None,
        expiring=_expiring(store, counts, fleet.keep_dead_days) if counts.dead else None,
    )


def _expiring(store: Store, counts: Counts, keep_days: float) -> Expiring | None:
    number, died_at = Letters(store).expiring(counts.now_at - announced_from(keep_days))
    return None if died_at is None else Expiring(number, died_at + keep_days * DAY_SECONDS)


def status_json(namespace: str, picture: Picture) -> dict[str, Any]:
    """The queue's state under stable keys; instants in epoch seconds of Redis's clock."""
    counts, workers = picture.counts, picture.workers
    window = counts.governor.window
    numbers = {name: getattr(counts, name) for name in ("accepted", *STATES, "forgotten")}
    return {
        "namespace": namespace,
        "now_at": counts.now_at,
        **numbers,
        "duplicates": counts.duplicates,
        "waiting_live": counts.waiting_live,
        "waiting_bulk": counts.waiting_bulk,
        "claimable": counts.claimable,
        "oldest_due_at": counts.oldest_due_at,
        "overdue_seconds": overdue_seconds(counts),
        "next_look_at": picture.next_look_at,
        "hold": hold_json(counts.hold),
        "rate": rate_json(rate_in_force(counts, workers)),
        "window": {"size": window.size if window else None, "in_flight": counts.in_flight},
        "campaigns": [campaign_json(each, counts.now_at) for each in picture.campaigns],
        "redrive": asdict(picture.redrive) if picture.redrive else None,
        "expiring": asdict(picture.expiring) if picture.expiring else None,
        "enqueueing_refused": picture.refused,
        "workers_alive": len(picture.alive),
        "workers_silent": len(workers) - len(picture.alive),
        "workers": [
            {
                "name": worker.name,
                "beat_at": worker.beat_at,
                "silent": worker.is_silent(counts.now_at),
                "benched_until": picture.benched_until_at(worker),
                "about": dict(worker.about),
            }
            for worker in workers
        ],
    }


def overdue_seconds(counts: Counts) -> float:
    """How long the first of the waiting leads could have been sent; 0 where none could."""
    if counts.oldest_due_at is None:
        return 0.0
    return max(0.0, round(counts.now_at - counts.oldest_due_at, 3))
