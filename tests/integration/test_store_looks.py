"""Leads that are looked for: since when nobody knows, how far looks have come, what they cost."""

from __future__ import annotations

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.core.looks import BEGUN, Progress
from lead_worker.store import Claimed

from tests.integration.queues import ENTRY, LEASE_SECONDS, Queue, settlement

LOOK_FIELDS = {"looks": "1", "look_page": "3", "unanswered": "2", "similar": "1"}
FAR = Progress(looks=1, page=3, unanswered=2, similar=True)


def claim(queue: Queue, worker: str = "w1") -> Claimed:
    """Claim the one lead that there is."""
    (lead,) = queue.claim(worker)
    return lead


def settle(queue: Queue, lead: Claimed, to: State, **fields: str) -> None:
    done = settlement(lead, to, spends_attempt=not lead.look, look=lead.look, fields=fields)
    assert queue.settle(done) == ("ok",)


def go_far(queue: Queue) -> None:
    """An unknown lead that has been looked for, and is to be looked for again."""
    queue.accept_unknown("a")
    settle(queue, claim(queue), State.UNKNOWN, **LOOK_FIELDS)


def test_a_look_knows_since_when_nobody_knows_and_that_it_is_the_first(queue: Queue) -> None:
    queue.accept("a")
    sent = claim(queue)
    queue.pass_time(20)
    settle(queue, sent, State.UNKNOWN)
    look = claim(queue)
    assert (look.look, look.progress) == (True, BEGUN)
    assert look.unknown_since_at == pytest.approx(sent.claimed_at, abs=0.001)


def test_what_is_sent_has_neither(queue: Queue) -> None:
    queue.accept("a")
    sent = claim(queue)
    assert (sent.unknown_since_at, sent.progress) == (0.0, BEGUN)


def test_it_is_the_first_unknown_attempt_that_counts_however_often_it_is_sent_again(
    queue: Queue,
) -> None:
    queue.accept("a")
    settle(queue, claim(queue), State.WAITING)  # that one is known to have failed
    queue.pass_time(100)
    first = claim(queue)
    settle(queue, first, State.UNKNOWN)
    for _ in range(2):
        queue.pass_time(100)
        settle(queue, claim(queue), State.WAITING)
        queue.pass_time(100)
        settle(queue, claim(queue), State.UNKNOWN)
        look = claim(queue)
        assert look.look
        assert look.unknown_since_at == pytest.approx(first.claimed_at, abs=0.001)
        settle(queue, look, State.UNKNOWN)


def test_a_lease_that_ran_out_counts_from_when_it_was_claimed(queue: Queue) -> None:
    queue.accept("a")
    sent = claim(queue)
    assert queue.run_out() == 1
    look = claim(queue, "w2")
    assert look.unknown_since_at == pytest.approx(sent.claimed_at, abs=0.001)
    settle(queue, look, State.WAITING)
    queue.pass_time(100)
    claim(queue)
    assert queue.run_out() == 1
    assert claim(queue, "w2").unknown_since_at == look.unknown_since_at


def test_what_a_look_has_come_to_is_told_to_the_next(queue: Queue) -> None:
    go_far(queue)
    look = claim(queue, "w2")
    assert look.progress == FAR
    assert queue.claim_again("w2")[0].progress == FAR


def test_a_look_whose_worker_died_begins_where_it_began(queue: Queue) -> None:
    go_far(queue)
    lost = claim(queue, "w1")
    queue.pass_time(LEASE_SECONDS + 1)
    again = claim(queue, "w2")
    assert (again.look, again.progress) == (True, FAR)
    assert (again.attempts, again.expiries) == (lost.attempts, 0)


@pytest.mark.parametrize("to", [State.WAITING, State.PARKED, State.DEAD, State.DELIVERED])
def test_how_far_the_looks_have_come_is_forgotten_when_the_lead_goes_on(
    queue: Queue, to: State
) -> None:
    go_far(queue)
    settle(queue, claim(queue), to)
    assert not LOOK_FIELDS.keys() & queue.record("a").keys()


def test_a_lead_that_is_unknown_once_more_is_looked_for_from_the_beginning(queue: Queue) -> None:
    go_far(queue)
    settle(queue, claim(queue), State.WAITING)
    settle(queue, claim(queue), State.UNKNOWN)
    assert claim(queue).progress == BEGUN


def test_a_record_that_somebody_damaged_is_looked_for_from_the_beginning(queue: Queue) -> None:
    queue.accept_unknown("a")
    damage = {"unknown_since": "yesterday", "looks": "-1", "look_page": "0", "unanswered": "x"}
    queue.client.hset(queue.keys.lead("a"), mapping=damage)
    look = claim(queue)
    assert look.progress == BEGUN
    assert look.unknown_since_at == pytest.approx(look.claimed_at, abs=1)


