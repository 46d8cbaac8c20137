"""The values that go into the store and come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lead_worker.core.governor import Hold
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind


@dataclass(frozen=True, slots=True)
class Claim:
    """A request for leads. The same number asks for the same batch again.

    Attributes:
        number: counts up over the worker's life, from 1.
        most: how many leads it can begin to send now.
        in_flight: how many it is sending already; a lead under suspicion is claimed where it is 0.
    """

    number: int
    most: int
    in_flight: int = 0


@dataclass(frozen=True, slots=True)
class Claimed:
    """One lead that is this worker's until the lease ends.

    Attributes:
        lead_id: 32 hex digits.
        token: what its settlement must carry.
        look: it is unknown, and is not to be sent but to be looked into.
        lane, source: as enqueued; source may be "".
        attempts, returned, expiries: counts, from 0.
        age_seconds: for how long it has been tried, time under holds left out; 0 at the first
            claim, and at the first after a replay.
        raw: the raw lead's bytes. Personal data.
    """

    lead_id: str
    token: str
    look: bool
    lane: str
    source: str
    attempts: int
    returned: int
    expiries: int
    age_seconds: float
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one claimed lead.

    Attributes:
        due_seconds: for waiting and unknown, how long until it may be claimed again.
        entry: for the timeline; a JSON object with at least one member. May hold personal data.
        fields: fields of the record that are set; no personal data.
    """

    lead_id: str
    token: str
    to: State
    entry: Mapping[str, object] = field(repr=False)
    due_seconds: float = 0.0
    spends_attempt: bool = True
    api_id: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """Nothing may be claimed now."""

    kind: HoldKind
    until_at: float | None


@dataclass(frozen=True, slots=True)
class Turn:
    """What one round trip gave.

    Attributes:
        verdicts: for each settlement one of ok, done, stale, late, duplicate, erased, gone.
        claimed: the leads, maybe none; also none where none was asked for.
        held: the hold that stands in the way, or None.
        more: more leads may be claimed now.
    """

    verdicts: tuple[str, ...]
    claimed: tuple[Claimed, ...] = ()
    held: Held | None = None
    more: bool = False
    now_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many leads are in each state, all at one moment.

    Attributes:
        waiting_live, waiting_bulk: by lane.
        claimable: waiting and due, or unknown and due for a look.
        oldest_due_at: when the first waiting lead is or was due, or None.
        duplicates: second ids that the API gave for one lead.
        hold, hold_since_at, hold_version: the hold in force.
    """

    now_at: float
    accepted: int
    forgotten: int
    duplicates: int
    waiting_live: int
    waiting_bulk: int
    leased: int
    unknown: int
    parked: int
    dead: int
    delivered: int
    discarded: int
    erased: int
    claimable: int
    oldest_due_at: float | None
    hold: Hold | None = None
    hold_since_at: float | None = None
    hold_version: str = "0"

    @property
    def waiting(self) -> int:
        return self.waiting_live + self.waiting_bulk

    @property
    def accounted(self) -> int:
        """Leads that are in some state, or forgotten. Equal to `accepted`, or something is lost."""
        resting = self.parked + self.dead + self.delivered + self.discarded + self.erased
        return self.waiting + self.leased + self.unknown + resting + self.forgotten


@dataclass(frozen=True, slots=True)
class Beat:
    """What a worker's beat gave: how many leads are claimable (0 under a hold), and if it rang."""

    now_at: float
    claimable: int
    hold: str
    rang: bool


@dataclass(frozen=True, slots=True)
class Reclaimed:
    """Leads that were taken from dead workers.

    Attributes:
        number: how many.
        poison: ids of those among them that are dead now.
    """

    number: int
    poison: tuple[str, ...] = ()
