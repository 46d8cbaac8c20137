"""The hold: what it stops, how it is changed, and that it costs no lead its age."""

from __future__ import annotations

import threading

import pytest
from lead_worker.core.governor import Hold, after_outcome, pause
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind, Retry
from lead_worker.store import Claim, Store

from tests.integration.queues import ENTRY, LEASE_SECONDS, Queue, settlement

PAUSE = pause("look at the API", "ana")


def not_before(store: Store, seconds: float) -> Hold:
    until_at = store.counts().now_at + seconds
    return Hold(HoldKind.NOT_BEFORE, until_at, "the API asked for it", "w1")


def hold_of(store: Store) -> Hold:
    hold = store.counts().hold
    assert hold is not None
    return hold


def test_nothing_is_claimed_under_a_pause(queue: Queue) -> None:
    queue.accept("a")
    queue.store().govern(PAUSE, "0")
    turn = queue.store().turn([], Claim(1, 5), LEASE_SECONDS)
    assert turn.claimed == ()
    assert not turn.more
    assert turn.held is not None
    assert (turn.held.kind, turn.held.until_at) == (HoldKind.PAUSED, None)
    assert queue.state("a") == "waiting"


def test_a_pause_stops_looks_too(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.UNKNOWN))
    queue.store().govern(PAUSE, "0")
    assert queue.claim() == []


def test_a_pause_outlasts_any_time(queue: Queue) -> None:
    queue.accept("a")
    queue.store().govern(PAUSE, "0")
    queue.pass_time(10 * 365 * 86_400)
    assert queue.claim() == []


def test_a_hold_until_a_time_ends_by_itself(queue: Queue) -> None:
    queue.accept("a")
    store = queue.store()
    store.govern(not_before(store, 60), "0")
    queue.pass_time(59)
    assert queue.claim() == []
    assert hold_of(queue.store()).kind is HoldKind.NOT_BEFORE
    queue.pass_time(2)
    assert queue.store().counts().hold is None
    assert [lead.lead_id for lead in queue.claim()] == ["a"]


def test_under_a_hold_nobody_rings(queue: Queue) -> None:
    store = queue.store()
    store.govern(PAUSE, "0")
    queue.accept("a")
    beat = store.beat({})
    assert (beat.claimable, beat.hold, beat.rang) == (0, "paused", False)
    assert queue.client.llen(queue.keys.bell) == 0


def test_a_replay_under_a_hold_does_not_ring(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.DEAD))
    queue.client.delete(queue.keys.bell)
    queue.store().govern(PAUSE, "0")
    assert queue.store().replay("a", "act", ENTRY) == "ok"
    assert queue.client.llen(queue.keys.bell) == 0


def test_what_is_in_flight_is_settled_under_a_hold(queue: Queue) -> None:
    queue.accept("a", "b")
    first, second = queue.claim()
    queue.store().govern(PAUSE, "0")
    assert queue.deliver(first) == "ok"
    assert queue.settle(settlement(second, State.WAITING, spends_attempt=False)) == ("ok",)
    assert queue.claim() == []


def test_a_hold_says_who_set_it_why_and_since_when(queue: Queue) -> None:
    store = queue.store()
    store.govern(pause('das "ß"', "zoë"), "0")
    counts = store.counts()
    assert (hold_of(store).reason, hold_of(store).by) == ('das "ß"', "zoë")
    assert counts.hold_since_at is not None
    assert counts.hold_since_at <= counts.now_at


def test_a_hold_that_is_prolonged_keeps_its_beginning_and_another_kind_does_not(
    queue: Queue,
) -> None:
    store = queue.store()
    store.govern(not_before(store, 60), "0")
    began_at = store.counts().hold_since_at
    queue.pass_time(30)
    store = queue.store()
    store.govern(not_before(store, 60), store.counts().hold_version)
    assert store.counts().hold_since_at == began_at
    store.govern(PAUSE, store.counts().hold_version)
    assert store.counts().hold_since_at != began_at


