"""Under a hold: which one lead is tried, when, and that nobody else gets any."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Claim, Turn

from tests.integration.holding import amend, hold, hold_of, standing_hold, suspicion
from tests.integration.queues import LEASE_SECONDS, LIMITS, Queue, settlement, watched

CANARY_SECONDS = 10.0


def stand(queue: Queue, **more: str) -> None:
    """Put a hold in force that stands, and let its canary be due."""
    store = queue.store()
    assert hold(store, standing_hold(store, CANARY_SECONDS, **more))
    queue.pass_time(CANARY_SECONDS + 1)


def decide(queue: Queue, seconds: float = 0.0) -> None:
    """Plan another canary, as the governor does when one came back."""
    assert amend(queue.store(), canary_at=queue.store().counts().now_at + seconds)


def ids(queue: Queue, worker: str = "w1", in_flight: int = 0) -> list[str]:
    return [lead.lead_id for lead in queue.claim(worker, in_flight=in_flight)]


def held(turn: Turn) -> tuple[HoldKind, float | None]:
    """Under which hold nothing was claimed, and in how many seconds to ask again."""
    assert turn.claimed == ()
    assert turn.held is not None
    return turn.held.kind, turn.again_seconds


def test_nothing_is_claimed_before_a_canary_is_due_and_who_asks_hears_when(queue: Queue) -> None:
    queue.accept("lead-1")
    store = queue.store()
    hold(store, standing_hold(store, CANARY_SECONDS))
    for left in (CANARY_SECONDS, 4.0):
        kind, again = held(queue.turn())
        assert kind is HoldKind.OUTAGE
        assert again == pytest.approx(left, abs=1)
        queue.pass_time(CANARY_SECONDS - 4)
    assert queue.state("lead-1") == "waiting"


def test_then_exactly_one_lead_is_claimed_and_says_of_which_hold_it_is_the_canary(
    queue: Queue,
) -> None:
    queue.accept("lead-1", "lead-2", "lead-3")
    stand(queue)
    turn = queue.turn(most=10)
    (canary,) = turn.claimed
    assert canary.canary_of == hold_of(queue.store()).number > 0
    assert hold_of(queue.store()).canary == canary.lead_id
    assert (turn.more, turn.again_seconds, turn.busy) == (False, None, True)


def test_a_lead_that_is_no_canary_says_so(queue: Queue) -> None:
    queue.accept("lead-1")
    assert queue.claim()[0].canary_of == 0


def test_nobody_else_gets_one_before_the_canarys_lease_is_over(queue: Queue) -> None:
    queue.accept("lead-1", "lead-2")
    stand(queue)
    (canary,) = queue.claim()
    for worker in ("w1", "w2"):
        assert held(queue.turn(worker))[1] == pytest.approx(LEASE_SECONDS + 1, abs=1)
    queue.pass_time(LEASE_SECONDS)
    assert ids(queue, "w2") == []
    queue.pass_time(2)
    (other,) = ids(queue, "w2")
    assert other != canary.lead_id


def test_what_is_decided_when_the_canary_came_back_replaces_its_guard(queue: Queue) -> None:
    queue.accept("lead-1", "lead-2")
    stand(queue)
    (canary,) = queue.claim()
    decide(queue, seconds=5)
    queue.give_back(canary)
    assert ids(queue, "w2") == []
    queue.pass_time(6)
    assert len(ids(queue, "w2")) == 1


def test_what_was_decided_before_the_canary_was_claimed_does_not(queue: Queue) -> None:
    queue.accept("lead-1", "lead-2")
    stand(queue)
    before = queue.store().standing()
    assert len(ids(queue)) == 1
    assert not hold(queue.store(), hold_of(queue.store()), version=before.version)
    assert ids(queue, "w2") == []


@pytest.mark.parametrize("look", [False, True])
def test_a_canary_waits_until_nothing_is_in_flight(queue: Queue, look: bool) -> None:
    if look:
        queue.accept_unknown("lead-1")
    else:
        queue.accept("lead-1")
    (early,) = queue.claim()
    assert early.look == look
    queue.accept("lead-2")
    stand(queue)
    assert held(queue.turn("w2")) == (HoldKind.OUTAGE, 0.25)
    assert queue.store().beat({}).claimable == 0
    queue.settle(settlement(early, State.UNKNOWN, due_seconds=90, look=look))
    assert queue.store().beat({}).claimable == 1
    assert ids(queue, "w2") == ["lead-2"]


def test_a_canary_waits_for_no_lease_that_has_ended(queue: Queue) -> None:
    queue.accept("lead-1")
    queue.claim()
    queue.accept("lead-2")
    stand(queue)
    assert ids(queue, "w2") == []
    queue.pass_time(LEASE_SECONDS)
    assert ids(queue, "w2") == ["lead-2"]


def test_never_is_it_the_last_canary_again_where_there_is_another(queue: Queue) -> None:
    queue.accept("lead-1", "lead-2")
    stand(queue)
    found = []
    for _ in range(6):
        (canary,) = queue.claim()
        found.append(canary.lead_id)
        decide(queue)
        queue.give_back(canary)
    assert set(found) == {"lead-1", "lead-2"}
    assert all(one != other for one, other in pairwise(found))


def test_it_is_the_last_canary_again_where_there_is_no_other(queue: Queue) -> None:
    queue.accept("lead-1")
    stand(queue)
    for _ in range(3):
        (canary,) = queue.claim()
        assert canary.lead_id == "lead-1"
        decide(queue)
        queue.give_back(canary)


@pytest.mark.parametrize("lane", ["live", "bulk"])
@pytest.mark.parametrize("newest", [False, True])
def test_a_lead_that_was_never_given_back_is_tried_rather_at_either_end_of_either_lane(
    queue: Queue, lane: str, newest: bool
) -> None:
    for each in ("live", "bulk"):
        queue.accept(*(f"{each}-{n:02}" for n in range(12)), lane=each)
    leads = queue.claim(most=24)
    if not newest:
        queue.accept("fresh", lane=lane)
    queue.give_back(*leads)
    if newest:
        queue.accept("fresh", lane=lane)
    stand(queue)
    assert ids(queue) == ["fresh"]


def test_a_lead_that_was_given_back_is_tried_where_there_is_no_other(queue: Queue) -> None:
    queue.accept("lead-1")
    queue.give_back(*queue.claim())
    stand(queue)
    assert ids(queue) == ["lead-1"]


def test_a_lead_that_is_not_due_is_no_canary(queue: Queue) -> None:
    queue.accept("lead-1")
    queue.settle(settlement(queue.claim()[0], State.WAITING, due_seconds=100))
    stand(queue)
    turn = queue.turn()
    assert (turn.claimed, turn.held, turn.again_seconds) == ((), None, 1.0)


def test_a_question_is_a_canary_only_where_there_is_no_lead(queue: Queue) -> None:
    queue.accept_unknown("look-1")
    queue.accept("lead-1")
    stand(queue, canary="lead-1")
    (canary,) = queue.claim()
    assert canary.lead_id == "lead-1"
    decide(queue)
    queue.settle(settlement(canary, State.WAITING, due_seconds=100))
    (look,) = queue.claim()
    assert (look.lead_id, look.look) == ("look-1", True)
    assert look.canary_of == hold_of(queue.store()).number
    assert queue.store().counts().in_flight == 1


def test_a_claim_that_is_made_again_gives_the_same_canary_and_guards_it_anew(
    queue: Queue,
) -> None:
    queue.accept("lead-1", "lead-2")
    stand(queue)
    (canary,) = queue.claim()
    queue.pass_time(LEASE_SECONDS - 1)
    (again,) = queue.claim_again()
    told = (again.lead_id, again.token, again.canary_of)
    assert told == (canary.lead_id, canary.token, canary.canary_of)
    queue.pass_time(LEASE_SECONDS)
    assert ids(queue, "w2") == []
    queue.pass_time(2)
    assert len(ids(queue, "w2")) == 1


def test_a_claim_that_is_made_again_guards_no_later_hold_and_nothing_that_is_settled(
    queue: Queue,
) -> None:
    queue.accept("lead-1", "lead-2")
    stand(queue)
    (canary,) = queue.claim()
    stand(queue)
    assert queue.claim_again()[0].canary_of == canary.canary_of
    queue.give_back(canary)
    assert queue.claim_again() == []
    assert len(ids(queue, "w2")) == 1


def test_of_a_long_queue_a_few_leads_are_weighed(queue: Queue) -> None:
    queue.accept(*(f"live-{n:03}" for n in range(1000)))
    queue.accept(*(f"bulk-{n:03}" for n in range(1000)), lane="bulk")
    stand(queue)
    with watched(queue) as seen:
        assert len(ids(queue)) == 1
    assert len(seen[-1]) < 60


def test_a_beat_rings_for_a_canary_that_is_due_and_for_none_before(queue: Queue) -> None:
    queue.accept("lead-1", "lead-2")
    store = queue.store()
    queue.client.delete(queue.keys.bell)
    hold(store, standing_hold(store, CANARY_SECONDS))
    assert (store.beat({}).claimable, store.beat({}).rang) == (0, False)
    queue.pass_time(CANARY_SECONDS + 1)
    beat = queue.store().beat({})
    assert (beat.claimable, beat.rang, beat.over) == (2, True, False)
    assert len(ids(queue)) == 1
    assert queue.store().beat({}).claimable == 0


@pytest.mark.parametrize("trial", [False, True])
def test_a_canary_that_is_claimed_twice_leaves_what_once_would_but_for_the_version(
    redis_url: str, namespace: str, trial: bool
) -> None:
    """It is guarded anew, so what was decided on the first guard must not replace the second."""
    after, versions = [], []
    for twice in (False, True):
        queue = Queue(redis_url, f"{namespace}-{twice}")
        queue.accept("lead-1", "lead-2", "lead-3")
        store = queue.store(twice=twice)
        assert hold(store, suspicion(store, 60.0, "lead-2") if trial else standing_hold(store, 0.0))
        store.turn([], Claim(1, 2), LIMITS)
        versions.append(int(queue.store().standing().version))
        after.append(re.sub(r"version': '\d+'", "version': 'VERSION'", queue.timeless()))
        assert queue.problems() == []
        queue.close()
    assert after[0] == after[1]
    assert versions[1] > versions[0]
