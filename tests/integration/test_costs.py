"""What each thing costs on Redis, to the number: whoever changes one sees it here.

None of them depends on the machine: they are counted, and batches are of a fixed size.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from lead_producers import LeadProducer
from lead_worker.core.lifecycle import State

from tests.conftest import StartRedis
from tests.integration import cost_cases as does
from tests.integration.cost_cases import Case, Step
from tests.integration.costs import Cost, Counter, counting
from tests.integration.queues import Queue

Row = tuple[Callable[[Case], Step], int, int, int, int]
# What is done, and then: round trips, script calls, commands of Redis, bytes sent to it. The
# commands are all that Redis ran, within scripts too. What is done to 1,000 leads is for all of
# them.
COSTS: dict[str, Row] = {
    "enqueue one": (does.enqueue, 1, 1, 10, 984),
    "enqueue one, and ring": (does.enqueue_and_ring, 1, 1, 12, 984),
    "enqueue one with a key": (does.enqueue_with_a_key, 1, 1, 12, 1017),
    "enqueue a key again": (does.enqueue_a_key_again, 1, 1, 5, 1017),
    "enqueue one, no double click": (does.enqueue_what_is_new, 1, 1, 12, 1018),
    "enqueue a double click": (does.enqueue_a_double_click, 1, 1, 6, 1018),
    "enqueue 1,000": (does.enqueue_many, 5, 5, 3035, 137260),
    "enqueue 1,000 with keys": (does.enqueue_many_with_keys, 5, 5, 5035, 170260),
    "claim where nothing is": (does.claim_nothing, 1, 1, 11, 883),
    "claim under a hold": (does.claim_under_a_hold, 1, 1, 7, 883),
    "deliver 1,000, 20 at a time": (does.deliver_many, 51, 1051, 12860, 306441),
    "settle: delivered": (does.settle(State.DELIVERED), 1, 1, 10, 230),
    "settle: retry": (does.settle(State.WAITING), 1, 1, 9, 223),
    "settle: given back": (does.settle(State.WAITING, spends_attempt=False), 1, 1, 10, 223),
    "settle: unknown": (does.settle(State.UNKNOWN), 1, 1, 9, 223),
    "settle: parked": (does.settle(State.PARKED), 1, 1, 9, 222),
    "settle: dead": (does.settle(State.DEAD), 1, 1, 16, 288),
    "settle a look: found": (does.settle_a_look, 1, 1, 12, 231),
    "reclaim 100": (does.reclaim_many, 1, 1, 610, 129),
    "replay one": (does.replay_one, 1, 1, 17, 904),
    "launch a campaign of 1,000": (does.launch_many, 12, 12, 74, 40541),
    "replay 1,000, to their end": (does.replay_many, 89, 1075, 29135, 343373),
    "a beat of an idle worker": (does.beat(), 5, 4, 38, 1372),
    "a beat under a hold": (does.beat(held=True), 5, 4, 37, 1372),
}


def test_each_thing_costs_what_the_table_says(own_redis: StartRedis) -> None:
    with counting(own_redis(tcp=True, appendonly="no")) as counter:
        found = {name: cost_of(row[0], counter) for name, row in COSTS.items()}
    assert found == {name: Cost(*row[1:]) for name, row in COSTS.items()}


def cost_of(prepare: Callable[[Case], Step], counter: Counter) -> Cost:
    """Do it once in an empty namespace, and count."""
    queue = Queue(counter.url, "costs")
    with closing(queue), closing(LeadProducer.from_url(counter.url, "costs")) as producer:
        queue.client.flushall()
        step = prepare(Case(queue, producer))
        counter.begin()
        step()
        return counter.cost()
