"""What health is judged on, as Redis knows it: by its own clock, and at no growing cost."""

from __future__ import annotations

import pytest
from lead_worker.core.health import Sign, Verdict, judge
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Limits
from lead_worker.store.metrics import Metrics
from lead_worker.store.reading import Reading
from lead_worker.store.vitals import read

from tests.conftest import StartRedis
from tests.integration.holding import PAUSE, hold, standing_hold
from tests.integration.queues import LEASE_SECONDS, Queue, settlement, watched

ABOUT = {"lease_seconds": 45.0, "token_mark": "abc"}


def beat(queue: Queue) -> None:
    store = queue.store()
    store.beat(ABOUT)
    store.reclaim(10.0)


def test_an_empty_namespace_has_vitals(queue: Queue) -> None:
    vitals = read(queue.store())
    assert (vitals.claimable, vitals.due_at, vitals.claimed_at, vitals.workers) == (
        *(0, None, None),
        (),
    )
    assert judge(vitals).verdict is Verdict.UNUSED


def test_leads_that_are_due_are_counted_from_the_first_of_them_on(queue: Queue) -> None:
    queue.accept("a")
    queue.pass_time(20.0)
    queue.accept("b", lane="bulk")
    vitals = read(queue.store())
    assert (vitals.claimable, vitals.waiting) == (2, 2)
    assert vitals.due_at == pytest.approx(vitals.now_at - 20, abs=5)


def test_a_look_that_is_due_counts_and_one_that_is_under_way_does_not(queue: Queue) -> None:
    queue.accept_unknown("a")
    due = read(queue.store())
    assert (due.claimable, due.waiting) == (1, 0)
    assert due.due_at is not None
    queue.claim()
    under_way = read(queue.store())
    assert (under_way.claimable, under_way.due_at, under_way.in_flight) == (0, None, 1)


def test_a_claim_is_stamped_where_it_hands_something_out(queue: Queue) -> None:
    queue.claim()
    assert read(queue.store()).claimed_at is None
    queue.accept("a")
    queue.claim()
    first = read(queue.store()).claimed_at
    assert first is not None
    queue.pass_time(5.0)
    queue.claim_again()
    queue.claim("w2")
    assert read(queue.store()).claimed_at == first
    queue.accept("b")
    queue.claim("w2")
    later = read(queue.store()).claimed_at
    assert later is not None
    assert later >= first + 5


def test_a_delivery_is_progress_too(queue: Queue) -> None:
    queue.accept("a", "b")
    lead, _ = queue.claim()
    queue.deliver(lead)
    vitals = read(queue.store())
    assert vitals.delivered_at == pytest.approx(vitals.now_at, abs=5)


def test_a_dead_fleet_is_bad_until_a_worker_comes_and_claims(queue: Queue) -> None:
    queue.accept("a")
    queue.pass_time(31.0)
    judged = judge(read(queue.store()))
    assert (judged.verdict, "no worker is alive" in judged.reason) == (Verdict.STUCK, True)
    beat(queue)
    vitals = read(queue.store())
    assert vitals.workers == (Sign(45.0, "abc"),)
    assert judge(vitals).verdict is Verdict.WAITING
    queue.pass_time(11.0)
    assert judge(read(queue.store())).verdict is Verdict.STUCK
    queue.accept("b")
    queue.claim(most=1)
    assert judge(read(queue.store())).verdict is Verdict.MOVING


def test_leads_in_flight_of_a_dead_fleet_are_bad_until_a_worker_takes_them_up(
    queue: Queue,
) -> None:
    queue.accept("a", "b")
    queue.claim()
    assert read(queue.store()).expired == 0
    queue.pass_time(LEASE_SECONDS + 31.0)
    vitals = read(queue.store())
    assert (vitals.claimable, vitals.expired, vitals.in_flight) == (0, 2, 0)
    assert vitals.expired_at == pytest.approx(vitals.now_at - 31, abs=5)
    assert "2 leads in flight are not settled" in judge(vitals).reason
    assert Metrics(queue.store()).read().overdue == 2
    beat(queue)
    assert judge(read(queue.store())).good
    for _ in range(4):
        queue.pass_time(3.0)
        beat(queue)
    taken_up = read(queue.store())
    assert (taken_up.claimable, taken_up.expired, judge(taken_up).good) == (2, 0, True)


def test_a_rate_of_one_a_minute_is_waited_for(queue: Queue) -> None:
    slow = Limits(LEASE_SECONDS, per_minute=1)
    queue.accept("a", "b")
    (lead,) = queue.turn(limits=slow).claimed
    queue.deliver(lead)
    for seconds, verdict in ((45.0, Verdict.WAITING), (40.0, Verdict.WAITING), (10.0, None)):
        queue.pass_time(seconds)
        beat(queue)
        queue.store().reclaim(10.0)
        judged = judge(read(queue.store()))
        assert verdict is None or judged.verdict is verdict, judged
    queue.pass_time(30.0)
    assert judge(read(queue.store())).verdict is Verdict.STUCK


