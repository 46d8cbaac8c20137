"""The heartbeat: bells that nobody answers, a consumer that is stuck, campaigns that go on."""

from __future__ import annotations

import logging
import signal
from contextlib import suppress
from itertools import count

import pytest
from celery import signals
from lead_ops.sandbox import SandboxServer
from lead_producers import QueueFull
from lead_worker.core.bell_watch import MENDED_EVERY_LOOKS, TOLD_AT_LOOK
from lead_worker.core.lifecycle import State
from lead_worker.heartbeat import CAMPAIGN_STEPS, Heartbeat
from lead_worker.metering import Meter
from lead_worker.reporting import Reporter
from lead_worker.settings import load
from lead_worker.store import Claim, Limits, Store, StoreError, vitals
from lead_worker.store.campaigns import CampaignState
from lead_worker.store.store import BATCH

from tests.conftest import StartRedis
from tests.integration.dead_letters import die, launch, seen, settle_all, waiting
from tests.integration.fleet import ONE_REDIS, Fleet, MakeFleet, named, wait_until
from tests.integration.holding import PAUSE, hold, not_before, unhold
from tests.integration.queues import LEASE_SECONDS, Queue
from tests.integration.sentry_listener import SentryListener


@ONE_REDIS
def test_a_stuck_consumer_delays_nothing_is_reported_and_is_mended(
    fleet: Fleet, sentry: SentryListener
) -> None:
    worker = fleet.start_worker(app="tests.integration.stuck_app", SENTRY_DSN=sentry.dsn)
    wait_until(lambda: " ready." in worker.log)
    for number in range(5):
        fleet.producer.enqueue(named(number))
    fleet.wait_settled(5)

    # A bell that lies there for a moment proves nothing: it has to lie there look after look.
    wait_until(lambda: rings_again(fleet) and "bells go unanswered" in worker.log)
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


@ONE_REDIS
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


@ONE_REDIS
def test_a_poisoned_lead_has_its_line_in_the_log(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "lead_worker")
    queue.accept("a")
    queue.claim()
    queue.client.hset(queue.keys.lead("a"), "suspect", "2")
    queue.pass_time(LEASE_SECONDS + 1)
    queue.store().reclaim(0.0)
    make_heart(queue, IdleCourier()).beat()
    told = ["1 lease ran out: their worker died", "a dead: poison:lease_expired"]
    assert [record.getMessage() for record in caplog.records] == told
    assert caplog.records[-1].__dict__["facts"]["lead_id"] == "a"


@ONE_REDIS
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


class IdleCourier:
    """A courier that has nothing to do, and notes what it is asked for."""

    bells_answered = 0
    stopping = False
    idle_seconds = 0.0
    token_mark = "mark"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def wake(self) -> None:
        self.asked.append("wake")

    def look_at_the_token(self) -> None:
        self.asked.append("token")

    def end_a_hold_that_is_over(self) -> None:
        self.asked.append("hold")


def make_heart(
    queue: Queue,
    courier: IdleCourier,
    reporter: Reporter | None = None,
    meter: Meter | None = None,
) -> Heartbeat:
    """A heart without a worker process."""
    return Heartbeat(
        queue.store(),
        courier,
        reporter or Reporter(load({}), "w1"),
        {"pid": 1},
        most_in_flight=256,
        rate_per_minute=120,
        mend_consumer=lambda: courier.asked.append("mend"),
        check_namespace=lambda: None,
        meter=meter,
    )


def beat(queue: Queue, courier: IdleCourier, sentry: SentryListener | None = None) -> None:
    """A second later, let a heart beat once, without a worker process."""
    queue.pass_time(1.0)
    settings = load({"SENTRY_DSN": sentry.dsn} if sentry else {})
    reporter = Reporter(settings, "w1")
    make_heart(queue, courier, reporter).beat()
    reporter.flush(5.0)
    queue.client.delete(f"{queue.keys.prefix}given")  # as its next beat would


