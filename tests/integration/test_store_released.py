"""What became of each lead of a campaign, and that none goes twice, whoever else is at work."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.store.campaigns import CampaignState, Steer
from lead_worker.store.reading import Reading

from tests.integration.dead_letters import (
    advance,
    campaigns,
    claim_all,
    die,
    die_again,
    edit,
    launch,
    seen,
    settle_all,
    waiting,
)
from tests.integration.queues import ENTRY, Queue, settlement


def settle_to(to: State) -> Callable[[Queue], None]:
    def act(queue: Queue) -> None:
        assert settle_all(queue, to) == 1

    return act


def discard(queue: Queue) -> None:
    settle_all(queue, State.DEAD)
    assert queue.store().discard("a", "act", ENTRY) == "ok"


def erase(queue: Queue) -> None:
    assert queue.store().erase("a", ENTRY) == "ok"


def forget(queue: Queue) -> None:
    settle_all(queue, State.DELIVERED)
    assert queue.store().forget(State.DELIVERED, 0.0) == 1


def replay_elsewhere(queue: Queue) -> None:
    settle_all(queue, State.DEAD)
    assert queue.store().replay("a", "act", ENTRY) == "ok"


def replay_in_another_campaign(queue: Queue) -> None:
    settle_all(queue, State.DEAD)
    launch(queue, ["a"], "other")
    campaigns(queue).advance("other", 0)
    assert queue.state("a") == "waiting"


ENDS: dict[str, tuple[Callable[[Queue], None], str]] = {
    "delivered": (settle_to(State.DELIVERED), "delivered"),
    "dead": (settle_to(State.DEAD), "dead"),
    "parked": (settle_to(State.PARKED), "parked"),
    "discarded": (discard, "discarded"),
    "erased": (erase, "erased"),
    "forgotten": (forget, "gone"),
    "replayed by a person": (replay_elsewhere, "elsewhere"),
    "replayed by another campaign": (replay_in_another_campaign, "elsewhere"),
}


@pytest.mark.parametrize(("act", "what"), ENDS.values(), ids=ENDS)
def test_what_became_of_a_lead_is_noted(
    queue: Queue, act: Callable[[Queue], None], what: str
) -> None:
    die(queue, "a")
    launch(queue, ["a"])
    advance(queue)
    assert (seen(queue).out, seen(queue).todo) == (1, 0)
    act(queue)
    advance(queue)
    found = seen(queue)
    assert (found.state, found.ended, found.out) == (CampaignState.DONE, {what: 1}, 0)
    assert dict(campaigns(queue).ends("c")) == {"a": what}


@pytest.mark.parametrize("to", [State.WAITING, State.UNKNOWN])
def test_who_is_on_its_way_is_out_until_it_comes_to_an_end(queue: Queue, to: State) -> None:
    die(queue, "a")
    launch(queue, ["a"])
    advance(queue)
    (lead,) = claim_all(queue)
    advance(queue)
    assert seen(queue).out == 1
    queue.settle(settlement(lead, to, due_seconds=3))
    for _ in range(5):
        advance(queue)
        assert (seen(queue).out, seen(queue).ended) == (1, {})
    settle_all(queue, State.DELIVERED)
    advance(queue)
    assert seen(queue).ended == {"delivered": 1}


def replayed(queue: Queue) -> None:
    assert queue.store().replay("a", "act", ENTRY) == "ok"


def discarded(queue: Queue) -> None:
    assert queue.store().discard("a", "act", ENTRY) == "ok"


def forgotten(queue: Queue) -> None:
    assert queue.store().forget(State.DEAD, 0.0) == 1


def delivered(queue: Queue) -> None:
    replayed(queue)
    settle_all(queue, State.DELIVERED)


SKIPS: dict[str, tuple[Callable[[Queue], None], str]] = {
    "replayed": (replayed, "waiting"),
    "discarded": (discarded, "discarded"),
    "erased": (erase, "erased"),
    "forgotten": (forgotten, "gone"),
    "delivered": (delivered, "delivered"),
}


@pytest.mark.parametrize(("act", "what"), SKIPS.values(), ids=SKIPS)
def test_who_is_no_dead_letter_when_its_turn_comes_is_skipped(
    queue: Queue, act: Callable[[Queue], None], what: str
) -> None:
    die(queue, "a")
    launch(queue, ["a"])
    act(queue)
    before = queue.state("a")
    advance(queue)
    assert queue.state("a") == before
    assert (seen(queue).state, seen(queue).ended) == (CampaignState.DONE, {"skipped": 1})
    assert dict(campaigns(queue).ends("c")) == {"a": f"skipped {what}"}


def test_who_was_restored_or_died_again_before_its_turn_goes_as_any_other(queue: Queue) -> None:
    die(queue, "a", "b")
    launch(queue, ["a", "b"])
    store = queue.store()
    store.discard("a", "act-1", ENTRY)
    store.restore("a", "act-2", ENTRY)
    store.replay("b", "act-3", ENTRY)
    die_again(queue, "b")
    advance(queue)
    assert waiting(queue) == 2


def test_who_is_enlisted_twice_goes_once(queue: Queue) -> None:
    die(queue, *"abc")
    launch(queue, ["a", "a", "b", "c", "a"])
    advance(queue)
    assert waiting(queue) == 3
    die_again(queue, *"abc")
    advance(queue)
    found = seen(queue)
    assert (found.state, found.ended) == (CampaignState.DONE, {"dead": 3, "skipped": 2})
    assert [queue.record(lead_id)["replays"] for lead_id in "abc"] == ["1", "1", "1"]
    assert dict(campaigns(queue).ends("c")) == dict.fromkeys("abc", "dead")


def test_who_comes_twice_does_not_go_again_when_it_is_dead_again_at_its_second_turn(
    queue: Queue,
) -> None:
    lead_ids = [f"lead-{n:02}" for n in range(30)]
    die(queue, *lead_ids)
    launch(queue, [*lead_ids, lead_ids[0]], most_failed=1.0)
    for _ in range(4):
        advance(queue)
        settle_all(queue, State.DEAD)
    assert seen(queue).ended == {"dead": 30, "skipped": 1}
    assert queue.record(lead_ids[0])["replays"] == "1"
    assert dict(campaigns(queue).ends("c"))[lead_ids[0]] == "dead"


def test_two_campaigns_over_the_same_leads_let_each_go_once(queue: Queue) -> None:
    die(queue, *"abcd")
    launch(queue, [*"abc"], "one")
    launch(queue, [*"bcd"], "two")
    advance(queue, "one")
    advance(queue, "two")
    assert waiting(queue) == 4
    settle_all(queue, State.DELIVERED)
    advance(queue, "one")
    advance(queue, "two")
    assert seen(queue, "one").ended == {"delivered": 3}
    assert seen(queue, "two").ended == {"delivered": 1, "skipped": 2}


def test_one_that_has_let_all_go_is_done_and_says_so_once(queue: Queue) -> None:
    die(queue, *"abc")
    launch(queue, [*"abc"])
    advance(queue)
    settle_all(queue, State.DELIVERED)
    for _ in range(3):
        advance(queue)
    found = seen(queue)
    assert (found.state, found.finished, found.is_active) == (CampaignState.DONE, 3, False)
    ends = [e for e in Reading(queue.store()).log(100) if e["event"] == "campaign_done"]
    assert [(e["campaign"], e["delivered"], e["dead"]) for e in ends] == [("c", 3, 0)]
    assert {event["event"] for event in queue.store().beat({}).events} == {"died"}
    assert campaigns(queue).steer("c", Steer.CANCEL, ENTRY) == "finished"


@pytest.mark.parametrize("rule", [False, True])
def test_only_what_a_rule_lets_go_counts_as_redriven_and_a_person_ends_that(
    queue: Queue, rule: bool
) -> None:
    die(queue, "a")
    for n in range(2):
        launch(queue, ["a"], f"c-{n}", rule=rule)
        advance(queue, f"c-{n}")
        die_again(queue, "a")
    assert queue.record("a").get("redriven") == ("2" if rule else None)
    launch(queue, ["a"], "by hand")
    advance(queue, "by hand")
    assert "redriven" not in queue.record("a")


def test_a_person_who_replays_ends_what_the_rule_has_counted(queue: Queue) -> None:
    die(queue, "a")
    launch(queue, ["a"], rule=True)
    advance(queue)
    die_again(queue, "a")
    assert queue.record("a")["redriven"] == "1"
    assert queue.store().replay("a", "act", ENTRY) == "ok"
    assert not {"redriven", "campaign"} & queue.record("a").keys()


def test_a_suspect_that_goes_stays_one(queue: Queue) -> None:
    die(queue, "a")
    queue.client.hset(queue.keys.lead("a"), "suspect", 3)
    launch(queue, ["a"])
    advance(queue)
    assert queue.record("a")["suspect"] == "0"


def test_what_was_mended_goes_as_it_is_by_now(queue: Queue) -> None:
    die(queue, "a", raw=b"{}")
    launch(queue, ["a"])
    assert queue.store().edit("a", edit(b"{}", b'{"name":"Ana"}')) == "ok"
    advance(queue)
    assert [lead.raw for lead in claim_all(queue)] == [b'{"name":"Ana"}']
