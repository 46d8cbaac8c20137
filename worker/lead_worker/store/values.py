"""The values that go into the store and come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lead_worker.core.governor import Accused, Event, Governor, Hold
from lead_worker.core.lifecycle import State
from lead_worker.core.looks import BEGUN, Progress
from lead_worker.core.outcome import HoldKind


@dataclass(frozen=True, slots=True)
class Claim:
    """A request for leads. The same number asks for the same batch again.

    Attributes:
        number: counts up over the worker's life, from 1.
        most: how many leads it can begin to send now.
        in_flight: how many it is sending already; a lead under suspicion is claimed where it is 0.
        mark: of the API token that it will use, or "".
    """

    number: int
    most: int
    in_flight: int = 0
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker is set to, for the fleet.

    Attributes:
        lease_seconds: how long a claimed lead is its own.
        in_flight: the most requests in flight across the fleet.
        per_minute: requests a minute, 0 for no limit; an operator's number at run time wins.
        burst: requests that may go out at once after a pause; 0 for a hundredth of the rate.
    """

    lease_seconds: float
    in_flight: int = 256
    per_minute: int = 0
    burst: int = 0


@dataclass(frozen=True, slots=True)
class Claimed:
    """One lead that is this worker's until the lease ends.

    Attributes:
        lead_id: 32 hex digits.
        token: what its settlement must carry.
        look: it is unknown, and is not to be sent but to be looked for in the API.
        claimed_at: when (Redis's clock).
        canary_of: number of the hold that it is tried under, or 0.
        doubted: how often it was refused of late, in company, while the API turned out to be well.
        unknown_since_at: of a look, when the first attempt with an unknown outcome was claimed.
        progress: of a look, how far it has come.
        lane, source: as enqueued; source may be "".
        attempts, returned, expiries: counts, from 0.
        age_seconds: for how long it has been tried, time under holds left out; 0 at the first
            claim, and at the first after a replay.
        raw: the raw lead's bytes. Personal data.
        enqueued_at: when it was enqueued, or replayed last; 0 where its record does not say.
        trace: headers of the trace that it was enqueued in, as a JSON object; or "".
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
    claimed_at: float = 0.0
    canary_of: int = 0
    doubted: int = 0
    unknown_since_at: float = 0.0
    progress: Progress = BEGUN
    enqueued_at: float = 0.0
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one claimed lead.

    Attributes:
        due_seconds: for waiting and unknown, how long until it may be claimed again.
        entry: for the timeline; a JSON object with at least one member. May hold personal data.
        look: the API's id was found by a look, and not answered.
        group: of a dead letter, what it died of; see `core/groups.py`.
        fields: fields of the record that are set; no personal data.
    """

    lead_id: str
    token: str
    to: State
    entry: Mapping[str, object] = field(repr=False)
    due_seconds: float = 0.0
    spends_attempt: bool = True
    api_id: str = ""
    look: bool = False
    group: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """Nothing may be claimed now.

    Attributes:
        over: its time is over, and somebody has to end it.
        token_mark: of the token that was refused, or "".
    """

    kind: HoldKind
    until_at: float | None
    over: bool = False
    token_mark: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one round trip gave.

    Attributes:
        verdicts: for each settlement one of ok, done, stale, late, duplicate, taken, erased, gone.
        claimed: the leads, maybe none; also none where none was asked for.
        held: the hold that stands in the way, or None.
        more: more leads may be claimed now.
        again_seconds: after so long more may be claimed, or None where somebody will ring.
        busy: whether successes teach the governor something.
        paced: there is a rate, so that who sends late has missed its turn.
    """

    verdicts: tuple[str, ...]
    claimed: tuple[Claimed, ...] = ()
    held: Held | None = None
    more: bool = False
    now_at: float = 0.0
    again_seconds: float | None = None
    busy: bool = False
    paced: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How many leads are in each state, all at one moment.

    Attributes:
        waiting_live, waiting_bulk: by lane.
        claimable: waiting and due, or unknown and due for a look.
        oldest_due_at: when the first waiting lead is or was due, or None.
        duplicates: second ids that the API gave for one lead.
        in_flight: requests in flight across the fleet.
        governor: what the fleet knows of what may be sent; version is that of its record.
        rate: what an operator has set at run time: `per_minute`, `by`, `since`; or nothing.
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
    in_flight: int = 0
    governor: Governor = field(default_factory=Governor)
    version: str = "0"
    rate: Mapping[str, str] = field(default_factory=dict)

    @property
    def hold(self) -> Hold | None:
        """The hold in force; one whose time is over is none, though nobody has ended it yet."""
        hold = self.governor.hold
        over = hold is not None and hold.until_at is not None and self.now_at >= hold.until_at
        return None if over else hold

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
    """What a worker's beat gave.

    Attributes:
        claimable: how many leads may be claimed; 0 under a hold that lets none through.
        rang: whether it rang.
        over: a hold's time is over, and somebody has to end it.
        campaigns: ids of those that are under way.
        bell: mark of the bell that lies there longest; "" where none does or it has just been rung.
        batch: id of the events, "" where there are none. They come again, to whoever beats, until
            the id is confirmed with a later beat.
        events: what is to be reported; JSON objects, no personal data.
    """

    now_at: float
    claimable: int
    rang: bool
    over: bool = False
    campaigns: tuple[str, ...] = ()
    bell: str = ""
    batch: str = ""
    events: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What a decision about the governor is made on.

    Attributes:
        in_flight: requests in flight across the fleet.
        capacity: threads that the living workers send with; 0 where none has said.
        version: of the record.
    """

    now_at: float
    in_flight: int
    capacity: int
    governor: Governor
    version: str


@dataclass(frozen=True, slots=True)
class Governed:
    """What became of a decision.

    Attributes:
        replaced: whether the record was still the one that it was made on.
        convicted: ids of leads that are dead now, because the API is well.
    """

    replaced: bool
    convicted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A new record for the governor.

    Attributes:
        version: of the record that it was decided on.
        act: a token of this decision, so that it can be repeated.
    """

    governor: Governor
    version: str
    act: str
    convicted: tuple[Accused, ...] = ()
    doubted: tuple[Accused, ...] = ()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Reclaimed:
    """Leads that were taken from dead workers.

    Attributes:
        number: how many.
        poison: ids of those among them that are dead now.
    """

    number: int
    poison: tuple[str, ...] = ()
