"""Retention: what it forgets, when, and how much at once; what it announces, and how often."""

from __future__ import annotations

import logging

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.reporting import Reporter
from lead_worker.retention import STEPS, announce, announced_from, retain
from lead_worker.settings import DAY_SECONDS, Settings, load
from lead_worker.store.store import BATCH

from tests.integration.dead_letters import die, grouped
from tests.integration.fleet import ONE_REDIS
from tests.integration.queues import ENTRY, Queue, settlement
from tests.integration.sentry_listener import SentryListener

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


def test_an_idempotency_key_outlives_its_record_for_as_long_as_the_longest_are_kept(
    queue: Queue,
) -> None:
    """A form that is sent again a month later must not become a second lead."""
    queue.accept("a", key="digest")
    queue.deliver(queue.claim()[0])
    queue.pass_time(DAY_SECONDS)
    assert retain(queue.store(), SETTINGS) == 1
    assert queue.state("a") == ""
    left = queue.client.pttl(queue.keys.idempotency("digest")) / 1000
    assert left == pytest.approx(3 * DAY_SECONDS, abs=60)
    assert queue.accept("b", key="digest") == ["ok", 0, "a"]
    assert queue.problems() == []
    queue.client.pexpire(queue.keys.idempotency("digest"), 0)  # its time passes
    assert queue.accept("b", key="digest") == ["ok"]


def test_a_key_is_not_kept_for_longer_than_the_record_that_is_kept_longest(queue: Queue) -> None:
    queue.accept("a", key="digest")
    queue.store().erase("a", ENTRY)
    queue.pass_time(4 * DAY_SECONDS)
    assert retain(queue.store(), SETTINGS) == 1
    assert queue.accept("b", key="digest") == ["ok"]


@pytest.mark.parametrize("key_seconds", [0.0, 50.0, 100.0])
def test_a_key_that_is_to_be_known_no_longer_than_its_record_goes_with_it(
    queue: Queue, key_seconds: float
) -> None:
    die(queue, "a", key="digest")
    queue.pass_time(100)
    assert queue.store().forget(State.DEAD, 100.0, key_seconds) == 1
    assert not queue.client.exists(queue.keys.idempotency("digest"))


def test_a_key_that_is_a_newer_leads_lives_on_with_that(queue: Queue) -> None:
    queue.accept("a", key="digest")
    queue.deliver(queue.claim()[0])
    queue.client.delete(queue.keys.idempotency("digest"))
    queue.accept("b", key="digest")
    assert queue.store().forget(State.DELIVERED, 0.0, 1000.0) == 1
    assert queue.client.pttl(queue.keys.idempotency("digest")) == -1


def test_forgetting_takes_dead_letters_out_of_their_groups(queue: Queue) -> None:
    one_in_each_state(queue)
    queue.pass_time(3 * DAY_SECONDS)
    retain(queue.store(), SETTINGS)
    assert grouped(queue) == {}


KEPT = {"LEADS_KEEP_DEAD_DAYS": "90"}


def reporting(sentry: SentryListener, **environ: str) -> tuple[Settings, Reporter]:
    settings = load({**KEPT, "SENTRY_DSN": sentry.dsn, **environ})
    return settings, Reporter(settings, "w1")


def reported(sentry: SentryListener, reporter: Reporter) -> list[str]:
    """What Sentry was told, and with which next step."""
    reporter.flush(5.0)
    return [f"{event['message']}: {event['tags']['next_step']}" for event in sentry.events]


@ONE_REDIS
def test_it_is_announced_a_week_before_and_once_a_day_how_many_will_be_forgotten(
    queue: Queue, sentry: SentryListener
) -> None:
    settings, reporter = reporting(sentry)
    die(queue, "a", "b", raw=b'{"email":"ana@example.com"}')
    queue.pass_time(2 * DAY_SECONDS)
    die(queue, "c")
    queue.pass_time(80.5 * DAY_SECONDS)
    assert announce(queue.store(), settings, reporter) == 0
    assert not queue.client.exists(queue.keys.announced)
    queue.pass_time(DAY_SECONDS)
    assert announce(queue.store(), settings, reporter) == 2
    assert announce(queue.store(), settings, reporter) == 0
    left = queue.client.pttl(queue.keys.announced) / 1000
    assert left == pytest.approx(DAY_SECONDS, abs=60)
    queue.client.delete(queue.keys.announced)  # a day passes
    queue.pass_time(2 * DAY_SECONDS)
    assert announce(queue.store(), settings, reporter) == 3
    assert reported(sentry, reporter) == [
        "2 dead letters will be forgotten, the first in 6.5 days: leads dead",
        "3 dead letters will be forgotten, the first in 4.5 days: leads dead",
    ]
    assert "ana@example.com" not in sentry.text


@ONE_REDIS
def test_what_is_due_already_is_announced_as_due_now(queue: Queue, sentry: SentryListener) -> None:
    settings, reporter = reporting(sentry)
    die(queue, "a")
    queue.pass_time(100 * DAY_SECONDS)
    assert announce(queue.store(), settings, reporter) == 1
    assert reported(sentry, reporter) == [
        "1 dead letters will be forgotten, the first in 0.0 days: leads dead"
    ]


@ONE_REDIS
def test_where_nothing_dies_nothing_is_announced(queue: Queue, sentry: SentryListener) -> None:
    settings, reporter = reporting(sentry)
    one_in_each_state(queue)
    queue.store().forget(State.DEAD, 0.0)
    queue.pass_time(1000 * DAY_SECONDS)
    assert announce(queue.store(), settings, reporter) == 0
    assert reported(sentry, reporter) == []


@pytest.mark.parametrize(("days", "from_days"), [(90, 83), (14, 7), (10, 5), (1, 0.5)])
def test_who_is_kept_for_less_than_two_weeks_is_announced_at_half_of_that(
    days: float, from_days: float
) -> None:
    assert announced_from(days) == from_days * DAY_SECONDS
