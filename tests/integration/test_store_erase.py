"""Erasing and forgetting: what is left of a lead, and what is not."""

from __future__ import annotations

import pytest
from lead_producers.record import key_digest
from lead_worker.core.lifecycle import State
from lead_worker.store import StoreError
from lead_worker.store.store import BATCH

from tests.integration.queues import ENTRY, GOES_ON, Queue, settlement

PERSONAL = ("Ana Souza", "ana@example.com", "+5511987654321", "Doces da Ana", "form-ana@example")
RAW = (
    b'{"name":"Ana Souza","email":"ana@example.com","phone":"+5511987654321",'
    b'"company":"Doces da Ana"}'
)
WORDS = {
    "event": "attempt",
    "outcome": "rejected",
    "message": "ana@example.com of Ana Souza is no e-mail",
    "errors": [{"path": "company", "message": "Doces da Ana"}],
}
DIGEST = key_digest("form-ana@example")


def personal(queue: Queue) -> list[str]:
    """Which of the lead's own values are anywhere in the namespace."""
    text = repr(queue.dump())
    return [value for value in PERSONAL if value in text]


def everywhere(queue: Queue) -> list[str]:
    """What of the whole namespace names the lead `a`."""
    return [
        key for key, value in queue.dump().items() if "'a'" in repr(value) or key.endswith(":a")
    ]


@pytest.mark.parametrize("to", GOES_ON)
def test_an_erased_lead_leaves_nothing_personal(queue: Queue, to: State) -> None:
    queue.accept("a", key=DIGEST, raw=RAW)
    queue.settle(settlement(queue.claim()[0], to, due_seconds=60, entry=WORDS))
    assert len(personal(queue)) == len(PERSONAL) - 1  # the key is a digest from the beginning
    assert queue.store().erase("a", ENTRY) == "ok"
    assert personal(queue) == []
    assert queue.state("a") == "erased"
    assert queue.store().erase("a", ENTRY) == "erased"


def test_a_lead_is_erased_while_it_is_sent_and_the_apis_id_is_kept(queue: Queue) -> None:
    queue.accept("a", raw=RAW)
    (lead,) = queue.claim()
    queue.store().erase("a", ENTRY)
    done = settlement(lead, State.DELIVERED, api_id="api-7", entry=WORDS)
    assert queue.settle(done) == ("erased",)
    assert queue.state("a") == "erased"
    assert queue.record("a")["api_id"] == "api-7"
    assert personal(queue) == []
    assert queue.settle(done) == ("done",)


@pytest.mark.parametrize("to", [to for to in GOES_ON if to is not State.DELIVERED])
def test_a_failure_after_the_erasure_brings_nothing_back(queue: Queue, to: State) -> None:
    queue.accept("a", raw=RAW)
    (lead,) = queue.claim()
    queue.store().erase("a", ENTRY)
    assert queue.settle(settlement(lead, to, entry=WORDS)) == ("erased",)
    assert (queue.state("a"), personal(queue)) == ("erased", [])
    assert queue.claim_again() == []


def test_each_id_that_the_api_gave_is_on_the_tombstone(queue: Queue) -> None:
    """Whoever erases here has to erase there as well: the delivered and the mangled one, each."""
    queue.accept("a", raw=RAW)
    queue.settle(settlement(queue.claim()[0], State.DEAD, api_id="api-1"))
    queue.store().replay("a", "act", {"event": "replay"})
    (lost,) = queue.claim("w1")
    queue.run_out()
    queue.settle(settlement(queue.claim("w2")[0], State.WAITING))
    (other,) = queue.claim("w2")
    queue.deliver(other, "api-2")
    queue.store().erase("a", ENTRY)
    assert queue.deliver(lost, "api-3") == "erased"
    record = queue.record("a")
    assert sorted([record["api_id"], *record["also"].split()]) == ["api-1", "api-2", "api-3"]
    assert queue.store().counts().duplicates == 2


def test_the_source_cannot_bring_an_erased_lead_back(queue: Queue) -> None:
    queue.accept("a", key=DIGEST, raw=RAW)
    queue.store().erase("a", ENTRY)
    assert queue.accept("b", key=DIGEST, raw=RAW) == ["ok", 0, "a"]
    assert personal(queue) == []


def test_nobody_replays_or_discards_what_is_erased(queue: Queue) -> None:
    queue.accept("a")
    queue.store().erase("a", ENTRY)
    assert queue.store().replay("a", "act", {"event": "replay"}) == "erased"
    assert queue.store().discard("a", "act", {"event": "discard"}) == "erased"


FORGETTABLE = (State.DELIVERED, State.DEAD, State.DISCARDED, State.ERASED)


def bring(queue: Queue, to: State, *lead_ids: str) -> None:
    for lead in queue.claim(most=500):
        first = State.DELIVERED if to is State.DELIVERED else State.DEAD
        queue.settle(settlement(lead, first, entry=WORDS))
    for lead_id in lead_ids:
        if to is State.DISCARDED:
            queue.store().discard(lead_id, "act", {"event": "discard"})
        if to is State.ERASED:
            queue.store().erase(lead_id, ENTRY)


@pytest.mark.parametrize("state", FORGETTABLE)
def test_a_forgotten_lead_leaves_nothing_at_all(queue: Queue, state: State) -> None:
    queue.accept("a", key=DIGEST, raw=RAW)
    bring(queue, state, "a")
    queue.reports()  # with it goes the report of its death, and what this worker claimed last
    queue.pass_time(100)
    assert queue.store().forget(state, 101) == 0
    assert queue.store().forget(state, 99) == 1
    assert (queue.state("a"), personal(queue), everywhere(queue)) == ("", [], [])
    assert queue.store().counts().forgotten == 1
    assert queue.accept("b", key=DIGEST, raw=RAW) == ["ok"]


@pytest.mark.parametrize("state", [state for state in State if state not in FORGETTABLE])
def test_what_is_not_final_is_never_forgotten(queue: Queue, state: State) -> None:
    queue.accept("a")
    with pytest.raises(StoreError, match="is not forgotten"):
        queue.store().forget(state, 0.0)
    assert queue.state("a") == "waiting"


def test_a_key_that_belongs_to_a_newer_lead_is_left(queue: Queue) -> None:
    queue.accept("a", key=DIGEST)
    bring(queue, State.DELIVERED)
    queue.client.delete(queue.keys.idempotency(DIGEST))
    queue.accept("b", key=DIGEST)
    assert queue.store().forget(State.DELIVERED, 0.0) == 1
    assert queue.client.get(queue.keys.idempotency(DIGEST)) == b"b"


def test_no_more_than_a_batch_is_forgotten_at_once(queue: Queue) -> None:
    queue.accept(*(f"lead-{n}" for n in range(BATCH + 20)))
    bring(queue, State.DELIVERED)
    store = queue.store()
    assert [store.forget(State.DELIVERED, 0.0) for _ in range(3)] == [BATCH, 20, 0]
    assert queue.store().counts().forgotten == BATCH + 20
