"""A machine in which workers claim, settle, die and beat: in good order, late, and twice over.

It owns what workers were given, as far as the answers came. A machine begins in the middle of a
queue's life, so that it need not first bring leads into each state.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from lead_worker.core.lifecycle import State
from lead_worker.store import Claim, Claimed, Limits, Settlement
from lead_worker.store.runner import SCRIPTS, Call
from lead_worker.store.store import BATCH, POISON_EXPIRIES

from tests.integration import model_turns
from tests.integration.model_claims import Asked, Given
from tests.integration.model_outcomes import API_IDS, GROUPS, NOT_THERE, Said, sayings
from tests.integration.model_settling import PULSE_GAP_SECONDS
from tests.integration.model_wire import FATES, Fate
from tests.integration.queues import LEASE_SECONDS
from tests.integration.store_model import StoreMachine

WORKERS = st.sampled_from(["w1", "w2"])
CEILING = 256
GRACE = st.sampled_from([0.0, 0.0, 50.0])
BEFORE = (
    Said(State.DELIVERED, api_id="api-1"),
    Said(State.PARKED, spends_attempt=False),
    *(Said(State.UNKNOWN) for _ in range(2)),
    *(
        Said(State.DEAD, group=group, fields={"reason": reason})
        for reason, group in [*GROUPS.items()][1:3]
    ),
    Said(State.WAITING, 100.0),
)
"""What became of leads before a machine begins."""


class WorkerMachine(StoreMachine):
    """Does what workers do, too."""

    def __init__(self) -> None:
        super().__init__()
        self.handles: list[Claimed] = []
        self.numbers = {"w1": 0, "w2": 0}

    @initialize()
    def begin(self) -> None:
        """In the middle of a queue's life: there is a lead in each state, and workers died."""
        self.leases_are_looked_over(BATCH, 0.0, Fate.ARRIVES)
        self.enqueue([("", "")], "live", dedupes=False, fate=Fate.ARRIVES)
        for _ in range(4):  # that one kills its workers, and is dead of it
            self.a_worker_dies_of_what_it_claims("w2", 1)
            self.looks_find_nothing()
        self.enqueue([("", "")] * 11, "live", dedupes=False, fate=Fate.ARRIVES)
        self.enqueue([("k9", "c9"), ("", "")], "bulk", dedupes=True, fate=Fate.ARRIVES)
        self.turn([], self.next_claim("w1", 7), Fate.ARRIVES)
        done = [said.of(lead) for said, lead in zip(BEFORE, self.handles[-7:], strict=True)]
        self.turn(done, None, Fate.ARRIVES)
        self.a_worker_dies_of_what_it_claims("w2", 2)
        self.turn([], self.next_claim("w1", 8), Fate.ARRIVES)
        found = Said(State.DELIVERED, spends_attempt=False, api_id="api-2")
        self.turn([found.of(next(h for h in self.in_hand if h.look))], None, Fate.ARRIVES)
        self.enqueue([("", "")] * 2, "live", dedupes=False, fate=Fate.ARRIVES)

    @rule(worker=WORKERS, most=st.integers(1, 4), ours=st.sampled_from([0, 0, 2]),
          ceiling=st.sampled_from([CEILING, CEILING, 2]), fate=FATES)  # fmt: skip
    def a_worker_claims(self, worker: str, most: int, ours: int, ceiling: int, fate: Fate) -> None:
        self.turn([], self.next_claim(worker, most, ours, ceiling), fate)

    def next_claim(self, worker: str, most: int, ours: int = 0, ceiling: int = CEILING) -> Asked:
        self.numbers[worker] += 1
        return Asked(worker, self.numbers[worker], most, ours, ceiling)

    @rule(worker=WORKERS, most=st.integers(1, 4), fate=FATES)
    def a_claim_is_made_again_though_its_answer_came(
        self, worker: str, most: int, fate: Fate
    ) -> None:
        """Rather the last one that gave leads, however much was done to them since."""
        last = self.model.batches.get(worker)
        number = last.number if last else self.numbers[worker]
        self.turn([], Asked(worker, number, most, 0, CEILING), fate)

    @rule(data=st.data(), most=st.sampled_from([0, 0, 2]), fate=FATES)
    @precondition(lambda self: self.handles)
    def a_worker_settles_late(self, data: st.DataObject, most: int, fate: Fate) -> None:
        """Whoever ever had leads says what became of them, whoever has them by now."""
        self.settle(data, self.lost or self.handles[-8:], most, fate)

    @rule(data=st.data(), fate=FATES)
    @precondition(lambda self: self.lost)
    def who_lost_leads_has_delivered_them_all_the_same(
        self, data: st.DataObject, fate: Fate
    ) -> None:
        """So whoever has them by now delivers them a second time, or did."""
        api_id = data.draw(API_IDS)
        self.turn([Said(State.DELIVERED, api_id=api_id).of(each) for each in self.lost], None, fate)

    @rule(data=st.data(), workers=st.lists(WORKERS, min_size=1, max_size=3), fate=FATES)
    def workers_go_through_batches(
        self, data: st.DataObject, workers: list[str], fate: Fate
    ) -> None:
        """All that one has by then comes to one end, looks to another."""
        for worker in workers:
            self.turn([], self.next_claim(worker, 4), Fate.ARRIVES)
            had = [lead for lead in self.in_hand if lead.token.startswith(f"{worker}:")]
            said = {lead.look: data.draw(sayings(lead)) for lead in had}
            self.turn([said[lead.look].of(lead) for lead in had], None, fate)

    @rule(data=st.data(), most=st.sampled_from([0, 0, 2]), fate=FATES)
    @precondition(lambda self: self.in_hand)
    def a_worker_settles_what_it_has(self, data: st.DataObject, most: int, fate: Fate) -> None:
        self.settle(data, self.in_hand, most, fate)

    @property
    def in_hand(self) -> list[Claimed]:
        """Leads that are still those of the worker which was given them."""
        leads = self.model.leads
        return [h for h in self.handles if h.lead_id in leads and leads[h.lead_id].token == h.token]

    @property
    def lost(self) -> list[Claimed]:
        """Leads that a worker was given, and has not settled, and that went on without it."""
        leads, late = self.model.leads, list[Claimed]()
        for handle in self.handles:
            lead = leads.get(handle.lead_id)
            if lead and handle.token not in (lead.token, lead.settled):
                late.append(handle)
        return late[-8:]

    def settle(self, data: st.DataObject, had: list[Claimed], most: int, fate: Fate) -> None:
        """Some of these leads are settled, perhaps one twice and in two ways."""
        named = {f"{lead.lead_id} of {lead.token}": lead for lead in had}
        names = data.draw(st.lists(st.sampled_from([*named]), min_size=1, max_size=3))
        handles = [named[name] for name in names]
        done = [data.draw(sayings(lead)).of(lead) for lead in handles]
        worker = handles[0].token.partition(":")[0]
        self.turn(done, self.next_claim(worker, most) if most else None, fate)

    def turn(self, done: list[Settlement], asked: Asked | None, fate: Fate) -> None:
        """Settle and claim in one round trip; who hears of leads has them from then on."""

        def model() -> tuple[tuple[str, ...], Given]:
            verdicts = tuple(self.model.settle(each) for each in done)
            return verdicts, model_turns.of_model(self.model.claim(asked)) if asked else Given()

        self.both(fate, lambda: self._turn(done, asked), model)

    def _turn(self, done: list[Settlement], asked: Asked | None) -> tuple[tuple[str, ...], Given]:
        worker = asked.worker if asked else "w1"
        claim = Claim(asked.number, asked.most, asked.ours) if asked else None
        limits = Limits(LEASE_SECONDS, asked.ceiling if asked else CEILING)
        turn = self.wire.store(worker).turn(done, claim, limits)
        self.handles += turn.claimed
        return turn.verdicts, model_turns.of_store(turn, self.began_at)

    @rule(most=st.sampled_from([1, BATCH, BATCH]), grace=GRACE,
          fate=FATES)  # fmt: skip
    def leases_are_looked_over(self, most: int, grace: float, fate: Fate) -> None:
        """Not by `Store.reclaim`: a pulse may be 25 s apart here, and not 5 s."""
        call = Call(SCRIPTS["reclaim"], (most, POISON_EXPIRIES, PULSE_GAP_SECONDS, grace))

        def real() -> list[str]:
            _, *poison = self.wire.store().runner.run([call])[0]
            return [lead_id.decode() for lead_id in poison]

        self.both(fate, real, lambda: self.model.reclaim(most, grace))

    @rule(worker=WORKERS, most=st.integers(1, 3), grace=GRACE)
    def a_worker_dies_of_what_it_claims(self, worker: str, most: int, grace: float = 0.0) -> None:
        """Its leases run out, as somebody sees at the second look; its leads may be to blame."""
        self.turn([], self.next_claim(worker, most), Fate.ARRIVES)
        for _ in range(2):
            self.pass_time(20.0)
            self.leases_are_looked_over(BATCH, grace, Fate.ARRIVES)

    @rule(kills=st.integers(0, 5))
    def a_suspect_is_sent_again(self, kills: int) -> None:
        """It may kill again, until it has killed too many; and it is sent alone, whoever asks."""
        for _ in range(kills):
            self.looks_find_nothing()
            self.a_worker_dies_of_what_it_claims("w2", 1)
        self.looks_find_nothing()
        for ours in (0, 1):
            self.turn([], self.next_claim("w2", 1, ours), Fate.ARRIVES)

    def looks_find_nothing(self) -> None:
        """So those leads wait again; what else is claimed meanwhile is set aside, but suspects."""
        self.turn([], self.next_claim("w1", 4), Fate.ARRIVES)
        aside = Said(State.WAITING, 100.0, spends_attempt=False)
        suspects = {i for i, lead in self.model.leads.items() if lead.suspect is not None}
        others = [h for h in self.in_hand if h.look or h.lead_id not in suspects]
        done = [(NOT_THERE if h.look else aside).of(h) for h in others]
        self.turn(done, None, Fate.ARRIVES)

    @rule(worker=WORKERS, does=st.sampled_from(["beats", "beats", "answers", "leaves"]), fate=FATES)
    def a_worker_does_what_concerns_no_lead(self, worker: str, does: str, fate: Fate) -> None:
        """It beats, answers a bell, or stops in good order."""
        if does == "beats":
            self.beat(worker, fate)
        elif does == "answers":
            self.queue.client.delete(self.queue.keys.bell)
            self.model.bell = False
        else:
            store = self.wire.store(worker)
            self.both(fate, store.leave, lambda: self.model.leave(worker))

    def beat(self, worker: str, fate: Fate) -> None:
        def real() -> tuple[object, ...]:
            beat = self.wire.store(worker).beat({"pid": 1}, most_in_flight=CEILING)
            return beat.claimable, beat.rang, beat.over, [*beat.campaigns]

        def model() -> tuple[object, ...]:
            claimable, rang = self.model.beat(CEILING)
            return claimable, rang, self.model.is_over, self.model.active

        self.both(fate, real, model)
