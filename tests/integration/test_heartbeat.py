"""The heartbeat of a real worker: bells that nobody answers, and a consumer that is stuck."""

from __future__ import annotations

import signal
from contextlib import suppress
from itertools import count

from lead_ops.sandbox import SandboxServer
from lead_producers import QueueFull
from lead_worker.store import Claim, Limits, Store

from tests.conftest import StartRedis
from tests.integration.fleet import Fleet, MakeFleet, named, wait_until
from tests.integration.holding import PAUSE, hold, unhold
from tests.integration.sentry_listener import SentryListener


def test_a_stuck_consumer_delays_nothing_is_reported_and_is_mended(
    fleet: Fleet, sentry: SentryListener
) -> None:
    worker = fleet.start_worker(app="tests.integration.stuck_app", SENTRY_DSN=sentry.dsn)
    wait_until(lambda: " ready." in worker.log)
    for number in range(5):
        fleet.producer.enqueue(named(number))
    fleet.wait_settled(5)
    assert "bells go unanswered" in worker.log

    # While something is claimable and the bell lies there, the heartbeat mends; then it is taken.
    wait_until(lambda: rings_again(fleet) and "mending Celery's consumer" in worker.log)
    wait_until(lambda: bell_is_taken(fleet))
    wait_until(lambda: any("bells go unanswered" in text for text in sentry.envelopes))
    assert worker.running
    wait_until(lambda: fleet.counts().waiting + fleet.counts().leased == 0)


def rings_again(fleet: Fleet) -> bool:
    fleet.producer.enqueue({"name": "one more"})
    return True


def bell_is_taken(fleet: Fleet) -> bool:
    return int(fleet.store.client.llen(fleet.store.keys.bell)) == 0


def test_leads_of_a_dead_worker_come_home_by_the_heartbeat_of_another(fleet: Fleet) -> None:
    fleet.start_worker().kill()
    receipt = fleet.producer.enqueue(named(1))
    fleet.store.client.delete(fleet.store.keys.bell)
    fleet.start_worker()
    assert fleet.wait_settled(1).delivered == 1
    assert fleet.record(receipt.lead_id)["state"] == "delivered"


def test_poison_is_dead_and_reported(fleet: Fleet, sentry: SentryListener) -> None:
    lead_id = fleet.producer.enqueue(named(1)).lead_id
    dead_worker = Store.from_url(fleet.redis_url, fleet.namespace, "dead-worker")
    assert dead_worker.turn([], Claim(1, 1), Limits(0.1)).claimed
    dead_worker.client.hset(fleet.store.keys.lead(lead_id), "suspect", "2")
    dead_worker.client.close()
    fleet.start_worker(SENTRY_DSN=sentry.dsn)

    assert fleet.wait_settled(1).dead == 1
    assert fleet.record(lead_id)["reason"] == "poison"
    wait_until(lambda: any("poison" in text and lead_id in text for text in sentry.envelopes))


def test_a_worker_that_stopped_in_order_is_no_longer_listed(fleet: Fleet) -> None:
    worker = fleet.start_worker()
    assert fleet.listed() == 1
    worker.signal(signal.SIGTERM)
    worker.wait()
    assert fleet.listed() == 0


def test_enqueueing_is_refused_before_memory_is_full_and_delivery_goes_on(
    own_redis: StartRedis, make_fleet: MakeFleet, sandbox: SandboxServer
) -> None:
    redis = own_redis(maxmemory="8mb")
    fleet = make_fleet(redis.url)
    assert hold(fleet.store, PAUSE)
    fleet.start_worker()
    with suppress(QueueFull):
        for enqueued in count():
            fleet.producer.enqueue({"name": f"lead {enqueued}", "company": "x" * 20_000})
    assert unhold(fleet.store)
    assert fleet.wait_settled(enqueued).delivered == enqueued == len(sandbox.leads)
    fleet.assert_audit_is_green()
