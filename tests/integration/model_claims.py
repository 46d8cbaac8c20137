"""The model of a claim: who may be sent now, by the governor, the rate, and the queues' shares."""

from __future__ import annotations

from dataclasses import dataclass

from lead_worker.core.lifecycle import State
from lead_worker.core.looks import BEGUN, Progress

from tests.integration.model_governor import Governed
from tests.integration.model_leads import SHARES, Lead, next_queue
from tests.integration.queues import LEASE_SECONDS


@dataclass(frozen=True)
class Asked:
    """What a worker asks for."""

    worker: str
    number: int
    most: int
    ours: int
    ceiling: int

    @property
    def token(self) -> str:
        return f"{self.worker}:{self.number}"


@dataclass(frozen=True)
class Told:
    """What a worker is told of a lead that it claimed; times are rounded by whoever compares."""

    lead_id: str
    token: str
    look: bool
    lane: str
    attempts: int
    returned: int
    expiries: int
    raw: bytes
    age: float
    enqueued_at: float
    canary_of: int
    doubted: int
    unknown_since: float
    progress: Progress


@dataclass(frozen=True)
class Given:
    """The answer to a claim.

    Attributes:
        held: the kind of the hold in the way, or "".
        over: that hold's time is over.
        more: others could be claimed at once.
    """

    leads: tuple[Told, ...] = ()
    held: str = ""
    over: bool = False
    more: bool = False


@dataclass(frozen=True)
class Batch:
    """What a worker claimed last."""

    number: int
    lead_ids: tuple[str, ...]
    alone: bool
    canary_of: int


