"""Who may say what became of a lead: late workers, second ids, people in between."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.store import Claimed, Store

from tests.integration.queues import ENTRY, GOES_ON, Queue, settlement

FAILURES = [to for to in GOES_ON if to is not State.DELIVERED]
REPLAY = {"event": "replay", "by": "ana"}


def waits_again(queue: Queue) -> None:
    queue.settle(settlement(queue.claim("w2")[0], State.WAITING))


def settled_by_another(to: State) -> Callable[[Queue], None]:
    def prepare(queue: Queue) -> None:
        waits_again(queue)
        queue.settle(settlement(queue.claim("w2")[0], to, due_seconds=60))

    return prepare


def leased_by_another(queue: Queue) -> None:
    waits_again(queue)
    queue.claim("w2")


def looked_at_by_another(queue: Queue) -> None:
    queue.claim("w2")


def discarded(queue: Queue) -> None:
    settled_by_another(State.DEAD)(queue)
    assert queue.store().discard("a", "act", {"event": "discard"}) == "ok"


def replayed(queue: Queue) -> None:
    settled_by_another(State.DEAD)(queue)
    assert queue.store().replay("a", "act", REPLAY) == "ok"


WENT_ON: dict[str, Callable[[Queue], None]] = {
    "waiting": waits_again,
    "leased": leased_by_another,
    "being looked at": looked_at_by_another,
    "unknown": settled_by_another(State.UNKNOWN),
    "parked": settled_by_another(State.PARKED),
    "dead": settled_by_another(State.DEAD),
    "discarded": discarded,
    "replayed": replayed,
}


def lost(queue: Queue) -> Claimed:
    """A lead whose worker is given up for dead, although it lives."""
    queue.accept("a")
    (lead,) = queue.claim("w1")
    assert queue.run_out() == 1
    return lead


@pytest.mark.parametrize("to", GOES_ON)
def test_a_lead_goes_where_its_worker_says(queue: Queue, to: State) -> None:
    queue.accept("a")
    done = settlement(queue.claim()[0], to, fields={"cause": "status_503"})
    assert queue.settle(done) == ("ok",)
    assert queue.state("a") == to
    assert queue.record("a")["attempts"] == "1"
    (entry,) = queue.timeline("a")
    assert {name: entry[name] for name in entry if name != "at"} == ENTRY


def test_a_lead_that_is_given_back_has_spent_no_attempt(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.WAITING, spends_attempt=False))
    (lead,) = queue.claim()
    assert (lead.attempts, lead.returned) == (0, 1)


def test_an_invalid_lead_has_spent_no_attempt_and_was_not_given_back(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.DEAD, spends_attempt=False))
    assert not {"attempts", "returned"} & queue.record("a").keys()


@pytest.mark.parametrize("to", FAILURES)
@pytest.mark.parametrize("went_on", WENT_ON.values(), ids=WENT_ON)
def test_a_late_failure_changes_nothing(
    queue: Queue, went_on: Callable[[Queue], None], to: State
) -> None:
    lead = lost(queue)
    went_on(queue)
    before = queue.timeless()
    assert queue.settle(settlement(lead, to)) == ("stale",)
    assert queue.timeless() == before


@pytest.mark.parametrize("went_on", WENT_ON.values(), ids=WENT_ON)
def test_a_late_success_is_accepted_wherever_the_lead_is(
    queue: Queue, went_on: Callable[[Queue], None]
) -> None:
    lead = lost(queue)
    went_on(queue)
    assert queue.deliver(lead, "api-late") == "late"
    assert queue.state("a") == "delivered"
    record = queue.record("a")
    assert record["api_id"] == "api-late"
    assert not {"reason", "cause", "token"} & record.keys()
    assert queue.timeline("a")[-1]["late"] is True
    before = queue.timeless()
    assert queue.deliver(lead, "api-late") == "done"
    assert queue.timeless() == before


@pytest.mark.parametrize("to", FAILURES)
def test_who_has_the_lead_when_a_late_success_comes_has_nothing_more_to_say(
    queue: Queue, to: State
) -> None:
    lead = lost(queue)
    waits_again(queue)
    (other,) = queue.claim("w2")
    queue.deliver(lead)
    assert queue.settle(settlement(other, to)) == ("stale",)
    assert queue.state("a") == "delivered"


def test_a_second_api_id_is_kept_and_counted_once(queue: Queue) -> None:
    lead = lost(queue)
    waits_again(queue)
    (other,) = queue.claim("w2")
    assert queue.deliver(lead, "api-1") == "late"
    assert [queue.deliver(other, "api-2") for _ in range(3)] == ["duplicate", "done", "done"]
    assert queue.store().counts().duplicates == 1
    assert (queue.record("a")["api_id"], queue.record("a")["also"]) == ("api-1", "api-2")
    assert queue.timeline("a")[-1]["duplicate"] is True
    assert len([e for e in queue.timeline("a") if e["event"] == "attempt"]) == 3


def test_the_same_api_id_from_two_workers_is_no_duplicate(queue: Queue) -> None:
    lead = lost(queue)
    waits_again(queue)
    (other,) = queue.claim("w2")
    queue.deliver(lead, "api-1")
    assert queue.deliver(other, "api-1") == "done"
    assert queue.store().counts().duplicates == 0


def test_the_id_of_a_mangled_lead_is_kept_and_its_replay_makes_a_duplicate(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.DEAD, api_id="api-mangled"))
    assert queue.record("a")["api_id"] == "api-mangled"
    queue.store().replay("a", "act", REPLAY)
    assert queue.deliver(queue.claim()[0], "api-whole") == "ok"
    record = queue.record("a")
    assert (record["api_id"], record["also"]) == ("api-whole", "api-mangled")
    assert queue.store().counts().duplicates == 1
    assert queue.timeline("a")[-1]["duplicate"] is True


def test_the_id_that_a_late_mangled_answer_gave_is_kept_though_the_lead_went_on(
    queue: Queue,
) -> None:
    lead = lost(queue)
    leased_by_another(queue)
    mangled = settlement(lead, State.DEAD, api_id="api-mangled")
    assert queue.settle(mangled) == ("stale",)
    assert queue.state("a") == "leased"
    assert queue.record("a")["api_id"] == "api-mangled"
    before = queue.timeless()
    assert queue.settle(mangled) == ("stale",)
    assert queue.timeless() == before


@pytest.mark.parametrize("to", GOES_ON)
def test_a_worker_that_was_given_up_may_speak_until_another_takes_the_lead(
    queue: Queue, to: State
) -> None:
    lead = lost(queue)
    assert queue.settle(settlement(lead, to, due_seconds=60)) == ("ok",)
    assert queue.state("a") == to
    record = queue.record("a")
    # One attempt, and no death: the worker lives.
    assert (record["attempts"], record["expiries"]) == ("1", "0")


def test_a_worker_that_was_given_up_can_still_give_the_attempt_back(queue: Queue) -> None:
    lead = lost(queue)
    queue.settle(settlement(lead, State.WAITING, spends_attempt=False))
    (again,) = queue.claim()
    assert (again.attempts, again.returned, again.expiries) == (0, 1, 0)


def test_a_lease_that_ran_out_unseen_is_still_its_workers(queue: Queue) -> None:
    queue.accept("a")
    (lead,) = queue.claim()
    queue.pass_time(3600)
    assert queue.settle(settlement(lead, State.WAITING)) == ("ok",)
    assert queue.record("a")["attempts"] == "1"


def test_a_lead_that_nobody_knows_is_gone(queue: Queue) -> None:
    queue.accept("a")
    (lead,) = queue.claim()
    queue.deliver(lead)
    queue.store().forget(State.DELIVERED, 0.0)
    assert queue.deliver(lead) == "gone"
    assert queue.state("a") == ""
    assert queue.store().replay("a", "act", REPLAY) == "gone"
    assert queue.store().erase("a", ENTRY) == "gone"


def by_replay(store: Store) -> str:
    return store.replay("a", "act", REPLAY)


def by_discard(store: Store) -> str:
    return store.discard("a", "act", {"event": "discard", "by": "ana"})


@pytest.mark.parametrize("act", [by_replay, by_discard])
@pytest.mark.parametrize("to", [to for to in GOES_ON if to not in (State.DEAD, State.PARKED)])
def test_a_person_moves_dead_and_parked_leads_alone(
    queue: Queue, act: Callable[[Store], str], to: State
) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], to, due_seconds=60))
    before = queue.timeless()
    assert act(queue.store()) == to
    assert queue.timeless() == before


def test_what_a_person_does_is_on_the_timeline(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.PARKED))
    assert by_discard(queue.store()) == "ok"
    last = queue.timeline("a")[-1]
    assert (last["event"], last["by"]) == ("discard", "ana")


def test_a_replay_gives_fresh_attempts_a_fresh_age_and_no_reason(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.WAITING, spends_attempt=False))
    done = settlement(queue.claim()[0], State.DEAD, fields={"reason": "exhausted", "cause": "dns"})
    queue.settle(done)
    queue.pass_time(500)
    assert queue.store().replay("a", "act", REPLAY) == "ok"
    (lead,) = queue.claim()
    assert (lead.attempts, lead.returned, lead.expiries, lead.age_seconds) == (0, 0, 0, 0.0)
    assert not {"reason", "cause"} & queue.record("a").keys()
    assert queue.timeline("a")[-1]["by"] == "ana"


def test_a_replay_rings_and_under_a_hold_it_does_not(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.DEAD))
    queue.client.delete(queue.keys.bell)
    queue.store().replay("a", "act-1", ENTRY)
    assert queue.client.llen(queue.keys.bell) == 1


def test_a_timeline_keeps_the_last_200_entries(queue: Queue) -> None:
    queue.accept("a")
    for n in range(203):
        entry = {"event": "attempt", "n": n}
        queue.settle(settlement(queue.claim()[0], State.WAITING, entry=entry))
    numbers = [entry["n"] for entry in queue.timeline("a")]
    assert numbers == list(range(3, 203))
