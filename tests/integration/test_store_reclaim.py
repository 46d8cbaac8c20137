"""Leases that run out: what becomes of the leads, and when nobody is to blame."""

from __future__ import annotations

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.store import Claimed
from lead_worker.store.store import BATCH, POISON_EXPIRIES, PULSE_GAP_SECONDS

from tests.integration.queues import GOES_ON, LEASE_SECONDS, Queue, settlement


def test_a_lead_whose_lease_ran_out_is_unknown_and_due_for_a_look(queue: Queue) -> None:
    queue.accept("a")
    queue.claim("w1")
    assert queue.run_out() == 1
    (lead,) = queue.claim("w2")
    assert lead.look
    assert (lead.attempts, lead.expiries) == (1, 1)
    (entry,) = queue.timeline("a")
    assert (entry["event"], entry["token"]) == ("lease_expired", "w1:1")


def test_a_lease_that_lasts_is_left_alone(queue: Queue) -> None:
    queue.accept("a")
    queue.claim()
    queue.pass_time(LEASE_SECONDS - 1)
    store = queue.store()
    store.reclaim(0.0)
    assert store.reclaim(0.0).number == 0
    assert queue.state("a") == "leased"


def expire(queue: Queue, many: int) -> None:
    """Let the worker of the one lead die, so many times; policy lets it wait again each time."""
    for _ in range(many):
        queue.claim()
        queue.run_out()
        queue.settle(settlement(queue.claim()[0], State.WAITING))


def poisoned(queue: Queue) -> Claimed:
    """A dead letter whose last worker has not spoken yet, as that worker knows it."""
    queue.accept("a")
    expire(queue, POISON_EXPIRIES)
    (lead,) = queue.claim()
    queue.run_out()
    return lead


def test_the_third_expiry_while_it_was_alone_makes_a_lead_dead_as_poison(queue: Queue) -> None:
    queue.accept("a")
    expire(queue, 1)  # there may have been others beside it
    expire(queue, POISON_EXPIRIES - 1)
    assert queue.state("a") == "waiting"
    queue.claim()
    queue.run_out()
    assert queue.state("a") == "dead"
    record = queue.record("a")
    assert (record["reason"], record["cause"]) == ("poison", "lease_expired")
    assert (record["attempts"], record["expiries"]) == ("4", "4")


@pytest.mark.parametrize("to", GOES_ON)
def test_poison_whose_worker_speaks_after_all_was_none(queue: Queue, to: State) -> None:
    done = settlement(poisoned(queue), to, due_seconds=60)
    assert queue.settle(done) == ("ok",)
    assert queue.state("a") == to
    record = queue.record("a")
    assert record["expiries"] == str(POISON_EXPIRIES)
    assert not {"reason", "suspect"} & record.keys()


@pytest.mark.parametrize("to", [to for to in GOES_ON if to is not State.DELIVERED])
def test_poison_that_a_person_gave_up_stays_so(queue: Queue, to: State) -> None:
    lead = poisoned(queue)
    queue.store().discard("a", "act", {"event": "discard"})
    assert queue.settle(settlement(lead, to)) == ("stale",)
    assert queue.state("a") == "discarded"


@pytest.mark.parametrize("to", [to for to in GOES_ON if to is not State.DELIVERED])
def test_poison_that_a_person_let_try_again_waits_whatever_its_worker_says(
    queue: Queue, to: State
) -> None:
    lead = poisoned(queue)
    queue.store().replay("a", "act", {"event": "replay"})
    assert queue.settle(settlement(lead, to)) == ("stale",)
    (again,) = queue.claim("w2")
    assert (again.attempts, again.expiries) == (0, 0)


@pytest.mark.parametrize("gap_seconds", [PULSE_GAP_SECONDS + 1, 86_400.0])
def test_after_a_time_without_a_pulse_leases_are_given_time(
    queue: Queue, gap_seconds: float
) -> None:
    queue.accept("a")
    queue.store().reclaim(0.0)
    queue.claim()
    queue.pass_time(LEASE_SECONDS + gap_seconds)
    assert queue.store().reclaim(10.0).number == 0
    for _ in range(3):
        queue.pass_time(3)
        assert queue.store().reclaim(10.0).number == 0
    queue.pass_time(2)
    assert queue.store().reclaim(10.0).number == 1


def test_the_first_pulse_of_a_namespace_gives_time_too(queue: Queue) -> None:
    queue.accept("a")
    queue.claim()
    queue.pass_time(LEASE_SECONDS + 1)
    assert queue.store().reclaim(10.0).number == 0
    assert queue.state("a") == "leased"


def test_a_clock_that_was_set_back_does_not_stretch_the_grace(queue: Queue) -> None:
    queue.pass_time(86_400)
    queue.store().reclaim(10.0)
    queue.pass_time(-86_400)
    queue.accept("a")
    queue.claim()
    queue.pass_time(LEASE_SECONDS + 1)
    assert queue.store().reclaim(10.0).number == 1


def test_no_more_than_a_batch_is_reclaimed_at_once(queue: Queue) -> None:
    queue.accept(*(f"lead-{n:03}" for n in range(BATCH + 20)))
    queue.claim(most=200)
    queue.pass_time(LEASE_SECONDS + 1)
    store = queue.store()
    store.reclaim(0.0)
    assert [store.reclaim(0.0).number for _ in range(3)] == [BATCH, 20, 0]
    assert queue.store().counts().unknown == BATCH + 20


def test_a_claim_that_is_made_again_after_its_leads_were_reclaimed_looks_at_them(
    queue: Queue,
) -> None:
    queue.accept("a")
    queue.claim()
    queue.run_out()
    (lead,) = queue.claim_again()
    assert lead.look
    assert queue.settle(settlement(lead, State.WAITING)) == ("ok",)
    (again,) = queue.claim()
    # Its worker lives, so nobody has died of it.
    assert (again.attempts, again.expiries) == (1, 0)
