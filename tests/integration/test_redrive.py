"""The rule that brings an outage's dead letters home: when, which, and how often."""

from __future__ import annotations

import logging

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.redrive import RULE, eligible, redrive
from lead_worker.settings import Settings, load
from lead_worker.store.campaigns import MOST_ACTIVE, CampaignState, Launch, Steer
from lead_worker.store.reading import Reading

from tests.integration.dead_letters import advance, campaigns, die, die_again, seen, settle_all
from tests.integration.fleet import ONE_REDIS
from tests.integration.holding import PAUSE, hold, unhold
from tests.integration.queues import ENTRY, Queue

pytestmark = ONE_REDIS

OUTAGE = "exhausted:status_503"
EVERY_SECONDS = 3600.0
SETTINGS = load(
    {
        "LEADS_REDRIVE": "yes",
        "LEADS_REDRIVE_EVERY_SECONDS": str(EVERY_SECONDS),
        "LEADS_REDRIVE_MOST": "3",
    }
)


def run(queue: Queue, settings: Settings = SETTINGS) -> str | None:
    return redrive(queue.store(), settings)


def meant(queue: Queue) -> list[str]:
    return sorted(letter.listed.lead_id for letter in eligible(queue.store(), SETTINGS))


def redriven(queue: Queue, *lead_ids: str) -> None:
    """Let the rule bring leads back, and let them die as before."""
    campaign_id = run(queue)
    assert campaign_id is not None
    advance(queue, campaign_id)
    die_again(queue, *lead_ids, group=OUTAGE)
    advance(queue, campaign_id)
    assert seen(queue, campaign_id).state is CampaignState.DONE


def test_it_is_off_unless_it_is_wanted(queue: Queue) -> None:
    die(queue, "a", group=OUTAGE)
    assert run(queue, load({})) is None
    assert campaigns(queue).redrive() == (None, None)
    assert campaigns(queue).newest(10) == []


def test_it_launches_a_campaign_over_what_died_exhausted_and_nothing_else(queue: Queue) -> None:
    die(queue, "a", "b", group=OUTAGE)
    die(queue, "c", group="rejected:status_422")
    die(queue, "d", group="poison:lease_expired")
    campaign_id = run(queue)
    assert campaign_id is not None
    found = seen(queue, campaign_id)
    assert (found.state, found.total, found.launch.by) == (CampaignState.RUNNING, 2, RULE)
    assert found.launch.rule
    assert found.launch.about == "reason exhausted"
    assert found.launch.reason == "exhausted; every 1 h, at most 3 times"
    (logged,) = Reading(queue.store()).log(10)
    told = [logged[name] for name in ("event", "campaign", "by", "leads")]
    assert told == ["campaign_begun", campaign_id, RULE, 2]
    advance(queue, campaign_id)
    assert sorted(lead.lead_id for lead in queue.claim()) == ["a", "b"]


def test_more_than_one_batch_comes_home(queue: Queue) -> None:
    die(queue, *(f"lead-{n:03}" for n in range(230)), group=OUTAGE)
    campaign_id = run(queue)
    assert campaign_id is not None
    assert seen(queue, campaign_id).total == 230


def test_under_a_hold_it_does_nothing_and_is_due_as_soon_as_that_ends(queue: Queue) -> None:
    die(queue, "a", group=OUTAGE)
    assert hold(queue.store(), PAUSE)
    assert run(queue) is None
    assert campaigns(queue).redrive() == (None, None)
    unhold(queue.store())
    assert run(queue) is not None


def test_it_is_due_once_in_its_interval_whether_or_not_there_was_something(queue: Queue) -> None:
    assert run(queue) is None
    last_at, next_at = campaigns(queue).redrive()
    assert last_at is not None
    assert next_at == pytest.approx(last_at + EVERY_SECONDS, abs=1)
    die(queue, "a", group=OUTAGE)
    queue.pass_time(EVERY_SECONDS - 60)
    assert run(queue) is None
    queue.pass_time(61)
    assert run(queue) is not None


def test_of_two_workers_one_has_it_and_where_that_dies_another_takes_it_up(queue: Queue) -> None:
    assert campaigns(queue).claim_redrive(300.0)
    assert not campaigns(queue).claim_redrive(300.0)
    die(queue, "a", group=OUTAGE)
    assert run(queue) is None
    queue.pass_time(301)
    assert run(queue) is not None


def test_while_its_last_campaign_is_under_way_there_is_no_other(queue: Queue) -> None:
    die(queue, "a", group=OUTAGE)
    first = run(queue)
    assert first is not None
    campaigns(queue).steer(first, Steer.PAUSE, ENTRY)
    die(queue, "b", group=OUTAGE)
    queue.pass_time(EVERY_SECONDS + 1)
    assert run(queue) is None
    campaigns(queue).steer(first, Steer.RESUME, ENTRY)
    advance(queue, first)
    settle_all(queue, State.DELIVERED)
    advance(queue, first)
    assert run(queue) is not None


def test_a_persons_campaign_is_not_in_its_way(queue: Queue) -> None:
    assert campaigns(queue).launch("by hand", Launch("ana", "all"))
    die(queue, "a", group=OUTAGE)
    assert run(queue) is not None


def test_where_too_many_are_under_way_it_says_so_and_tries_another_time(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    for n in range(MOST_ACTIVE):
        assert campaigns(queue).launch(f"c-{n}", Launch("ana", "all"))
    die(queue, "a", group=OUTAGE)
    assert run(queue) is None
    assert "too many campaigns" in caplog.text
    for n in range(MOST_ACTIVE):
        campaigns(queue).steer(f"c-{n}", Steer.CANCEL, ENTRY)
        advance(queue, f"c-{n}")
    queue.pass_time(EVERY_SECONDS)
    assert run(queue) is not None


def test_each_time_it_waits_longer_and_then_leaves_the_lead_to_people(queue: Queue) -> None:
    die(queue, "a", group=OUTAGE)
    for intervals in (1, 3):
        redriven(queue, "a")
        assert meant(queue) == []
        queue.pass_time(intervals * EVERY_SECONDS - 60)
        assert meant(queue) == []
        queue.pass_time(61)
        assert meant(queue) == ["a"]
    redriven(queue, "a")
    assert queue.record("a")["redriven"] == "3"
    queue.pass_time(100 * EVERY_SECONDS)
    assert meant(queue) == []
    assert run(queue) is None


def test_a_person_who_replays_lets_it_begin_anew(queue: Queue) -> None:
    die(queue, "a", group=OUTAGE)
    redriven(queue, "a")
    assert meant(queue) == []
    assert queue.store().replay("a", "act", ENTRY) == "ok"
    die_again(queue, "a", group=OUTAGE)
    assert meant(queue) == ["a"]


def test_a_count_that_somebody_damaged_counts_as_none(queue: Queue) -> None:
    die(queue, "a", group=OUTAGE, fields={"redriven": "often"})
    assert meant(queue) == ["a"]


def test_what_it_logs_is_its_campaign_and_how_many(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    die(queue, "a", group=OUTAGE)
    campaign_id = run(queue)
    assert caplog.messages == [f"redrive: campaign {campaign_id} with 1 leads"]