def claim_and_lose(queue: Queue, seconds: int) -> None:
    """For so long, let workers beat, claim and die of it, so that leases run out."""
    for second in range(seconds):
        store = queue.store()
        store.beat(ABOUT)
        store.reclaim(0.0)
        if second % 10 == 0:
            queue.claim(f"short-lived-{second}", most=1)
        queue.pass_time(1.0)


def test_a_fleet_that_claims_and_never_settles_is_bad_until_one_settles_anything(
    queue: Queue,
) -> None:
    queue.accept(*(f"lead-{n:02}" for n in range(60)))
    claim_and_lose(queue, 140)
    assert judge(read(queue.store())).verdict is Verdict.MOVING
    claim_and_lose(queue, 20)
    vitals = read(queue.store())
    assert vitals.unsettled_seconds == pytest.approx(159, abs=10)
    judged = judge(vitals)
    assert (judged.verdict, "claimed ones come to nothing" in judged.reason) == (
        *(Verdict.STUCK, True),
    )
    queue.store().beat(ABOUT, settled=True)
    after = read(queue.store())
    assert (after.unsettled_seconds, judge(after).verdict) == (0.0, Verdict.MOVING)


def test_a_fleet_that_crashes_at_each_claim_and_is_restarted_slowly_is_found_out_too(
    queue: Queue,
) -> None:
    queue.accept(*(f"lead-{n:02}" for n in range(60)))
    for life in range(14):
        queue.store().beat(ABOUT)
        queue.claim(f"short-lived-{life}", most=1)
        queue.pass_time(12.0)
    assert judge(read(queue.store())).verdict is Verdict.STUCK


def test_what_was_not_settled_counts_only_while_workers_beat_and_leads_are_due(
    queue: Queue,
) -> None:
    beat(queue)
    queue.pass_time(1.0)
    beat(queue)
    assert read(queue.store()).unsettled_seconds == 0.0
    queue.accept("a")
    queue.pass_time(3600.0)
    beat(queue)
    assert read(queue.store()).unsettled_seconds == pytest.approx(30.0)
    hold(queue.store(), PAUSE)
    for _ in range(3):
        queue.pass_time(1.0)
        beat(queue)
    assert read(queue.store()).unsettled_seconds == pytest.approx(30.0)


def test_holds_are_read(queue: Queue) -> None:
    queue.accept("a")
    hold(queue.store(), PAUSE)
    queue.pass_time(3600.0)
    assert judge(read(queue.store())).verdict is Verdict.HELD
    hold(queue.store(), standing_hold(queue.store(), 5.0))
    vitals = read(queue.store())
    assert vitals.governor.hold is not None
    assert vitals.governor.hold.kind is HoldKind.OUTAGE
    queue.pass_time(60.0)
    assert judge(read(queue.store())).verdict is Verdict.STUCK


def test_calendar_work_is_stamped(queue: Queue) -> None:
    assert read(queue.store()).calendar_at is None
    queue.store().calendar_done()
    vitals = read(queue.store())
    assert vitals.calendar_at == pytest.approx(vitals.now_at, abs=5)


def test_with_memory_full_claims_and_calendar_work_are_stamped_all_the_same(
    own_redis: StartRedis, namespace: str
) -> None:
    full = Queue(own_redis().url, namespace)
    full.accept("a")
    full.client.config_set("maxmemory", 1)
    full.claim()
    full.store().calendar_done()
    vitals = read(full.store())
    assert None not in (vitals.claimed_at, vitals.calendar_at)
    full.close()


def test_where_memory_is_really_full_that_is_told_though_no_flag_can_be_set(
    own_redis: StartRedis, namespace: str
) -> None:
    full = Queue(own_redis().url, namespace)
    full.accept("a")
    assert not Reading(full.store()).enqueueing_refused()
    full.client.config_set("maxmemory", 1)
    full.store().refuse_enqueueing(60.0)
    assert not full.client.exists(full.keys.full)
    assert Reading(full.store()).enqueueing_refused()
    assert Metrics(full.store()).read().refused
    full.close()


def test_what_somebody_damaged_counts_as_not_there(queue: Queue) -> None:
    queue.client.hset(queue.keys.counts, mapping={"claimed_at": "x", "calendar_at": "nan"})
    queue.client.set(queue.keys.grace, "soon")
    vitals = read(queue.store())
    assert (vitals.claimed_at, vitals.calendar_at, vitals.grace_until_at) == (None, None, None)


def test_reading_costs_the_same_whatever_the_backlog(queue: Queue) -> None:
    costs = []
    for names in (["a"], [f"lead-{n}" for n in range(90)]):
        queue.accept(*names)
        queue.settle(*(settlement(lead, State.DELIVERED) for lead in queue.claim(most=1)))
        with watched(queue) as seen:
            read(queue.store())
        costs.append(len(seen[-1]))
    assert costs[0] == costs[1]
