"""The API's ids: each belongs to one lead, and what was answered outweighs what was found.

After each test an audit sees that each of them names a lead that is there.
"""

from __future__ import annotations

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.store import Claimed

from tests.integration.queues import ENTRY, Queue, settlement


def claim(queue: Queue, lead_id: str, worker: str = "w1") -> Claimed:
    """Claim this one; it is the only one that can be."""
    (lead,) = queue.claim(worker)
    assert lead.lead_id == lead_id
    return lead


def find(queue: Queue, look: Claimed, api_id: str) -> str:
    """Settle a look that found a lead in the API."""
    assert look.look
    return queue.settle(settlement(look, State.DELIVERED, api_id=api_id, look=True))[0]


def found(queue: Queue, lead_id: str, api_id: str) -> None:
    """A lead that a look has found under this id."""
    queue.accept_unknown(lead_id)
    assert find(queue, claim(queue, lead_id), api_id) == "ok"


def answered(queue: Queue, lead_id: str, api_id: str) -> str:
    """A lead that is sent, and whose answer has this id."""
    queue.accept(lead_id)
    return queue.deliver(claim(queue, lead_id), api_id)


def late(queue: Queue, lead_id: str) -> Claimed:
    """An unknown lead whose worker was given up for dead, although it lives."""
    queue.accept(lead_id)
    lead = claim(queue, lead_id, "slow")
    assert queue.run_out() == 1
    return lead


def api_keys(queue: Queue) -> dict[str, str]:
    prefix = queue.keys.api("")
    return {k[len(prefix) :]: v for k, v in queue.dump().items() if k.startswith(prefix)}


def test_an_id_that_was_found_belongs_to_who_found_it(queue: Queue) -> None:
    found(queue, "a", "api-1")
    assert queue.state("a") == "delivered"
    assert queue.record("a")["api_id"] == "api-1"
    assert queue.store().owners(["api-1", "api-2"]) == {"api-1": "a"}
    assert queue.store().owners([]) == {}


@pytest.mark.parametrize("by_look", [False, True])
def test_a_found_id_that_is_anothers_is_taken_and_the_finder_is_looked_for_again_at_once(
    queue: Queue, by_look: bool
) -> None:
    if by_look:
        found(queue, "a", "api-1")
    else:
        answered(queue, "a", "api-1")
    queue.accept_unknown("b")
    look = claim(queue, "b")
    assert find(queue, look, "api-1") == "taken"
    assert queue.state("b") == "unknown"
    assert queue.store().owners(["api-1"]) == {"api-1": "a"}
    assert queue.store().counts().in_flight == 0
    again = claim(queue, "b", "w2")
    assert again.look
    assert (again.attempts, again.progress) == (look.attempts, look.progress)
    assert find(queue, again, "api-2") == "ok"


def test_a_taken_look_that_is_settled_again_changes_nothing(queue: Queue) -> None:
    answered(queue, "a", "api-1")
    queue.accept_unknown("b")
    look = claim(queue, "b")
    assert find(queue, look, "api-1") == "taken"
    before = queue.timeless()
    assert find(queue, look, "api-1") == "stale"
    assert queue.timeless() == before


def test_who_found_what_another_is_answered_goes_back_and_is_looked_for_again(
    queue: Queue,
) -> None:
    """Two equal leads: the look for one saw the other, before the other's answer was there."""
    found(queue, "a", "api-1")
    assert answered(queue, "b", "api-1") == "ok"
    assert (queue.state("a"), queue.state("b")) == ("unknown", "delivered")
    assert queue.store().owners(["api-1"]) == {"api-1": "b"}
    assert not {"api_id", "found"} & queue.record("a").keys()
    assert queue.timeline("a")[-1]["event"] == "mistaken"
    assert queue.store().counts().duplicates == 0
    look = claim(queue, "a")
    assert look.look
    assert find(queue, look, "api-1") == "taken"
    assert find(queue, claim(queue, "a"), "api-2") == "ok"
    assert queue.record("a")["api_id"] == "api-2"


def test_who_goes_back_keeps_its_attempts_and_the_time_since_which_nobody_knows(
    queue: Queue,
) -> None:
    queue.accept_unknown("a")
    look = claim(queue, "a")
    queue.pass_time(1000)
    find(queue, look, "api-1")
    answered(queue, "b", "api-1")
    again = claim(queue, "a")
    assert again.attempts == look.attempts == 1
    assert again.unknown_since_at == look.unknown_since_at


@pytest.mark.parametrize("state", [State.DEAD, State.ERASED])
def test_who_found_goes_back_whatever_became_of_the_lead_that_was_answered(
    queue: Queue, state: State
) -> None:
    found(queue, "a", "api-1")
    queue.accept("b")
    lead = claim(queue, "b")
    if state is State.ERASED:
        queue.store().erase("b", ENTRY)
    queue.settle(settlement(lead, State.DEAD, api_id="api-1"))
    assert (queue.state("a"), queue.state("b")) == ("unknown", state)
    assert queue.store().owners(["api-1"]) == {"api-1": "b"}


def test_a_late_answer_outweighs_what_was_found_too(queue: Queue) -> None:
    lost = late(queue, "b")
    look = claim(queue, "b")
    found_by = queue.settle(settlement(look, State.UNKNOWN, due_seconds=900, look=True))
    assert found_by == ("ok",)
    found(queue, "a", "api-1")
    assert queue.deliver(lost, "api-1") == "late"
    assert (queue.state("a"), queue.state("b")) == ("unknown", "delivered")


