"""A model of the store in plain Python, and a machine that does the same to both by chance.

It owns what should come of each step; that the steps are many, and in any order, is hypothesis's.
"""

from __future__ import annotations

import uuid
from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from lead_worker.core.lifecycle import State
from lead_worker.store import Claimed
from lead_worker.store.store import POISON_EXPIRIES

from tests.integration.holding import PAUSE, hold, unhold
from tests.integration.model_leads import SHARES, Lead, next_queue
from tests.integration.queues import ENTRY, GOES_ON, LEASE_SECONDS, Queue, settlement

WORKERS = st.sampled_from(["w1", "w2", "w3"])
FINAL = (State.DELIVERED, State.DEAD, State.DISCARDED, State.ERASED)
# Time passes in steps that no slow machine can make up for.
SECONDS = st.sampled_from([0.0, 100.0, 1000.0])


class StoreMachine(RuleBasedStateMachine):
    """Does to the store what workers and people do, and to the model what should come of it."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.queue = Queue(self.url, f"model-{uuid.uuid4().hex[:12]}")
        self.leads: dict[str, Lead] = {}
        self.handles: list[Claimed] = []
        self.last: dict[str, tuple[str, list[str], bool]] = {}
        self.accepted = self.forgotten = self.duplicates = self.moves = 0
        self.keys: dict[str, str] = {}
        self.held = False
        self.owed = dict.fromkeys(SHARES, 0)

    def teardown(self) -> None:
        assert self.queue.problems() == []
        self.queue.client.delete(*self.queue.client.keys(f"{self.queue.keys.prefix}*") or ["x"])
        self.queue.close()

    @property
    def now(self) -> float:
        return self.queue.later_seconds

    def move(self, to: State, due: float, *together: Lead) -> None:
        """Leads that one script moves have one time; who has the same goes by its id."""
        self.moves += 1
        for lead in together:
            lead.state, lead.due, lead.moved = to, due, self.moves

    def due(self, state: State, lane: str | None = None) -> list[str]:
        found = [
            (lead.due, lead.moved, lead_id)
            for lead_id, lead in self.leads.items()
            if lead.state is state and lane in (None, lead.lane) and lead.due <= self.now
        ]
        return [lead_id for *_, lead_id in sorted(found)]

    @initialize()
    def begin(self) -> None:
        self.queue.store().reclaim(0.0)
        self.enqueue("live", "", 3)

    @rule(lane=st.sampled_from(["live", "bulk"]), key=st.sampled_from(["", "", "k1", "k2"]),
          many=st.integers(1, 3))  # fmt: skip
    def enqueue(self, lane: str, key: str, many: int) -> None:
        ids = [f"lead-{len(self.leads) + n + self.forgotten}" for n in range(many)]
        expected: list[object] = ["ok"]
        for place, lead_id in enumerate(ids):
            if key in self.keys:
                expected += [place, self.keys[key]]
                continue
            if key:
                self.keys[key] = lead_id
            self.leads[lead_id] = Lead(lane)
            self.move(State.WAITING, self.now, self.leads[lead_id])
            self.accepted += 1
        for _ in range(2):
            assert self.queue.accept(*ids, lane=lane, key=key) == expected

    @rule(worker=WORKERS, most=st.integers(1, 4), in_flight=st.sampled_from([0, 0, 2]))
    def claim(self, worker: str, most: int, in_flight: int) -> None:
        looks = self.due(State.UNKNOWN)
        expected, alone = self._claimable(worker, most, in_flight)
        found = self.queue.claim(worker, most, in_flight)
        assert [lead.lead_id for lead in found] == expected
        assert [lead.look for lead in found] == [lead_id in looks for lead_id in expected]
        for claimed in found:
            lead = self.leads[claimed.lead_id]
            told = (claimed.attempts, claimed.returned, claimed.expiries)
            assert told == (lead.attempts, lead.returned, lead.expiries)
            lead.token = claimed.token
        for to in (State.UNKNOWN, State.LEASED):
            these = [self.leads[c.lead_id] for c in found if c.look == (to is State.UNKNOWN)]
            self.move(to, self.now + LEASE_SECONDS, *these)
        self.handles += found
        if found:
            self.last[worker] = (found[0].token, expected, alone)

    def _claimable(self, worker: str, most: int, in_flight: int) -> tuple[list[str], bool]:
        """Whom a claim should give, and whether it is a suspect alone."""
        token, last, alone = self.last.get(worker, ("", [], False))
        if self.held or (alone and in_flight and self._is_leased(last[0], token)):
            return [], False
        queues = {
            "live": self.due(State.WAITING, "live"),
            "bulk": self.due(State.WAITING, "bulk"),
            "unknown": self.due(State.UNKNOWN),
        }
        given: list[str] = []
        contended = sum(map(bool, queues.values())) > 1
        owed = dict(self.owed) if contended else dict.fromkeys(SHARES, 0)
        alone = False
        while len(given) < most and any(queues.values()):
            name = next_queue(owed, [name for name, ids in queues.items() if ids])
            lead_id = queues[name].pop(0)
            if name != "unknown" and self.leads[lead_id].suspect is not None:
                alone = not given and not in_flight
                given += [lead_id] if alone else []
                break
            given.append(lead_id)
        if given and contended:
            self.owed = owed
        return given, alone

    def _is_leased(self, lead_id: str, token: str) -> bool:
        lead = self.leads.get(lead_id)
        return lead is not None and lead.state is State.LEASED and lead.token == token

    @rule(worker=WORKERS)
    def claim_again(self, worker: str) -> None:
        """The answer to the last claim was lost; only one that gave leads is repeated here."""
        token, last, _ = self.last.get(worker, ("", [], False))
        if token != f"{worker}:{self.queue.number(worker)}":
            return
        expected = [
            lead_id
            for lead_id in last
            if lead_id in self.leads
            and self.leads[lead_id].token == token
            and self.leads[lead_id].state in (State.LEASED, State.UNKNOWN)
        ]
        found = self.queue.claim_again(worker, 4)
        assert [lead.lead_id for lead in found] == expected
        for to in (State.UNKNOWN, State.LEASED):
            these = [self.leads[i] for i in expected if self.leads[i].state is to]
            self.move(to, self.now + LEASE_SECONDS, *these)

    @rule(data=st.data(), to=st.sampled_from(GOES_ON), due=SECONDS, spends=st.booleans())
    @precondition(lambda self: self.handles)
    def settle(self, data: st.DataObject, to: State, due: float, spends: bool) -> None:
        """Any worker that ever had a lead says what became of it; any number of times."""
        claimed = data.draw(st.sampled_from(self.handles[-8:]))
        api_id = f"{claimed.lead_id}@{claimed.token}" if to is State.DELIVERED else ""
        done = settlement(
            claimed,
            to,
            api_id=api_id,
            due_seconds=due,
            spends_attempt=spends or to is not GOES_ON[1],
        )
        expected = self._settled(claimed, to, due, done.spends_attempt, api_id)
        assert self.queue.settle(done) == (expected,)

    def _settled(self, claimed: Claimed, to: State, due: float, spends: bool, api_id: str) -> str:
        lead, token = self.leads.get(claimed.lead_id), claimed.token
        if lead is None:
            return "gone"
        ours, news = lead.token == token, bool(api_id) and api_id not in lead.api_ids
        if lead.settled == token:
            return "done"
        if lead.state is State.ERASED:
            self._learn(lead, api_id, news)
            lead.settled = token
            return "erased"
        if lead.state is State.DELIVERED:
            self._learn(lead, api_id, news)
            return "duplicate" if news else "done" if api_id else "stale"
        if not ours and to is not State.DELIVERED:
            return "stale"
        self._learn(lead, api_id, news)
        self._count(lead, to, spends, ours)
        self.move(to, self.now + due, lead)
        lead.settled, lead.token, lead.expired = token, "", ""
        return "ok" if ours else "late"

    def _learn(self, lead: Lead, api_id: str, news: bool) -> None:
        if news:
            self.duplicates += bool(lead.api_ids)
            lead.api_ids.append(api_id)

    def _count(self, lead: Lead, to: State, spends: bool, ours: bool) -> None:
        if lead.state is State.LEASED:
            lead.attempts += spends
            lead.suspect = None if spends else lead.suspect
        elif ours and lead.expired == lead.token:
            lead.expiries -= 1
            lead.suspect = None
            lead.attempts -= not spends
        lead.returned += not spends and to is State.WAITING

    @rule()
    def reclaim(self) -> None:
        store = self.queue.store()
        store.reclaim(0.0)
        store.reclaim(0.0)
        found = [self.leads[lead_id] for lead_id in self.due(State.LEASED)]
        for lead in found:
            lead.attempts, lead.expiries = lead.attempts + 1, lead.expiries + 1
            lead.expired = lead.token
            lead.suspect = 0 if lead.suspect is None else lead.suspect + 1
        poison = [lead for lead in found if (lead.suspect or 0) >= POISON_EXPIRIES]
        self.move(State.UNKNOWN, self.now, *found)
        self.move(State.DEAD, self.now, *poison)

    @rule(seconds=st.sampled_from([10.0, 40.0, 200.0]))
    def time_passes(self, seconds: float) -> None:
        self.queue.pass_time(seconds)

    @rule()
    def hold_or_resume(self) -> None:
        store = self.queue.store()
        assert unhold(store) if self.held else hold(store, PAUSE)
        self.held = not self.held

    @rule(
        data=st.data(), to=st.sampled_from([State.WAITING, State.DISCARDED]), act=st.integers(1, 2)
    )
    @precondition(lambda self: self.leads)
    def replay_or_discard(self, data: st.DataObject, to: State, act: int) -> None:
        lead_id, act_token = data.draw(self._some()), f"{to}-{act}"
        lead, store = self.leads[lead_id], self.queue.store()
        does = store.replay if to is State.WAITING else store.discard
        expected = str(lead.state)
        if lead.act == act_token:
            expected = "done"
        elif lead.state in (State.DEAD, State.PARKED):
            expected = "ok"
            lead.act, lead.was = act_token, lead.state
            if to is State.WAITING:
                lead.begin_anew()
            else:
                lead.leave_workers()
            self.move(to, self.now, lead)
        assert does(lead_id, act_token, ENTRY) == expected

    @rule(data=st.data())
    @precondition(lambda self: self.leads)
    def erase(self, data: st.DataObject) -> None:
        lead_id = data.draw(self._some())
        lead = self.leads[lead_id]
        assert self.queue.store().erase(lead_id, ENTRY) == (
            "erased" if lead.state == "erased" else "ok"
        )
        if lead.state is not State.ERASED:
            lead.token = lead.settled = lead.act = ""
            self.move(State.ERASED, self.now, lead)

    @rule(state=st.sampled_from(FINAL))
    def forget(self, state: State) -> None:
        gone = [lead_id for lead_id, lead in self.leads.items() if lead.state is state]
        assert self.queue.store().forget(state, 0.0) == len(gone)
        for lead_id in gone:
            del self.leads[lead_id]
        self.forgotten += len(gone)
        self.keys = {key: holder for key, holder in self.keys.items() if holder not in gone}

    def _some(self) -> st.SearchStrategy[str]:
        """A lead that something may be done with, rather than just any."""
        idle = (State.DEAD, State.PARKED)
        resting = [lead_id for lead_id, lead in self.leads.items() if lead.state in idle]
        return st.sampled_from([*self.leads, *resting * 3])

    @invariant()
    def both_tell_the_same(self) -> None:
        places = {lead_id: str(lead.state) for lead_id, lead in self.leads.items()}
        assert self.queue.store().check(self.leads) == places
        counts = self.queue.store().counts()
        model = Counter(lead.state for lead in self.leads.values())
        assert {state: getattr(counts, state) for state in State} == {s: model[s] for s in State}
        numbers = (counts.accepted, counts.forgotten, counts.duplicates)
        assert numbers == (self.accepted, self.forgotten, self.duplicates)
        assert counts.accepted == counts.accounted
        assert (counts.hold is not None) == self.held
