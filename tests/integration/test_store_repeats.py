"""Each script can be run again after its reply was lost: twice is as good as once."""

from __future__ import annotations

from itertools import count

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Claim

from tests.integration.holding import PAUSE, hold, hold_of, unhold
from tests.integration.queues import ENTRY, LEASE_SECONDS, LIMITS, Queue, settlement
from tests.integration.repeat_cases import CASES, IDLE, Prepare, Step


@pytest.mark.parametrize(("prepare", "step"), CASES.values(), ids=CASES)
def test_what_is_run_twice_leaves_what_once_would(
    redis_url: str, namespace: str, prepare: Prepare, step: Step
) -> None:
    after = []
    for twice in (False, True):
        queue = Queue(redis_url, f"{namespace}-{twice}")
        prepare(queue)
        before = queue.timeless()
        step(queue, queue.store(twice=twice))
        after.append(queue.timeless())
        assert queue.problems() == []
        queue.close()
    assert after[0] == after[1]
    # Else the case would prove nothing: each changes something, but for these.
    assert (after[0] == before) == ((prepare, step) in IDLE)


def test_leads_that_are_enqueued_again_are_there_once(queue: Queue) -> None:
    assert queue.accept("a", "b", key="form-1") == ["ok", 1, "a"]
    before = queue.timeless()
    assert queue.accept("a", "b", key="form-1") == ["ok", 1, "a"]
    assert queue.timeless() == before
    assert queue.store().counts().accepted == 1


def test_leads_that_went_on_are_not_enqueued_again(queue: Queue) -> None:
    queue.accept("a")
    queue.deliver(queue.claim()[0])
    before = queue.timeless()
    queue.accept("a")
    assert queue.timeless() == before


def test_a_claim_that_is_made_again_gives_the_same_leads_and_renews_their_leases(
    queue: Queue,
) -> None:
    queue.accept(*(f"lead-{n}" for n in range(5)))
    first = queue.claim(most=3)
    queue.pass_time(LEASE_SECONDS - 1)
    again = queue.claim_again(most=3)
    assert [(lead.lead_id, lead.token, lead.raw) for lead in again] == [
        (lead.lead_id, lead.token, lead.raw) for lead in first
    ]
    queue.pass_time(LEASE_SECONDS - 1)
    assert queue.store().reclaim(0.0).number == 0
    assert queue.store().reclaim(0.0).number == 0
    assert queue.store().counts().leased == 3


def test_a_claim_that_is_made_again_gives_no_lead_that_was_settled_since(queue: Queue) -> None:
    queue.accept("a", "b")
    first, second = queue.claim()
    queue.deliver(first)
    assert [lead.lead_id for lead in queue.claim_again()] == [second.lead_id]


def test_a_claim_that_comes_late_takes_nothing(queue: Queue) -> None:
    queue.accept("a", "b", "c")
    store = queue.store()
    store.turn([], Claim(2, 1), LIMITS)
    before = queue.timeless()
    turn = store.turn([], Claim(1, 1), LIMITS)
    assert (turn.claimed, turn.more) == ((), False)
    assert queue.timeless() == before


def test_a_settle_that_is_made_again_says_so(queue: Queue) -> None:
    queue.accept("a")
    done = settlement(queue.claim()[0], State.WAITING, due_seconds=5)
    assert queue.settle(done) == ("ok",)
    assert queue.settle(done) == ("done",)


def test_a_settle_that_is_made_again_after_another_claim_changes_nothing(queue: Queue) -> None:
    queue.accept("a")
    done = settlement(queue.claim()[0], State.DEAD)
    back = settlement(queue.claim_again()[0], State.WAITING)
    assert queue.settle(back) == ("ok",)
    other = queue.claim("w2")
    before = queue.timeless()
    assert queue.settle(back, done) == ("done", "done")
    assert queue.timeless() == before
    queue.settle(settlement(other[0], State.WAITING))
    before = queue.timeless()
    assert queue.settle(back) == ("stale",)
    assert queue.timeless() == before


def test_a_replay_that_is_made_again_after_the_lead_died_again_lets_it_rest(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.DEAD))
    assert queue.store().replay("a", "act-1", ENTRY) == "ok"
    queue.settle(settlement(queue.claim()[0], State.DEAD))
    assert queue.store().replay("a", "act-1", ENTRY) == "done"
    assert queue.state("a") == "dead"
    assert queue.store().replay("a", "act-2", ENTRY) == "ok"


def test_scripts_that_redis_has_lost_are_loaded_and_all_of_the_turn_is_run_again(
    queue: Queue,
) -> None:
    queue.accept(*(f"lead-{n}" for n in range(9)))
    numbers = count(1)
    done: list[str] = []
    for _ in range(4):
        queue.client.script_flush()
        leads = queue.store().turn([], Claim(next(numbers), 3), LIMITS).claimed
        # Now Redis knows claim.lua and no settle.lua: the claim runs, and then runs again.
        turn = queue.store().turn(
            [settlement(lead, State.DELIVERED, api_id=lead.lead_id) for lead in leads],
            Claim(next(numbers), 0),
            LIMITS,
        )
        done += turn.verdicts
    assert done == ["ok"] * 9
    assert queue.store().counts().delivered == 9


def test_a_hold_that_ends_is_not_ended_again_over_a_newer_one(queue: Queue) -> None:
    store = queue.store()
    assert hold(store, PAUSE)
    version = store.counts().version
    assert unhold(store, version=version)
    assert hold(store, PAUSE)
    assert not unhold(store, version=version)
    assert hold_of(store).kind is HoldKind.PAUSED