def test_a_look_that_lets_its_lead_wait_gives_nothing_back(queue: Queue) -> None:
    queue.accept_unknown("a")
    settle(queue, claim(queue), State.WAITING)
    again = claim(queue)
    assert (again.look, again.attempts, again.returned) == (False, 1, 0)


def test_a_look_that_nobody_made_is_due_again_at_once(queue: Queue) -> None:
    queue.accept_unknown("a")
    look = claim(queue)
    settle(queue, look, State.UNKNOWN)
    again = claim(queue)
    assert (again.look, again.attempts, again.returned) == (True, 1, 0)


@pytest.mark.parametrize("to", [State.WAITING, State.UNKNOWN, State.PARKED, State.DELIVERED])
def test_a_look_is_in_flight_until_it_is_settled(queue: Queue, to: State) -> None:
    queue.accept_unknown("a")
    look = claim(queue)
    assert queue.store().counts().in_flight == 1
    settle(queue, look, to)
    assert queue.store().counts().in_flight == 0
    assert queue.client.zcard(queue.keys.looking) == 0


def test_a_look_that_a_late_success_forestalls_is_in_flight_until_it_comes_back(
    queue: Queue,
) -> None:
    queue.accept("a")
    sent = claim(queue, "slow")
    queue.run_out()
    look = claim(queue)
    assert queue.deliver(sent) == "late"
    assert queue.store().counts().in_flight == 1
    done = settlement(look, State.WAITING, spends_attempt=False, look=True)
    assert queue.settle(done) == ("stale",)
    assert queue.store().counts().in_flight == 0
    assert queue.state("a") == "delivered"


def test_what_is_left_of_looks_whose_workers_died_goes_with_the_next_reclaim(
    queue: Queue,
) -> None:
    queue.accept_unknown("a")
    claim(queue)
    queue.pass_time(LEASE_SECONDS + 1)
    queue.store().reclaim(0.0)
    assert queue.client.zcard(queue.keys.looking) == 0


def two_lookers(queue: Queue) -> tuple[Claimed, Claimed]:
    """A look whose worker was slower than its lease, and that of who looked after it."""
    queue.accept_unknown("a")
    slow = claim(queue, "slow")
    queue.pass_time(LEASE_SECONDS + 1)
    return slow, claim(queue)


@pytest.mark.parametrize("to", [State.WAITING, State.UNKNOWN, State.PARKED, State.DELIVERED])
def test_a_look_that_comes_late_moves_nothing(queue: Queue, to: State) -> None:
    slow, look = two_lookers(queue)
    assert queue.settle(settlement(slow, to, look=True)) == ("stale",)
    assert queue.state("a") == "unknown"
    assert "api_id" not in queue.record("a")
    settle(queue, look, State.WAITING)


def test_a_look_that_comes_late_leaves_the_next_one_in_flight(queue: Queue) -> None:
    """Else more is in flight than the window lets, and a canary is not the only one."""
    slow, _ = two_lookers(queue)
    assert queue.store().counts().in_flight == 1
    queue.settle(settlement(slow, State.WAITING, look=True))
    assert queue.store().counts().in_flight == 1


def test_an_erased_lead_is_looked_for_no_more(queue: Queue) -> None:
    queue.accept_unknown("a")
    look = claim(queue)
    queue.store().erase("a", ENTRY)
    assert queue.claim_again() == []
    done = settlement(look, State.UNKNOWN, look=True, fields=LOOK_FIELDS)
    assert queue.settle(done) == ("erased",)
    assert not LOOK_FIELDS.keys() & queue.record("a").keys()
    assert queue.store().counts().in_flight == 0


def test_what_is_sent_again_by_force_is_looked_for_from_then_on(queue: Queue) -> None:
    """Else the look would find what was delivered before, and nothing would be sent again."""
    go_far(queue)
    queue.pass_time(1000)
    look = claim(queue)
    found = settlement(look, State.DELIVERED, api_id="api-1", look=True)
    assert queue.settle(found) == ("ok",)
    assert queue.store().replay("a", "act", ENTRY, force=True) == "ok"
    queue.pass_time(1000)
    sent = claim(queue)
    assert not sent.look
    settle(queue, sent, State.UNKNOWN)
    again = claim(queue)
    assert (again.look, again.progress) == (True, BEGUN)
    assert again.unknown_since_at == pytest.approx(sent.claimed_at, abs=0.001)
