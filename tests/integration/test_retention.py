"""Retention: what it forgets, when, and how much at once."""

from __future__ import annotations

import logging

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.retention import STEPS, retain
from lead_worker.settings import DAY_SECONDS, load
from lead_worker.store.store import BATCH

from tests.integration.queues import ENTRY, Queue, settlement

SETTINGS = load(
    {
        "LEADS_KEEP_DELIVERED_DAYS": "1",
        "LEADS_KEEP_DISCARDED_DAYS": "2",
        "LEADS_KEEP_DEAD_DAYS": "3",
        "LEADS_KEEP_ERASED_DAYS": "4",
    }
)
KEPT_DAYS = {State.DELIVERED: 1, State.DISCARDED: 2, State.DEAD: 3, State.ERASED: 4}
ON_THE_WAY = (State.WAITING, State.UNKNOWN, State.PARKED)


def one_in_each_state(queue: Queue) -> None:
    queue.accept(*State)
    leads = {lead.lead_id: lead for lead in queue.claim(most=20)}
    for state in (State.DELIVERED, State.DEAD, *ON_THE_WAY):
        queue.settle(settlement(leads[state], state))
    queue.settle(settlement(leads[State.DISCARDED], State.DEAD))
    assert queue.store().discard(State.DISCARDED, "act", {"event": "discard"}) == "ok"
    assert queue.store().erase(State.ERASED, ENTRY) == "ok"
    assert {queue.state(state) == state for state in State} == {True}


def test_each_final_state_is_kept_for_its_days_and_what_is_on_its_way_for_ever(
    queue: Queue,
) -> None:
    one_in_each_state(queue)
    assert retain(queue.store(), SETTINGS) == 0
    for forgotten in (State.DELIVERED, State.DISCARDED, State.DEAD, State.ERASED):
        queue.pass_time(DAY_SECONDS - 60)
        assert retain(queue.store(), SETTINGS) == 0
        queue.pass_time(60)
        assert retain(queue.store(), SETTINGS) == 1
        assert queue.state(forgotten) == ""
    queue.pass_time(3650 * DAY_SECONDS)
    assert retain(queue.store(), SETTINGS) == 0
    for state in (*ON_THE_WAY, State.LEASED):
        assert queue.state(state) == state
    assert queue.store().counts().forgotten == len(KEPT_DAYS)


def test_the_days_count_from_when_a_lead_came_to_its_state(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.DEAD))
    queue.pass_time(2.5 * DAY_SECONDS)
    queue.store().replay("a", "act", {"event": "replay"})
    queue.settle(settlement(queue.claim()[0], State.DEAD))
    queue.pass_time(2.5 * DAY_SECONDS)
    assert retain(queue.store(), SETTINGS) == 0


def test_one_run_goes_on_from_batch_to_batch(queue: Queue) -> None:
    many = 2 * BATCH + 1
    queue.accept(*(f"lead-{n}" for n in range(many)))
    queue.settle(*(settlement(lead, State.DELIVERED) for lead in queue.claim(most=many)))
    queue.pass_time(2 * DAY_SECONDS)
    assert retain(queue.store(), SETTINGS) == many
    assert many <= STEPS * BATCH


def test_the_log_says_how_many_and_not_whose(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    queue.accept("a")
    queue.deliver(queue.claim()[0])
    retain(queue.store(), SETTINGS)
    assert caplog.messages == []
    queue.pass_time(2 * DAY_SECONDS)
    retain(queue.store(), SETTINGS)
    assert caplog.messages == ["retention: 1 leads forgotten"]