def alarms(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Which lines told of a consumer that is stuck."""
    found = [record.__dict__.get("facts", {}).get("event") for record in caplog.records]
    return [each for each in found if each in ("bells_unanswered", "consumer_mended")]


@ONE_REDIS
def test_a_new_bell_at_each_look_wakes_the_courier_and_is_no_alarm(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    courier = IdleCourier()
    courier.idle_seconds = 60.0
    heart = make_heart(queue, courier)
    for n in range(TOLD_AT_LOOK * 3):
        queue.client.delete(queue.keys.bell)
        queue.accept(f"lead-{n}")  # it rings, just before the look
        heart.beat()
    assert alarms(caplog) == []
    assert courier.asked.count("wake") == TOLD_AT_LOOK * 3


@ONE_REDIS
def test_a_bell_that_lies_there_while_a_task_runs_is_no_alarm_and_afterwards_it_is(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    courier = IdleCourier()
    heart = make_heart(queue, courier)
    queue.accept("a")
    signals.task_prerun.send(None, task_id="calendar work")
    for _ in range(TOLD_AT_LOOK * 2):
        heart.beat()
    assert alarms(caplog) == []
    signals.task_postrun.send(None, task_id="calendar work")
    for _ in range(TOLD_AT_LOOK + MENDED_EVERY_LOOKS):
        heart.beat()
    assert alarms(caplog) == ["bells_unanswered", "consumer_mended"]
    assert courier.asked.count("mend") == 1


@ONE_REDIS
def test_a_beat_says_whether_leads_were_settled_since_the_last(queue: Queue) -> None:
    queue.accept("a")
    meter = Meter()
    heart = make_heart(queue, IdleCourier(), meter=meter)
    unsettled = []
    for settled in (0, 0, 1, 0):
        meter.moved += settled
        heart.beat()
        unsettled.append(vitals.read(queue.store()).unsettled_seconds > 0)
    assert unsettled == [False, True, False, True]


@ONE_REDIS
def test_by_beats_alone_campaigns_go_on_side_by_side_to_their_end(queue: Queue) -> None:
    names = [f"lead-{n:02}" for n in range(60)]
    die(queue, *names)
    launch(queue, names[:40], "one")
    launch(queue, names[40:], "two")
    ends = []
    for _ in range(6):
        beat(queue, IdleCourier())
        settle_all(queue, State.DELIVERED)
        ends.append((seen(queue, "one").finished, seen(queue, "two").finished))
    assert ends == [(0, 0), (20, 20), (40, 20), (40, 20), (40, 20), (40, 20)]
    assert {seen(queue, name).state for name in ("one", "two")} == {CampaignState.DONE}
    assert queue.store().counts().delivered == 60


@ONE_REDIS
def test_a_campaign_with_a_share_of_the_rate_hears_what_the_workers_are_set_to(
    queue: Queue,
) -> None:
    names = [f"lead-{n:02}" for n in range(60)]
    die(queue, *names)
    launch(queue, names, share=0.5)
    beat(queue, IdleCourier())
    assert waiting(queue) == 2  # two seconds' worth of 60 a minute


@ONE_REDIS
def test_in_one_beat_a_campaign_takes_no_more_than_so_many_steps(queue: Queue) -> None:
    most = CAMPAIGN_STEPS * BATCH
    names = [f"lead-{n:04}" for n in range(most + 50)]
    for start in range(0, len(names), 500):
        die(queue, *names[start : start + 500])
    launch(queue, names)
    # As if many had been delivered already: the window is wide open.
    queue.client.hset(queue.keys.campaign("c"), "delivered", 10_000)
    beat(queue, IdleCourier())
    assert waiting(queue) == most


@ONE_REDIS
def test_a_campaign_that_stopped_by_itself_is_reported_once(
    queue: Queue, sentry: SentryListener
) -> None:
    names = [f"lead-{n:02}" for n in range(30)]
    die(queue, *names)
    launch(queue, names)
    for _ in range(4):
        beat(queue, IdleCourier(), sentry)
        settle_all(queue, State.DEAD)
    assert seen(queue).state is CampaignState.STOPPED
    (event,) = [each for each in sentry.events if "campaign" in each["message"]]
    assert event["message"] == "campaign stopped: 20 dead, 0 delivered"
    assert event["tags"]["next_step"] == "leads replay status c"


@ONE_REDIS
def test_a_campaign_that_somebody_damaged_keeps_no_hold_from_its_end(queue: Queue) -> None:
    die(queue, "a")
    launch(queue, ["a"])
    queue.client.delete(queue.keys.campaign_todo("c"))
    queue.client.set(queue.keys.campaign_todo("c"), "no list")
    store = queue.store()
    assert hold(store, not_before(store, 1.0))
    queue.pass_time(2.0)
    courier = IdleCourier()
    with pytest.raises(StoreError, match=r"^advance\.lua: "):
        beat(queue, courier)
    assert courier.asked == ["token", "hold"]
    queue.client.delete(queue.keys.campaign_todo("c"))
