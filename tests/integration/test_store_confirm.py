"""What a person says of a parked lead: that it has arrived, and under which of the API's ids."""

from __future__ import annotations

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.store import Claimed

from tests.integration.queues import ENTRY, Queue, settlement


def claim(queue: Queue, lead_id: str) -> Claimed:
    """Claim this one; it is the only one that can be."""
    (lead,) = queue.claim()
    assert lead.lead_id == lead_id
    return lead


def answered(queue: Queue, lead_id: str, api_id: str) -> str:
    """A lead that is sent, and whose answer has this id."""
    queue.accept(lead_id)
    return queue.deliver(claim(queue, lead_id), api_id)


def parked(queue: Queue, lead_id: str, api_id: str = "") -> None:
    queue.accept_unknown(lead_id)
    look = claim(queue, lead_id)
    queue.settle(
        settlement(look, State.PARKED, look=True, api_id=api_id, fields={"cause": "similar"})
    )


@pytest.mark.parametrize("api_id", ["", "api-1"])
def test_a_person_confirms_a_parked_lead_with_its_id_or_without(queue: Queue, api_id: str) -> None:
    parked(queue, "a")
    entry = {"event": "confirmed", "by": "ana"}
    assert queue.store().confirm("a", "act", entry, api_id) == "ok"
    assert queue.state("a") == "delivered"
    record = queue.record("a")
    assert record.get("api_id", "") == api_id
    assert "cause" not in record
    assert queue.timeline("a")[-1]["by"] == "ana"
    before = queue.timeless()
    assert queue.store().confirm("a", "act", entry, api_id) == "done"
    assert queue.store().confirm("a", "other", entry, api_id) == "delivered"
    assert queue.timeless() == before
    assert queue.store().confirm("nobody", "act", entry, api_id) == "gone"


def test_a_person_cannot_confirm_with_an_id_that_is_anothers(queue: Queue) -> None:
    answered(queue, "a", "api-1")
    parked(queue, "b")
    before = queue.timeless()
    assert queue.store().confirm("b", "act", ENTRY, "api-1") == "taken"
    assert queue.timeless() == before
    assert queue.store().confirm("b", "act", ENTRY, "api-2") == "ok"
    assert queue.store().owners(["api-1", "api-2"]) == {"api-1": "a", "api-2": "b"}


def test_a_person_who_confirms_with_a_second_id_makes_a_known_duplicate(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(claim(queue, "a"), State.PARKED, api_id="api-1"))
    assert queue.store().confirm("a", "act", ENTRY, "api-2") == "ok"
    record = queue.record("a")
    assert (record["api_id"], record["also"]) == ("api-2", "api-1")
    assert queue.store().counts().duplicates == 1
    assert queue.store().forget(State.DELIVERED, 0.0) == 1
    assert queue.store().owners(["api-1", "api-2"]) == {}


def test_a_person_who_confirms_with_the_id_that_is_known_makes_none(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(claim(queue, "a"), State.PARKED, api_id="api-1"))
    assert queue.store().confirm("a", "act", ENTRY, "api-1") == "ok"
    assert (queue.record("a")["api_id"], queue.store().counts().duplicates) == ("api-1", 0)


def test_an_answer_after_a_person_confirmed_is_a_known_duplicate(queue: Queue) -> None:
    queue.accept("a")
    lost = claim(queue, "a")
    assert queue.run_out() == 1
    queue.settle(settlement(claim(queue, "a"), State.PARKED, look=True))
    queue.store().confirm("a", "act", ENTRY, "api-1")
    assert queue.deliver(lost, "api-2") == "duplicate"
    assert queue.store().counts().duplicates == 1
    assert queue.claim() == []


def test_an_answer_that_a_person_confirmed_another_lead_with_leaves_both(queue: Queue) -> None:
    parked(queue, "a")
    queue.store().confirm("a", "act", ENTRY, "api-1")
    assert answered(queue, "b", "api-1") == "ok"
    assert (queue.state("a"), queue.state("b")) == ("delivered", "delivered")