def test_a_decision_on_an_old_hold_is_refused(queue: Queue) -> None:
    store = queue.store()
    assert store.govern(not_before(store, 60), "0")
    version = store.counts().hold_version
    assert store.govern(PAUSE, version)
    assert not store.govern(None, version)
    assert not store.govern(None, "0")
    assert hold_of(store).kind is HoldKind.PAUSED


def test_a_hold_that_expired_is_none_for_whoever_decides_next(queue: Queue) -> None:
    store = queue.store()
    store.govern(not_before(store, 60), "0")
    old = store.counts().hold_version
    queue.pass_time(61)
    store = queue.store()
    assert store.counts().hold_version == "0"
    assert not store.govern(PAUSE, old)
    assert store.govern(PAUSE, "0")
    assert int(store.counts().hold_version) > int(old)


def test_versions_are_never_used_again(queue: Queue) -> None:
    store, seen = queue.store(), []
    for _ in range(3):
        store.govern(PAUSE, "0")
        seen.append(store.counts().hold_version)
        store.govern(None, seen[-1])
    assert len(set(seen)) == 3
    assert "0" not in seen


@pytest.mark.parametrize("rounds", [25])
def test_two_governors_at_once_lose_no_update(queue: Queue, rounds: int) -> None:
    """Each adds its seconds to the end that it read, so that a lost update would be missing."""
    start_at = queue.store().counts().now_at + 1000
    queue.store().govern(Hold(HoldKind.OUTAGE, start_at, "", ""), "0")
    conflicts = []

    def prolong() -> None:
        store = queue.store()
        for _ in range(rounds):
            while True:
                counts = store.counts()
                assert counts.hold is not None
                assert counts.hold.until_at is not None
                longer = Hold(HoldKind.OUTAGE, counts.hold.until_at + 1, "", "")
                if store.govern(longer, counts.hold_version):
                    break
                conflicts.append(1)

    threads = [threading.Thread(target=prolong) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hold_of(queue.store()).until_at == pytest.approx(start_at + 2 * rounds, abs=0.001)


def test_what_the_api_asks_for_never_ends_a_pause(queue: Queue) -> None:
    store = queue.store()
    store.govern(PAUSE, "0")
    counts = store.counts()
    after = after_outcome(counts.hold, Retry("status_429", 60.0), counts.now_at, "w1")
    assert after == counts.hold


def test_time_under_a_hold_does_not_age_a_lead(queue: Queue) -> None:
    queue.accept("a")
    queue.pass_time(1000)  # nobody has tried it yet
    queue.settle(settlement(queue.claim()[0], State.WAITING))
    queue.pass_time(100)
    queue.store().govern(PAUSE, "0")
    queue.pass_time(10_000)
    queue.store().govern(None, queue.store().counts().hold_version)
    queue.pass_time(50)
    store = queue.store()
    store.govern(not_before(store, 500), "0")
    queue.pass_time(300)
    store = queue.store()
    store.govern(not_before(store, 500), store.counts().hold_version)  # prolonged: 800 in all
    queue.pass_time(500 + 7)  # expired by itself
    (lead,) = queue.claim()
    assert lead.age_seconds == pytest.approx(100 + 50 + 7, abs=5)


def test_a_hold_that_expired_counts_once_when_another_follows_it(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.WAITING))
    for _ in range(3):
        store = queue.store()
        assert store.govern(not_before(store, 100), "0")
        queue.pass_time(150)
    store = queue.store()
    store.govern(PAUSE, "0")
    queue.pass_time(1000)
    queue.store().govern(None, queue.store().counts().hold_version)
    (lead,) = queue.claim()
    assert lead.age_seconds == pytest.approx(3 * 50, abs=5)


def test_a_hold_before_the_first_attempt_does_not_make_a_lead_younger(queue: Queue) -> None:
    queue.store().govern(PAUSE, "0")
    queue.accept("a")
    queue.pass_time(5000)
    queue.store().govern(None, queue.store().counts().hold_version)
    queue.settle(settlement(queue.claim()[0], State.WAITING))
    queue.pass_time(40)
    assert queue.claim()[0].age_seconds == pytest.approx(40, abs=5)
