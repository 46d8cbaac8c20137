"""A campaign from its launch to its end: who may steer it when, and how long it is remembered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.store import StoreError
from lead_worker.store.campaigns import MOST_ACTIVE, CampaignState, Launch, Steer
from lead_worker.store.reading import Reading
from lead_worker.store.store import BATCH

from tests.integration.dead_letters import (
    BEGUN,
    advance,
    campaigns,
    die,
    launch,
    seen,
    settle_all,
    waiting,
)
from tests.integration.queues import Queue

MONTH_SECONDS = 30 * 86400
STEERED = {"event": "steered", "by": "ana"}
S = CampaignState


def prepare(queue: Queue, *lead_ids: str) -> None:
    assert campaigns(queue).launch("c", Launch("ana", "all"))
    if lead_ids:
        assert campaigns(queue).enlist("c", 0, lead_ids) == "ok"


def steer(queue: Queue, *whats: Steer, campaign_id: str = "c") -> list[str]:
    return [campaigns(queue).steer(campaign_id, what, STEERED) for what in whats]


def run(queue: Queue) -> None:
    die(queue, *(f"lead-{n:02}" for n in range(25)))
    launch(queue, [f"lead-{n:02}" for n in range(25)])


def pause(queue: Queue) -> None:
    run(queue)
    assert steer(queue, Steer.PAUSE) == ["ok"]


def stop(queue: Queue) -> None:
    """Let all that it lets go die again."""
    run(queue)
    advance(queue)
    settle_all(queue, State.DEAD)
    advance(queue)


def cancel(queue: Queue) -> None:
    run(queue)
    assert steer(queue, Steer.CANCEL) == ["ok"]


def finish(queue: Queue) -> None:
    die(queue, "a")
    launch(queue, ["a"])
    advance(queue)
    settle_all(queue, State.DELIVERED)
    advance(queue)


BRING: dict[CampaignState, Callable[[Queue], None]] = {
    S.PREPARING: prepare,
    S.RUNNING: run,
    S.PAUSED: pause,
    S.STOPPED: stop,
    S.CANCELLED: cancel,
    S.DONE: finish,
}
ALLOWED = {
    (S.PREPARING, Steer.BEGIN): S.RUNNING,
    (S.PREPARING, Steer.CANCEL): S.CANCELLED,
    (S.RUNNING, Steer.PAUSE): S.PAUSED,
    (S.RUNNING, Steer.CANCEL): S.CANCELLED,
    (S.PAUSED, Steer.RESUME): S.RUNNING,
    (S.PAUSED, Steer.CANCEL): S.CANCELLED,
    (S.STOPPED, Steer.RESUME): S.RUNNING,
    (S.STOPPED, Steer.CANCEL): S.CANCELLED,
}


@pytest.mark.parametrize("state", CampaignState)
def test_a_campaign_goes_from_state_to_state_as_it_may_and_no_other_way(
    queue: Queue, state: CampaignState
) -> None:
    BRING[state](queue)
    assert seen(queue).state is state
    refused = [what for what in Steer if (state, what) not in ALLOWED]
    before = queue.timeless()
    # `done` would be that the act was here before.
    told = "finished" if state is S.DONE else state
    assert steer(queue, *refused) == [told] * len(refused)
    assert queue.timeless() == before


@pytest.mark.parametrize(("state", "what"), ALLOWED)
def test_who_steers_a_campaign_is_in_the_log(
    queue: Queue, state: CampaignState, what: Steer
) -> None:
    BRING[state](queue)
    assert steer(queue, what) == ["ok"]
    assert seen(queue).state is ALLOWED[state, what]
    (logged,) = Reading(queue.store()).log(1)
    assert (logged["event"], logged["by"]) == ("steered", "ana")


def test_nobody_steers_or_enlists_for_a_campaign_that_is_not_there(queue: Queue) -> None:
    assert steer(queue, *Steer) == ["gone"] * len(Steer)
    assert campaigns(queue).enlist("c", 0, ["a"]) == "gone"
    assert campaigns(queue).find("c") is None
    assert not advance(queue)


def test_what_a_campaign_is_to_be_comes_back_as_it_was_launched(queue: Queue) -> None:
    wanted = Launch("ana", "group x", "API is well", 60, 0.25, 0.1, rule=True)
    assert campaigns(queue).launch("c", wanted)
    found = seen(queue)
    assert (found.launch, found.state) == (wanted, S.PREPARING)
    assert (found.total, found.todo, found.out, found.ended) == (0, 0, 0, {})
    assert found.is_active
    assert found.launched_at is not None
    assert found.began_at is None
    assert steer(queue, Steer.BEGIN) == ["ok"]
    assert seen(queue).began_at is not None


def test_no_more_than_ten_campaigns_are_under_way_at_once(queue: Queue) -> None:
    for n in range(MOST_ACTIVE):
        assert campaigns(queue).launch(f"c-{n}", Launch("ana", "all"))
        queue.pass_time(1.0)
    assert not campaigns(queue).launch("c", Launch("ana", "all"))
    assert campaigns(queue).find("c") is None
    assert campaigns(queue).launch("c-3", Launch("bia", "other"))  # it is known: a repetition
    assert seen(queue, "c-3").launch.by == "ana"
    assert len(campaigns(queue).active()) == MOST_ACTIVE
    assert [found.campaign_id for found in campaigns(queue).newest(2)] == ["c-9", "c-8"]

    assert steer(queue, Steer.CANCEL, campaign_id="c-5") == ["ok"]
    advance(queue, "c-5")
    assert campaigns(queue).launch("c", Launch("ana", "all"))


def test_enlisting_can_be_repeated_and_a_gap_is_an_error(queue: Queue) -> None:
    prepare(queue, "a", "b")
    assert campaigns(queue).enlist("c", 0, ["a", "b"]) == "done"
    assert campaigns(queue).enlist("c", 2, ["d"]) == "ok"
    assert campaigns(queue).enlist("c", 2, ["d"]) == "done"
    with pytest.raises(StoreError, match=r"^enlist\.lua: the campaign has 3 leads, not 5"):
        campaigns(queue).enlist("c", 5, ["e"])
    assert (seen(queue).total, seen(queue).todo) == (3, 3)


@pytest.mark.parametrize("many", [0, BATCH + 1])
def test_no_more_than_a_batch_is_enlisted_at_once(queue: Queue, many: int) -> None:
    prepare(queue)
    with pytest.raises(ValueError, match=f"expected 1 to {BATCH} leads, found {many}"):
        campaigns(queue).enlist("c", 0, ["a"] * many)


@pytest.mark.parametrize("state", [S.RUNNING, S.PAUSED, S.STOPPED, S.CANCELLED, S.DONE])
def test_once_it_has_begun_no_lead_is_added(queue: Queue, state: CampaignState) -> None:
    BRING[state](queue)
    total = seen(queue).total
    assert campaigns(queue).enlist("c", total, ["z"]) == state
    assert seen(queue).total == total


def test_a_campaign_without_leads_is_done_at_once(queue: Queue) -> None:
    prepare(queue)
    assert campaigns(queue).steer("c", Steer.BEGIN, BEGUN) == "ok"
    assert not advance(queue)
    assert (seen(queue).state, seen(queue).is_active) == (S.DONE, False)


def test_what_is_left_in_preparation_lets_nothing_go_and_is_cancelled_after_a_minute(
    queue: Queue,
) -> None:
    die(queue, "a", "b")
    prepare(queue, "a")
    queue.pass_time(58)
    advance(queue)
    assert seen(queue).state is S.PREPARING
    assert campaigns(queue).enlist("c", 1, ["b"]) == "ok"  # somebody is still at it
    queue.pass_time(58)
    advance(queue)
    assert seen(queue).state is S.PREPARING
    queue.pass_time(2)
    advance(queue)
    found = seen(queue)
    assert (found.state, found.why, found.todo, found.is_active) == (
        S.CANCELLED,
        "abandoned",
        0,
        False,
    )
    assert queue.store().counts().dead == 2
    assert steer(queue, Steer.BEGIN) == [S.CANCELLED]


def lives(queue: Queue) -> list[int]:
    """For how many seconds more each key of the campaign is kept; -1 for good, -2 not there."""
    keys = queue.keys
    names = (keys.campaign("c"), keys.campaign_ended("c"), keys.campaign_todo("c"))
    return [int(queue.client.ttl(name)) for name in names]


def test_a_campaign_that_is_done_is_remembered_for_a_month(queue: Queue) -> None:
    finish(queue)
    record, ended, todo = lives(queue)
    assert record == ended == pytest.approx(MONTH_SECONDS, abs=60)
    assert todo == -2
    assert campaigns(queue).active() == []
    assert [found.campaign_id for found in campaigns(queue).newest(10)] == ["c"]


def test_one_that_is_under_way_is_kept_for_good(queue: Queue) -> None:
    run(queue)
    advance(queue)
    assert lives(queue) == [-1, -2, -1]
    steer(queue, Steer.PAUSE)
    advance(queue)
    assert lives(queue) == [-1, -2, -1]


def test_one_that_stopped_has_ended_until_somebody_resumes_it(queue: Queue) -> None:
    stop(queue)
    assert all(0 < left <= MONTH_SECONDS for left in lives(queue))
    assert not seen(queue).is_active
    assert steer(queue, Steer.RESUME) == ["ok"]
    assert lives(queue) == [-1, -1, -1]
    assert [found.campaign_id for found in campaigns(queue).active()] == ["c"]
    assert seen(queue).is_active
    assert seen(queue).why == ""


def test_one_that_has_stopped_is_not_resumed_beside_ten_others(queue: Queue) -> None:
    stop(queue)
    for number in range(MOST_ACTIVE):
        assert campaigns(queue).launch(f"other-{number}", Launch("ana", "all"))
    assert steer(queue, Steer.RESUME) == ["busy"]
    assert steer(queue, Steer.CANCEL, campaign_id="other-0") == ["ok"]
    advance(queue, "other-0")
    assert steer(queue, Steer.RESUME) == ["ok"]


def test_one_that_stopped_and_is_cancelled_ends_again(queue: Queue) -> None:
    stop(queue)
    assert steer(queue, Steer.CANCEL) == ["ok"]
    assert [found.campaign_id for found in campaigns(queue).active()] == ["c"]  # beats see to it
    advance(queue)
    found = seen(queue)
    assert (found.state, found.todo, found.is_active) == (S.CANCELLED, 0, False)
    assert campaigns(queue).active() == []
    record, ended, todo = lives(queue)
    assert (0 < record <= MONTH_SECONDS, 0 < ended <= MONTH_SECONDS, todo) == (True, True, -2)


def test_what_a_cancelled_campaign_has_let_go_still_comes_to_its_noted_end(queue: Queue) -> None:
    run(queue)
    advance(queue)
    assert steer(queue, Steer.CANCEL) == ["ok"]
    advance(queue)
    found = seen(queue)
    assert (found.out, found.todo, found.is_active, waiting(queue)) == (20, 0, True, 20)
    settle_all(queue, State.DELIVERED)
    advance(queue)
    found = seen(queue)
    assert (found.ended, found.is_active) == ({"delivered": 20}, False)
    assert queue.store().counts().dead == 5


def test_campaigns_that_are_forgotten_leave_the_list_when_another_is_launched(
    queue: Queue,
) -> None:
    for n in range(3):
        assert campaigns(queue).launch(f"c-{n}", Launch("ana", "all"))
        steer(queue, Steer.CANCEL, campaign_id=f"c-{n}")
        advance(queue, f"c-{n}")
    queue.client.delete(queue.keys.campaign("c-0"), queue.keys.campaign("c-1"))
    assert [found.campaign_id for found in campaigns(queue).newest(10)] == ["c-2"]
    prepare(queue)
    assert queue.client.zrange(queue.keys.campaigns, 0, -1) == [b"c-2", b"c"]


def test_one_whose_record_was_lost_is_no_longer_under_way(queue: Queue) -> None:
    prepare(queue)
    queue.client.delete(queue.keys.campaign("c"))
    assert not advance(queue)
    assert queue.client.scard(queue.keys.active) == 0
