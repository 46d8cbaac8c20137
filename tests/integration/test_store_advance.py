"""What a campaign lets go, when, and what it says became of each."""

from __future__ import annotations

from typing import Any

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.store.campaigns import CampaignState, Steer
from lead_worker.store.reading import Reading

from tests.integration.dead_letters import (
    advance,
    campaigns,
    claim_all,
    dead,
    die,
    grouped,
    launch,
    seen,
    settle_all,
    waiting,
)
from tests.integration.holding import PAUSE, hold, not_before, standing_hold, unhold
from tests.integration.queues import Queue, settlement

STEERED = {"event": "steered", "by": "ana"}


def names(number: int) -> list[str]:
    return [f"lead-{n:03}" for n in range(number)]


def begin(queue: Queue, number: int, **wanted: Any) -> list[str]:
    """Let so many leads die, and launch a campaign over them."""
    lead_ids = names(number)
    die(queue, *lead_ids)
    launch(queue, lead_ids, **wanted)
    return lead_ids


def gone_in(queue: Queue, seconds: int, *, per_minute: int = 0) -> int:
    """How many it lets go in so many seconds, each delivered at once."""
    total = 0
    for _ in range(seconds):
        advance(queue, per_minute=per_minute)
        total += settle_all(queue, State.DELIVERED)
    return total


def test_a_lead_waits_again_in_the_bulk_lane_with_fresh_attempts_and_a_note(queue: Queue) -> None:
    queue.accept("a", lane="live", key="digest")
    queue.settle(settlement(queue.claim()[0], State.WAITING))
    (lead,) = claim_all(queue)
    queue.settle(dead(lead, fields={"cause": "status_422", "status": "422"}))
    launch(queue, ["a"])
    queue.client.delete(queue.keys.bell)
    advance(queue)
    record = queue.record("a")
    assert (record["state"], record["lane"], record["campaign"]) == ("waiting", "bulk", "c")
    assert record["replays"] == "1"
    assert not {"reason", "cause", "status", "group", "attempts"} & record.keys()
    (last,) = [entry for entry in queue.timeline("a") if entry["event"] == "replayed"]
    assert last["campaign"] == "c"
    assert queue.client.llen(queue.keys.bell) == 1
    assert grouped(queue) == {}
    (lead,) = claim_all(queue)
    assert (lead.lead_id, lead.attempts, lead.age_seconds) == ("a", 0, 0.0)
    assert queue.accept("b", key="digest") == ["ok", 0, "a"]


def test_it_begins_with_twenty_and_lets_out_twice_what_came_to_an_end(queue: Queue) -> None:
    begin(queue, 200)
    out = []
    for _ in range(6):
        advance(queue)
        out.append(waiting(queue))
        settle_all(queue, State.DELIVERED)
    assert out == [20, 40, 100, 40, 0, 0]  # never more than a hundred in one step
    assert seen(queue).state is CampaignState.DONE


def test_steps_in_a_row_let_nobody_go_twice(queue: Queue) -> None:
    lead_ids = begin(queue, 30)
    for _ in range(3):
        campaigns(queue).advance("c", 0)
        assert waiting(queue) == 20
    settle_all(queue, State.DELIVERED)
    for _ in range(3):
        advance(queue)
        settle_all(queue, State.DELIVERED)
    replays = [queue.record(lead_id)["replays"] for lead_id in lead_ids]
    assert replays == ["1"] * 30


def test_only_where_a_step_was_full_there_is_more_to_do_at_once(queue: Queue) -> None:
    begin(queue, 200)
    more = []
    for _ in range(4):
        more.append(advance(queue))
        settle_all(queue, State.DELIVERED)
    assert more == [False, False, True, True]


@pytest.mark.parametrize(("per_minute", "least", "most"), [(60, 60, 63), (30, 30, 32), (1, 1, 2)])
def test_it_lets_go_as_many_in_a_minute_as_it_may(
    queue: Queue, per_minute: int, least: int, most: int
) -> None:
    begin(queue, 100, per_minute=per_minute)
    assert least <= gone_in(queue, 60) <= most
    assert seen(queue).state is CampaignState.RUNNING


def test_what_it_did_not_let_go_in_a_pause_it_does_not_make_up_for(queue: Queue) -> None:
    begin(queue, 100, per_minute=60)
    assert gone_in(queue, 1) <= 3
    queue.pass_time(1000)
    assert gone_in(queue, 1) <= 3


def test_a_clock_that_was_set_back_does_not_close_the_gate(queue: Queue) -> None:
    begin(queue, 100, per_minute=60)
    queue.pass_time(5000)
    advance(queue)
    settle_all(queue, State.DELIVERED)
    queue.pass_time(-4000)
    assert gone_in(queue, 10) >= 8


@pytest.mark.parametrize(
    ("share", "settings", "operators", "expected"),
    [(0.5, 120, None, 60), (0.5, 120, 30, 15), (1.0, 30, None, 30), (0.25, 0, 120, 30)],
)
def test_a_share_is_one_of_the_rate_in_force(
    queue: Queue, share: float, settings: int, operators: int | None, expected: int
) -> None:
    begin(queue, 100, share=share)
    if operators is not None:
        queue.store().set_rate(operators, "ana", {"event": "rate"})
    lead_ids = queue.client.zcard(queue.keys.index("dead"))
    for _ in range(60):
        advance(queue, per_minute=settings)
        _deliver_past_the_rate(queue)
    gone = lead_ids - queue.client.zcard(queue.keys.index("dead"))
    assert expected <= gone <= expected + 3


