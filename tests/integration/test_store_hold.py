"""The hold: what it stops, how it is changed, and that it costs no lead its age."""

from __future__ import annotations

import threading

import pytest
from lead_worker.core.governor import Hold
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Claim

from tests.integration.holding import PAUSE, hold, hold_of, not_before, prolong, unhold
from tests.integration.queues import ENTRY, LIMITS, Queue, settlement


def test_nothing_is_claimed_under_a_pause(queue: Queue) -> None:
    queue.accept("a")
    hold(queue.store(), PAUSE)
    turn = queue.store().turn([], Claim(1, 5), LIMITS)
    assert turn.claimed == ()
    assert not turn.more
    assert turn.held is not None
    assert (turn.held.kind, turn.held.until_at) == (HoldKind.PAUSED, None)
    assert queue.state("a") == "waiting"


def test_a_pause_stops_looks_too(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.UNKNOWN))
    hold(queue.store(), PAUSE)
    assert queue.claim() == []


def test_a_pause_outlasts_any_time(queue: Queue) -> None:
    queue.accept("a")
    hold(queue.store(), PAUSE)
    queue.pass_time(10 * 365 * 86_400)
    assert queue.claim() == []


def test_a_hold_until_a_time_is_over_then(queue: Queue) -> None:
    queue.accept("a")
    store = queue.store()
    hold(store, not_before(store, 60))
    queue.pass_time(59)
    assert queue.claim() == []
    assert hold_of(queue.store()).kind is HoldKind.NOT_BEFORE
    queue.pass_time(2)
    assert queue.store().counts().hold is None
    unhold(queue.store())
    assert [lead.lead_id for lead in queue.claim()] == ["a"]


def test_under_a_hold_nobody_rings(queue: Queue) -> None:
    store = queue.store()
    hold(store, PAUSE)
    queue.accept("a")
    beat = store.beat({})
    assert (beat.claimable, beat.rang) == (0, False)
    assert queue.client.llen(queue.keys.bell) == 0


def test_a_replay_under_a_hold_does_not_ring(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.DEAD))
    queue.client.delete(queue.keys.bell)
    hold(queue.store(), PAUSE)
    assert queue.store().replay("a", "act", ENTRY) == "ok"
    assert queue.client.llen(queue.keys.bell) == 0


def test_what_is_in_flight_is_settled_under_a_hold(queue: Queue) -> None:
    queue.accept("a", "b")
    first, second = queue.claim()
    hold(queue.store(), PAUSE)
    assert queue.deliver(first) == "ok"
    assert queue.settle(settlement(second, State.WAITING, spends_attempt=False)) == ("ok",)
    assert queue.claim() == []


def test_a_hold_says_who_set_it_why_and_since_when(queue: Queue) -> None:
    store = queue.store()
    hold(store, Hold(HoldKind.PAUSED, 'das "ß"'), by="zoë")
    found = hold_of(store)
    assert (found.reason, found.by) == ('das "ß"', "zoë")
    assert 0 < found.since_at <= store.counts().now_at


def test_a_hold_that_is_prolonged_keeps_its_beginning_and_another_kind_does_not(
    queue: Queue,
) -> None:
    store = queue.store()
    hold(store, not_before(store, 60))
    began_at = hold_of(store).since_at
    queue.pass_time(30)
    store = queue.store()
    assert prolong(store, 30)
    assert hold_of(store).since_at == began_at
    assert hold(store, PAUSE)
    assert hold_of(store).since_at > began_at


def test_a_decision_on_an_old_hold_is_refused(queue: Queue) -> None:
    store = queue.store()
    assert hold(store, not_before(store, 60))
    version = store.counts().version
    assert hold(store, PAUSE, version=version)
    assert not unhold(store, version=version)
    assert not unhold(store, version="0")
    assert hold_of(store).kind is HoldKind.PAUSED


def test_a_hold_whose_time_is_over_lets_nothing_through_until_somebody_ends_it(
    queue: Queue,
) -> None:
    queue.accept("a")
    store = queue.store()
    hold(store, not_before(store, 60))
    queue.pass_time(61)
    store = queue.store()
    turn = store.turn([], Claim(1, 5), LIMITS)
    assert turn.held is not None
    assert turn.held.over
    assert store.beat({}).over
    assert store.counts().hold is None
    assert unhold(store)
    assert [lead.lead_id for lead in queue.claim()] == ["a"]


def test_versions_are_never_used_again(queue: Queue) -> None:
    store, seen = queue.store(), []
    for _ in range(3):
        assert hold(store, PAUSE)
        seen.append(store.counts().version)
        assert unhold(store)
        seen.append(store.counts().version)
    assert len(set(seen)) == 6
    assert "0" not in seen


@pytest.mark.parametrize("rounds", [25])
def test_two_governors_at_once_lose_no_update(queue: Queue, rounds: int) -> None:
    """Each adds its seconds to the end that it read, so that a lost update would be missing."""
    start_at = queue.store().counts().now_at + 1000
    hold(queue.store(), Hold(HoldKind.NOT_BEFORE, "", until_at=start_at))
    conflicts = []

    def go_on() -> None:
        store = queue.store()
        for _ in range(rounds):
            while True:
                if prolong(store, 1.0):
                    break
                conflicts.append(1)

    threads = [threading.Thread(target=go_on) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hold_of(queue.store()).until_at == pytest.approx(start_at + 2 * rounds, abs=0.001)


def test_time_under_a_hold_does_not_age_a_lead(queue: Queue) -> None:
    queue.accept("a")
    queue.pass_time(1000)  # nobody has tried it yet
    queue.settle(settlement(queue.claim()[0], State.WAITING))
    queue.pass_time(100)
    hold(queue.store(), PAUSE)
    queue.pass_time(10_000)
    unhold(queue.store())
    queue.pass_time(50)
    store = queue.store()
    hold(store, not_before(store, 500))
    queue.pass_time(300)
    assert prolong(queue.store(), 300)  # 800 in all
    queue.pass_time(500 + 7)  # its time was over 7 s before somebody ended it
    unhold(queue.store())
    (lead,) = queue.claim()
    assert lead.age_seconds == pytest.approx(100 + 50 + 7, abs=5)


def test_a_hold_that_expired_counts_once_when_another_follows_it(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.WAITING))
    for _ in range(3):
        store = queue.store()
        assert hold(store, not_before(store, 100))
        queue.pass_time(150)
    store = queue.store()
    hold(store, PAUSE)
    queue.pass_time(1000)
    unhold(queue.store())
    (lead,) = queue.claim()
    assert lead.age_seconds == pytest.approx(3 * 50, abs=5)


def test_a_hold_before_the_first_attempt_does_not_make_a_lead_younger(queue: Queue) -> None:
    hold(queue.store(), PAUSE)
    queue.accept("a")
    queue.pass_time(5000)
    unhold(queue.store())
    queue.settle(settlement(queue.claim()[0], State.WAITING))
    queue.pass_time(40)
    assert queue.claim()[0].age_seconds == pytest.approx(40, abs=5)
