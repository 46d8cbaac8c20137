"""What is counted: how each thing is prepared, and what is done while it is counted."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from lead_producers import LeadProducer
from lead_worker.core.lifecycle import State
from lead_worker.courier import Courier
from lead_worker.heartbeat import Heartbeat
from lead_worker.metering import Meter
from lead_worker.reporting import Reporter
from lead_worker.settings import load
from lead_worker.store import Claim, Claimed, Settlement

from tests.integration.dead_letters import campaigns, dead, launch
from tests.integration.holding import PAUSE, hold
from tests.integration.queues import ENTRY, LEASE_SECONDS, WIDE, Queue, settlement

LEAD = {"name": "Ana Souza", "email": "ana@exemplo.example", "phone": "+5511987654321"}
MANY = 1000
IN_FLIGHT = 20
"""How many leads a worker sends at once, where a thousand are delivered."""

Step = Callable[[], object]
"""What is counted; it is made by a case, which has prepared it by then."""


class Case:
    """Makes steps in one namespace."""

    def __init__(self, queue: Queue, producer: LeadProducer) -> None:
        self.queue = queue
        self.producer = producer
        self._numbers = count(1000)
        self._ids = count()

    def enqueued(self, number: int) -> list[str]:
        """So many leads wait."""
        lead_ids = [f"{next(self._ids):032}" for _ in range(number)]
        for start in range(0, number, 500):
            self.queue.accept(*lead_ids[start : start + 500])
        return lead_ids

    def claimed(self, number: int) -> list[Claimed]:
        """So many leads are one worker's."""
        self.enqueued(number)
        return list(self.queue.turn("w1", number, limits=WIDE).claimed)

    def deliver_all(self) -> None:
        """As one dispatcher does it: each turn settles a batch and claims the next."""
        done: list[Settlement] = []
        while True:
            claim = Claim(next(self._numbers), IN_FLIGHT)
            turn = self.queue.store().turn(done, claim, WIDE)
            assert set(turn.verdicts) <= {"ok"}
            if not turn.claimed:
                return
            done = [settlement(i, State.DELIVERED, api_id=i.lead_id) for i in turn.claimed]

    def died(self, number: int) -> list[str]:
        """So many leads are dead."""
        leads = self.claimed(number)
        self.queue.settle(*map(dead, leads))
        return [lead.lead_id for lead in leads]


def enqueue(case: Case) -> Step:
    case.producer.enqueue(LEAD)
    return lambda: case.producer.enqueue(LEAD)


def enqueue_and_ring(case: Case) -> Step:
    case.producer.enqueue(LEAD)
    case.queue.client.delete(case.queue.keys.bell)
    return lambda: case.producer.enqueue(LEAD)


def enqueue_with_a_key(case: Case) -> Step:
    case.producer.enqueue(LEAD)
    return lambda: case.producer.enqueue(LEAD, key="form-1")


def enqueue_a_key_again(case: Case) -> Step:
    case.producer.enqueue(LEAD, key="form-1")
    return lambda: case.producer.enqueue(LEAD, key="form-1")


def enqueue_what_is_new(case: Case) -> Step:
    case.producer.enqueue({"name": "another"})
    return lambda: case.producer.enqueue(LEAD, dedupe_seconds=60)


def enqueue_a_double_click(case: Case) -> Step:
    case.producer.enqueue(LEAD, dedupe_seconds=60)
    return lambda: case.producer.enqueue(LEAD, dedupe_seconds=60)


def enqueue_many(case: Case) -> Step:
    case.producer.enqueue(LEAD)
    return lambda: case.producer.enqueue_many([LEAD] * MANY)


def enqueue_many_with_keys(case: Case) -> Step:
    case.producer.enqueue(LEAD)
    return lambda: case.producer.enqueue_many([LEAD] * MANY, key=lambda index, _: f"row-{index}")


def claim_nothing(case: Case) -> Step:
    case.claimed(1)
    return lambda: case.queue.turn("w1", 1)


def claim_under_a_hold(case: Case) -> Step:
    case.claimed(1)
    case.enqueued(2)
    hold(case.queue.store(), PAUSE)
    return lambda: case.queue.turn("w1", 1)


def deliver_many(case: Case) -> Step:
    case.enqueued(1)
    case.deliver_all()
    case.enqueued(MANY)
    return case.deliver_all


def settle(to: State, *, spends_attempt: bool = True) -> Callable[[Case], Step]:
    """One lead is settled; another was before, so that the script is known."""

    def prepare(case: Case) -> Step:
        first, second = case.claimed(2)
        case.queue.settle(settlement(first, State.DELIVERED, api_id="api-0"))
        done = settlement(second, to, spends_attempt=spends_attempt)
        return lambda: case.queue.settle(dead(second) if to is State.DEAD else done)

    return prepare


def settle_a_look(case: Case) -> Step:
    case.queue.accept_unknown("a" * 32)
    (look,) = case.queue.claim()
    done = settlement(look, State.DELIVERED, api_id="api-1", look=True, spends_attempt=False)
    return lambda: case.queue.settle(done)


def reclaim_many(case: Case) -> Step:
    """A hundred at a time, as each beat does."""
    case.claimed(100)
    case.queue.pass_time(LEASE_SECONDS + 1)
    case.queue.store().reclaim(0.0)
    return lambda: case.queue.store().reclaim(0.0)


def replay_one(case: Case) -> Step:
    first, second = case.died(2)
    case.queue.store().replay(first, "act", ENTRY)
    return lambda: case.queue.store().replay(second, "act", ENTRY)


def launch_many(case: Case) -> Step:
    lead_ids = case.died(MANY + 1)
    launch(case.queue, lead_ids[MANY:], "warm")
    return lambda: launch(case.queue, lead_ids[:MANY])


def replay_many(case: Case) -> Step:
    """A campaign lets them go, they are delivered, and it notes that they are."""
    launch(case.queue, case.died(MANY))
    case.deliver_all()
    return lambda: _bring_home(case)


def _bring_home(case: Case) -> None:
    found = campaigns(case.queue)
    while found.active():
        case.queue.pass_time(1.0)
        found = campaigns(case.queue)
        while found.advance("c", 0):
            pass
        case.deliver_all()


def beat(*, held: bool = False) -> Callable[[Case], Step]:
    """A heartbeat of a worker that has nothing to do."""

    def prepare(case: Case) -> Step:
        heartbeat = _heartbeat(case.queue)
        heartbeat.beat()
        case.producer.enqueue(LEAD)
        if held:
            hold(case.queue.store(), PAUSE)
        else:
            case.deliver_all()
        return heartbeat.beat

    return prepare


def _heartbeat(queue: Queue) -> Heartbeat:
    """One of a worker whose courier is not started: it beats when it is told to."""
    settings = load({"LEADS_API_TOKEN": "token"})
    store, reporter, meter = queue.store(), Reporter(settings, "w1"), Meter()
    return Heartbeat(
        store,
        Courier(settings, store, reporter, meter),
        reporter,
        {"pid": 1, "concurrency": settings.concurrency},
        most_in_flight=settings.max_in_flight,
        rate_per_minute=settings.rate_per_minute,
        mend_consumer=lambda: None,
        check_namespace=lambda: store.open(settings.api_url),
        meter=meter,
    )