def test_an_answer_that_says_the_same_as_the_look_did_leaves_all_as_it_was(queue: Queue) -> None:
    lost = late(queue, "a")
    assert find(queue, claim(queue, "a"), "api-1") == "ok"
    assert queue.deliver(lost, "api-1") == "done"
    assert queue.store().counts().duplicates == 0
    assert api_keys(queue) == {"api-1": "a"}


def test_who_found_anothers_and_was_answered_itself_since_stays_delivered(queue: Queue) -> None:
    """Else it is looked for again, and where the API cannot be asked it is sent once more."""
    lost = late(queue, "a")
    assert find(queue, claim(queue, "a"), "api-1") == "ok"
    assert queue.deliver(lost, "api-2") == "duplicate"
    assert answered(queue, "b", "api-1") == "ok"
    assert (queue.state("a"), queue.state("b")) == ("delivered", "delivered")
    assert queue.record("a")["api_id"] == "api-2"
    assert queue.store().owners(["api-1", "api-2"]) == {"api-1": "b", "api-2": "a"}


def test_who_found_anothers_and_was_sent_again_by_force_keeps_what_it_was_answered(
    queue: Queue,
) -> None:
    found(queue, "a", "api-1")
    assert queue.store().replay("a", "act", ENTRY, force=True) == "ok"
    assert queue.deliver(claim(queue, "a"), "api-2") == "ok"
    assert queue.store().counts().duplicates == 1
    assert answered(queue, "b", "api-1") == "ok"
    assert (queue.state("a"), queue.state("b")) == ("delivered", "delivered")
    record = queue.record("a")
    assert (record["api_id"], record.get("also")) == ("api-2", None)
    assert queue.store().owners(["api-1", "api-2"]) == {"api-1": "b", "api-2": "a"}
    assert queue.store().counts().duplicates == 0


def test_of_an_api_that_answers_equal_leads_with_one_id_both_are_delivered(queue: Queue) -> None:
    assert answered(queue, "a", "api-1") == "ok"
    assert answered(queue, "b", "api-1") == "ok"
    assert (queue.state("a"), queue.state("b")) == ("delivered", "delivered")
    assert queue.record("a")["api_id"] == queue.record("b")["api_id"] == "api-1"
    assert queue.store().counts().duplicates == 0
    assert len(api_keys(queue)) == 1


def test_what_a_lead_is_found_under_later_than_it_was_erased_stays_its_own(queue: Queue) -> None:
    queue.accept_unknown("a")
    look = claim(queue, "a")
    queue.store().erase("a", ENTRY)
    assert find(queue, look, "api-1") == "erased"
    assert api_keys(queue) == {"api-1": "a"}
    assert queue.record("a")["api_id"] == "api-1"


def test_with_a_lead_its_ids_are_forgotten_and_nobody_elses(queue: Queue) -> None:
    answered(queue, "a", "api-1")
    lost = late(queue, "b")
    queue.settle(settlement(claim(queue, "b"), State.WAITING, look=True))
    queue.deliver(claim(queue, "b"), "api-2")
    assert queue.deliver(lost, "api-3") == "duplicate"
    queue.accept("c")
    queue.settle(settlement(claim(queue, "c"), State.DEAD, api_id="api-4"))
    queue.store().erase("a", ENTRY)
    assert queue.store().forget(State.DELIVERED, 0.0) == 1
    assert api_keys(queue) == {"api-1": "a", "api-4": "c"}
    assert queue.store().forget(State.DEAD, 0.0) == 1
    assert queue.store().forget(State.ERASED, 0.0) == 1
    assert api_keys(queue) == {}


def test_an_id_that_is_anothers_by_now_is_not_forgotten_with_who_had_it_first(
    queue: Queue,
) -> None:
    answered(queue, "a", "api-1")
    queue.pass_time(100)
    answered(queue, "b", "api-1")
    assert queue.store().forget(State.DELIVERED, 50) == 1
    assert queue.state("a") == ""
    assert api_keys(queue) == {"api-1": "b"}


def test_who_is_sent_again_by_force_keeps_all_ids_that_were_answered(queue: Queue) -> None:
    answered(queue, "a", "api-1")
    for api_id in ("api-2", "api-3"):
        assert queue.store().replay("a", f"act of {api_id}", ENTRY, force=True) == "ok"
        assert queue.deliver(claim(queue, "a"), api_id) == "ok"
    assert (queue.record("a")["api_id"], queue.record("a")["also"]) == ("api-3", "api-1 api-2")
    assert api_keys(queue) == {"api-1": "a", "api-2": "a", "api-3": "a"}
    assert queue.store().counts().duplicates == 2


def test_the_erased_keep_their_ids_so_that_nobody_else_is_taken_for_them(queue: Queue) -> None:
    answered(queue, "a", "api-1")
    assert queue.store().erase("a", ENTRY) == "ok"
    queue.accept_unknown("b")
    assert find(queue, claim(queue, "b"), "api-1") == "taken"
    assert queue.store().owners(["api-1"]) == {"api-1": "a"}


def test_what_was_found_and_then_erased_is_not_looked_for_again(queue: Queue) -> None:
    found(queue, "a", "api-1")
    queue.store().erase("a", ENTRY)
    assert answered(queue, "b", "api-1") == "ok"
    assert (queue.state("a"), queue.state("b")) == ("erased", "delivered")
    assert queue.record("a")["api_id"] == "api-1"