class Claims(Governed):
    """Books of a fleet that claims."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: dict[str, Batch] = {}
        self.owed = dict.fromkeys(SHARES, 0)

    def claim(self, asked: Asked) -> Given:
        """What a claim gives; one that was here before gives the same, or nothing if it is late."""
        last = self.batches.get(asked.worker, Batch(0, (), False, 0))
        if last.number > asked.number:
            return Given()
        if last.number == asked.number:
            return self._claim_again(asked, last)
        room, only = self.admit(self.in_flight, asked.ceiling)
        if self.hold and not room:
            return Given(held=self.hold.kind, over=self.is_over)
        if last.alone and asked.ours and self._has(last.lead_ids[0], asked.worker, last.number):
            return Given()
        limit = int(min(asked.most, room, self.permits))
        if only:
            return self._claim_one(asked, only) if limit else Given()
        return self._claim_many(asked, limit, room)

    def _has(self, lead_id: str, worker: str, number: int) -> bool:
        lead = self.leads.get(lead_id)
        return bool(lead and lead.state is State.LEASED and lead.token == f"{worker}:{number}")

    def _claim_again(self, asked: Asked, last: Batch) -> Given:
        """Of the batch, what is still the worker's; nothing of it has begun."""
        ours = [
            lead_id
            for lead_id in last.lead_ids
            if lead_id in self.leads
            and self.leads[lead_id].token == asked.token
            and self.leads[lead_id].state in (State.LEASED, State.UNKNOWN)
        ]
        told = tuple(self._tell(lead_id, asked, last.canary_of) for lead_id in ours)
        self._lease(ours)
        if ours and last.canary_of and self.hold and self.hold.number == last.canary_of:
            self.guard(self.now + LEASE_SECONDS + 1)
        return Given(told)

    def _claim_one(self, asked: Asked, only: str) -> Given:
        """Under a hold: the one that is likeliest to be delivered."""
        assert self.hold
        lead_id = self._canary(asked, only)
        if lead_id is None:
            return Given()
        alone = self.leads[lead_id].suspect is not None
        given = self._take(asked, [lead_id], alone=alone, canary_of=self.hold.number)
        self.guard(self.now + LEASE_SECONDS + 1, canary=lead_id)
        return given

    def _canary(self, asked: Asked, only: str) -> str | None:
        """Rather one that is not accused, was not the last, is no suspect, was never given back;
        of the newest and the oldest of each lane; and a question only where there is no other."""
        held, found = self.hold, list[tuple[int, str]]()
        assert held
        for queue in SHARES if only == "canary" else ("due:live", "due:bulk"):
            looked = queue == "unknown"
            for lead_id in (*(() if looked else self.last(queue)), *self.first(queue)):
                lead, accused = self.leads[lead_id], lead_id in held.accused
                barred = (accused and only == "trial") or (lead.suspect is not None and asked.ours)
                rank = 16 * looked + 8 * accused + 4 * (lead_id == held.canary)
                rank += 2 * (lead.suspect is not None) + (lead.returned > 0)
                found += [] if barred else [(rank, lead_id)]
        return min(found, key=lambda each: each[0])[1] if found else None

    def _claim_many(self, asked: Asked, limit: int, room: int) -> Given:
        """Whom a claim gives: by the queues' shares, and a suspect alone."""
        queues = {queue: self.due(queue) for queue in SHARES}
        claimable = self.claimable
        contended = sum(map(bool, queues.values())) > 1
        owed = dict(self.owed) if contended else dict.fromkeys(SHARES, 0)
        given: list[str] = []
        closed = alone = False
        while len(given) < limit and any(queues.values()) and not closed:
            name = next_queue(owed, [name for name, ids in queues.items() if ids])
            lead_id = queues[name].pop(0)
            closed = name != "unknown" and self.leads[lead_id].suspect is not None
            alone = closed and not given and not asked.ours
            given += [lead_id] if alone or not closed else []
        if not given:
            return Given()
        if contended:
            self.owed = owed
        left = claimable > len(given)
        if left and room > len(given) and self.permits > len(given):
            self.ring()
        told = self._take(asked, given, alone=alone, canary_of=0)
        return Given(told.leads, more=left and len(given) == asked.most and not closed)

    def _take(self, asked: Asked, lead_ids: list[str], *, alone: bool, canary_of: int) -> Given:
        """Lease leads, and remember the batch."""
        told = tuple(self._tell(lead_id, asked, canary_of) for lead_id in lead_ids)
        held_seconds = self.held_seconds
        for lead in [self.leads[lead_id] for lead_id in lead_ids]:
            lead.token = asked.token
            if lead.state is State.WAITING:
                lead.state, lead.claimed_at = State.LEASED, self.now
            if lead.tried_at is None:
                lead.tried_at, lead.held_before = self.now, held_seconds
        self._lease(lead_ids)
        self.take_permits(len(lead_ids))
        self.batches[asked.worker] = Batch(asked.number, tuple(lead_ids), alone, canary_of)
        return Given(told)

    def _lease(self, lead_ids: list[str]) -> None:
        """Leads are their worker's until the lease ends, to send or to look for."""
        end = self.now + LEASE_SECONDS
        self.put(end, *(self.leads[lead_id] for lead_id in lead_ids))
        looks = [i for i in lead_ids if self.leads[i].state is State.UNKNOWN]
        self.looking |= dict.fromkeys(looks, end)

    def _tell(self, lead_id: str, asked: Asked, canary_of: int) -> Told:
        lead = self.leads[lead_id]
        look = lead.state is State.UNKNOWN
        since = self.now if lead.unknown_since is None else lead.unknown_since
        enqueued_at = lead.accepted_at if lead.replayed_at is None else lead.replayed_at
        return Told(
            lead_id, asked.token, look, lead.lane, lead.attempts, lead.returned, lead.expiries,
            raw=lead.texts[-1],
            age=self._age(lead),
            enqueued_at=enqueued_at,
            canary_of=canary_of,
            doubted=0 if look else lead.doubts(self.now),
            unknown_since=since if look else 0.0,
            progress=(lead.progress or BEGUN) if look else BEGUN,
        )  # fmt: skip

    def _age(self, lead: Lead) -> float:
        """For how long it has been tried, without the time under holds."""
        if lead.tried_at is None or lead.held_before is None:
            return 0.0
        return self.now - lead.tried_at - (self.held_seconds - lead.held_before)

    def leave(self, worker: str) -> None:
        """A worker stops in good order."""
        self.batches.pop(worker, None)