def _deliver_past_the_rate(queue: Queue) -> None:
    queue.client.hdel(queue.keys.rate, "free_at")
    per_minute = queue.client.hget(queue.keys.rate, "per_minute")
    queue.client.hset(queue.keys.rate, "per_minute", 0)
    settle_all(queue, State.DELIVERED)
    if per_minute is None:
        queue.client.hdel(queue.keys.rate, "per_minute")
    else:
        queue.client.hset(queue.keys.rate, "per_minute", per_minute)


def test_without_any_rate_a_share_waits_until_there_is_one(queue: Queue) -> None:
    begin(queue, 30, share=0.5)
    for _ in range(3):
        advance(queue)
    assert waiting(queue) == 0
    queue.client.hset(queue.keys.rate, "per_minute", 240)
    advance(queue)
    assert waiting(queue) > 0


@pytest.mark.parametrize("kind", ["paused", "not before"])
def test_under_a_hold_it_lets_nobody_go_and_still_notes_ends(queue: Queue, kind: str) -> None:
    begin(queue, 30)
    advance(queue)
    assert settle_all(queue, State.DELIVERED) == 20
    store = queue.store()
    assert hold(store, PAUSE if kind == "paused" else not_before(store, 600.0))
    for _ in range(3):
        advance(queue)
    assert (waiting(queue), seen(queue).ended) == (0, {"delivered": 20})
    unhold(queue.store())
    advance(queue)
    assert waiting(queue) == 10


def test_where_nobody_else_can_be_the_canary_it_lets_one_go(queue: Queue) -> None:
    """Else an outage that is over would last for as long as no new lead comes."""
    begin(queue, 30)
    store = queue.store()
    hold(store, standing_hold(store, 60.0))
    advance(queue)
    assert waiting(queue) == 0
    queue.pass_time(60)
    for _ in range(3):
        advance(queue)
        assert waiting(queue) == 1
    (canary,) = queue.claim()
    assert canary.canary_of
    advance(queue)
    assert waiting(queue) == 0


def test_where_another_lead_can_be_the_canary_it_lets_nobody_go(queue: Queue) -> None:
    begin(queue, 30)
    store = queue.store()
    hold(store, standing_hold(store, 0.0))
    queue.accept("other")
    advance(queue)
    assert (waiting(queue), queue.store().counts().dead) == (1, 30)


def test_it_stops_where_more_than_the_part_that_may_fail_is_dead_again(queue: Queue) -> None:
    lead_ids = begin(queue, 100, most_failed=0.5)
    advance(queue)
    leads = claim_all(queue)
    queue.settle(*map(dead, leads[:11]))
    queue.settle(*(settlement(lead, State.DELIVERED, api_id=lead.lead_id) for lead in leads[11:]))
    advance(queue)
    found = seen(queue)
    assert (found.state, found.why, found.todo) == (CampaignState.STOPPED, "failed", 80)
    assert found.ended == {"dead": 11, "delivered": 9}
    assert queue.store().counts().dead == 91
    assert {queue.record(lead_id).get("replays") for lead_id in lead_ids[20:]} == {None}
    event, *deaths = queue.store().beat({}).events
    assert {each["event"] for each in deaths} == {"died"}
    told = [event[name] for name in ("event", "campaign", "dead", "delivered")]
    assert told == ["campaign_stopped", "c", 11, 9]
    assert Reading(queue.store()).log(1) == [event]


@pytest.mark.parametrize(("failing", "most_failed"), [(10, 0.5), (20, 1.0), (0, 0.0)])
def test_it_goes_on_where_no_more_fail_than_may(
    queue: Queue, failing: int, most_failed: float
) -> None:
    begin(queue, 60, most_failed=most_failed)
    advance(queue)
    leads = claim_all(queue)
    queue.settle(*map(dead, leads[:failing]))
    rest = leads[failing:]
    queue.settle(*(settlement(lead, State.DELIVERED, api_id=lead.lead_id) for lead in rest))
    advance(queue)
    assert (seen(queue).state, waiting(queue)) == (CampaignState.RUNNING, 40)


def test_of_fewer_than_twenty_nothing_is_judged(queue: Queue) -> None:
    begin(queue, 19, most_failed=0.0)
    advance(queue)
    settle_all(queue, State.DEAD)
    advance(queue)
    assert (seen(queue).state, seen(queue).ended) == (CampaignState.DONE, {"dead": 19})


def test_one_that_is_resumed_is_judged_by_what_comes_from_then_on(queue: Queue) -> None:
    begin(queue, 100)
    advance(queue)
    settle_all(queue, State.DEAD)
    advance(queue)
    assert campaigns(queue).steer("c", Steer.RESUME, STEERED) == "ok"
    advance(queue)
    assert (seen(queue).state, waiting(queue)) == (CampaignState.RUNNING, 20)
    settle_all(queue, State.DELIVERED)
    advance(queue)
    assert (seen(queue).state, waiting(queue)) == (CampaignState.RUNNING, 40)
    settle_all(queue, State.DEAD)
    advance(queue)
    assert seen(queue).state is CampaignState.STOPPED
    assert seen(queue).ended == {"dead": 60, "delivered": 20}


def test_one_that_is_paused_lets_nobody_go_and_notes_ends(queue: Queue) -> None:
    begin(queue, 30)
    advance(queue)
    campaigns(queue).steer("c", Steer.PAUSE, STEERED)
    settle_all(queue, State.DELIVERED)
    for _ in range(2):
        advance(queue)
    found = seen(queue)
    assert (found.state, found.out, found.todo, waiting(queue)) == (CampaignState.PAUSED, 0, 10, 0)
    campaigns(queue).steer("c", Steer.RESUME, STEERED)
    advance(queue)
    assert waiting(queue) == 10
