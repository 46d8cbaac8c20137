"""What a real worker costs Redis, for each lead and for each second in which it has nothing to do.

How many leads share a round trip depends on the machine, so these are the most that it may be.
"""

from __future__ import annotations

from tests.conftest import StartRedis
from tests.integration.cost_cases import MANY
from tests.integration.costs import Cost, Counter, counting
from tests.integration.fleet import ONE_REDIS, MakeFleet, named, wait_until
from tests.integration.holding import PAUSE, hold, unhold

#                     round trips, script calls, commands, bytes sent
FOR_EACH_LEAD = Cost(0.5, 1.5, 28, 800)
FOR_EACH_BEAT = Cost(8, 5, 45, 2500)
BEATS = 3


@ONE_REDIS
def test_a_worker_costs_no_more_than_that(own_redis: StartRedis, make_fleet: MakeFleet) -> None:
    with counting(own_redis(tcp=True, appendonly="no")) as counter:
        fleet = make_fleet(counter.direct_url)
        worker = fleet.start_worker(LEADS_REDIS_URL=counter.url, LEADS_CONCURRENCY="20")
        wait_until(lambda: " ready." in worker.log)
        fleet.enqueue(named(0))
        fleet.wait_delivered(1)  # all scripts are loaded
        costs = {"idle": idle(counter)}

        assert hold(fleet.store, PAUSE)
        fleet.producer.enqueue_many([named(number) for number in range(MANY)])
        costs["held"] = idle(counter)

        counter.begin()
        assert unhold(fleet.store)
        wait_until(lambda: len(fleet.sandbox.journal) > MANY)
        fleet.wait_delivered(MANY + 1)
        costs["lead"] = counter.cost() / MANY
        most = {"idle": FOR_EACH_BEAT, "held": FOR_EACH_BEAT, "lead": FOR_EACH_LEAD}
        assert [name for name in most if not costs[name].within(most[name])] == [], costs


def idle(counter: Counter) -> Cost:
    """The cost of each of some beats, with all else that happens between them."""
    counter.begin()
    # Campaigns are asked for once in each beat, and nowhere else.
    wait_until(lambda: counter.calls("smembers") >= BEATS)
    return counter.cost() / counter.calls("smembers")
