"""Under suspicion: other leads are tried, one at a time, while those that are accused wait."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lead_worker.core.lifecycle import State

from tests.integration.holding import amend, hold, hold_of, suspicion, unhold
from tests.integration.queues import LEASE_SECONDS, LIMITS, Queue, settlement

CANARY_SECONDS = 10.0


def suspect(queue: Queue, *lead_ids: str) -> None:
    """Put a hold in force that is suspected for these leads."""
    store = queue.store()
    assert hold(store, suspicion(store, CANARY_SECONDS, *lead_ids))


def ids(queue: Queue, worker: str = "w1", in_flight: int = 0) -> list[str]:
    return [lead.lead_id for lead in queue.claim(worker, in_flight=in_flight)]


def test_under_suspicion_another_lead_is_tried_at_once_and_no_accused_one(queue: Queue) -> None:
    queue.accept("lead-1", "lead-2", "lead-3")
    suspect(queue, "lead-1", "lead-3")
    (trial,) = queue.claim()
    assert trial.lead_id == "lead-2"
    assert trial.canary_of == hold_of(queue.store()).number
    assert ids(queue, "w2") == []


def test_a_trial_waits_for_nobody_who_is_in_flight(queue: Queue) -> None:
    queue.accept("lead-1", "lead-2")
    assert len(queue.claim("w1", most=1)) == 1
    suspect(queue, "lead-9")
    assert ids(queue, "w2") == ["lead-2"]


def test_where_all_are_accused_they_are_tried_when_the_canary_is_due_and_not_before(
    queue: Queue,
) -> None:
    queue.accept("lead-1", "lead-2")
    suspect(queue, "lead-1", "lead-2")
    turn = queue.turn()
    assert (turn.claimed, turn.held, turn.again_seconds) == ((), None, 1.0)
    queue.pass_time(CANARY_SECONDS + 1)
    (canary,) = queue.claim()
    assert canary.lead_id in ("lead-1", "lead-2")
    assert canary.canary_of == hold_of(queue.store()).number


def test_a_question_is_no_trial(queue: Queue) -> None:
    queue.accept_unknown("look-1")
    queue.accept("lead-1")
    suspect(queue, "lead-1")
    assert ids(queue) == []
    queue.pass_time(CANARY_SECONDS + 1)
    assert ids(queue) == ["lead-1"]


def test_even_when_the_canary_is_due_one_that_is_not_accused_is_tried_rather(
    queue: Queue,
) -> None:
    queue.accept("lead-1")
    queue.accept("lead-2", lane="bulk")
    queue.give_back(*queue.claim(most=2))
    suspect(queue, "lead-1")
    queue.pass_time(CANARY_SECONDS + 1)
    assert ids(queue) == ["lead-2"]


def test_a_trial_that_is_claimed_again_keeps_others_from_being_tried(queue: Queue) -> None:
    queue.accept("lead-1", "lead-2", "lead-3")
    suspect(queue, "lead-1")
    assert len(queue.claim()) == 1
    queue.pass_time(LEASE_SECONDS - 1)
    assert len(queue.claim_again()) == 1
    queue.pass_time(LEASE_SECONDS)
    assert ids(queue, "w2") == []


def test_a_canary_spends_of_the_rate_and_waits_for_it(queue: Queue) -> None:
    slow = replace(LIMITS, per_minute=1)
    queue.accept("lead-1", "lead-2")
    assert len(queue.turn("w2", 1, limits=slow).claimed) == 1
    suspect(queue, "lead-9")
    turn = queue.turn(limits=slow)
    assert (turn.claimed, turn.held) == ((), None)
    assert turn.again_seconds == pytest.approx(61, abs=1)
    queue.pass_time(62)
    assert len(queue.turn(limits=slow).claimed) == 1
    unhold(queue.store())
    queue.accept("lead-3")
    assert queue.turn("w2", limits=slow).claimed == ()


def test_a_suspect_that_is_the_canary_is_claimed_alone(queue: Queue) -> None:
    queue.accept("lead-1")
    queue.claim("dead")
    queue.run_out()
    queue.settle(settlement(queue.claim("looker")[0], State.WAITING))
    suspect(queue, "lead-9")
    assert ids(queue, "w1", in_flight=2) == []
    assert ids(queue, "w1") == ["lead-1"]
    queue.accept("lead-2")
    assert amend(queue.store(), trial_at=queue.store().counts().now_at)
    assert ids(queue, "w1", in_flight=1) == []
    assert ids(queue, "w2") == ["lead-2"]
