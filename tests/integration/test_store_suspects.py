"""A lead whose worker died is a suspect: it is sent alone, so that it takes no other with it."""

from __future__ import annotations

from lead_worker.core.lifecycle import State
from lead_worker.store import Claim

from tests.integration.queues import LIMITS, Queue, settlement


def suspects(queue: Queue, *lead_ids: str) -> None:
    """Leads that were in flight together when their worker died, and may be sent again."""
    queue.accept(*lead_ids)
    queue.claim("dead")
    assert queue.run_out() == len(lead_ids)
    queue.settle(*(settlement(look, State.WAITING) for look in queue.claim("looker")))


def ids(queue: Queue, worker: str = "w1", in_flight: int = 0) -> list[str]:
    return [lead.lead_id for lead in queue.claim(worker, in_flight=in_flight)]


def test_each_suspect_is_claimed_alone(queue: Queue) -> None:
    suspects(queue, "a", "b")
    queue.accept("c", "d")
    assert ids(queue, "w1") == ["a"]
    assert ids(queue, "w2") == ["b"]
    assert ids(queue, "w3") == ["c", "d"]


def test_while_a_suspect_is_in_flight_its_worker_gets_no_other_lead(queue: Queue) -> None:
    suspects(queue, "a")
    queue.accept("b", "c")
    (suspect,) = queue.claim(most=10)
    assert ids(queue, in_flight=1) == []
    assert ids(queue, "w2") == ["b", "c"]
    queue.accept("d")
    queue.deliver(suspect)
    assert ids(queue, in_flight=1) == ["d"]


def test_a_worker_that_has_leads_in_flight_gets_no_suspect_and_nothing_from_behind_it(
    queue: Queue,
) -> None:
    suspects(queue, "a")
    queue.accept("b")
    assert ids(queue, in_flight=3) == []
    assert ids(queue, in_flight=0) == ["a"]


def test_leads_before_a_suspect_are_claimed_and_those_behind_it_wait_for_it(queue: Queue) -> None:
    queue.accept("a")
    queue.claim("dead")
    queue.run_out()
    (look,) = queue.claim("looker")
    queue.accept("before")
    queue.settle(settlement(look, State.WAITING))
    queue.accept("behind")
    store = queue.store()
    # One before it and one in flight: neither may share the worker with it.
    turn = store.turn([], Claim(1, 10, 1), LIMITS)
    assert [lead.lead_id for lead in turn.claimed] == ["before"]
    assert not turn.more  # for this worker; others are rung for
    turn = store.turn([], Claim(2, 9, 1), LIMITS)
    assert turn.claimed == ()  # and not the suspect, either
    turn = store.turn([], Claim(3, 10), LIMITS)
    assert [lead.lead_id for lead in turn.claimed] == ["a"]


def test_a_suspect_that_is_anothers_by_now_keeps_nobody_from_claiming(queue: Queue) -> None:
    suspects(queue, "a")
    back = settlement(queue.claim("w1")[0], State.WAITING, spends_attempt=False)
    queue.settle(back)
    assert ids(queue, "w2") == ["a"]
    queue.accept("b")
    assert ids(queue, "w1", in_flight=1) == ["b"]


def test_others_are_rung_for_while_a_worker_has_a_suspect(queue: Queue) -> None:
    suspects(queue, "a")
    queue.accept("b")
    queue.client.delete(queue.keys.bell)
    assert ids(queue) == ["a"]
    assert queue.client.llen(queue.keys.bell) == 1


def test_who_was_sent_and_whose_worker_lived_is_no_suspect_any_more(queue: Queue) -> None:
    suspects(queue, "a", "b")
    for worker in ("w1", "w2"):
        queue.settle(settlement(queue.claim(worker)[0], State.WAITING))
    assert ids(queue) == ["a", "b"]


def test_who_was_given_back_unsent_is_a_suspect_still(queue: Queue) -> None:
    suspects(queue, "a", "b")
    for worker in ("w1", "w2"):
        back = settlement(queue.claim(worker)[0], State.WAITING, spends_attempt=False)
        queue.settle(back)
    assert ids(queue) == ["a"]


def test_leads_that_died_with_a_poisoned_one_are_delivered_and_it_is_found(queue: Queue) -> None:
    """Whoever sends `p` dies, again and again; nobody else may be taken for poison."""
    names = ["a", "b", "p", "c", "d"]
    queue.accept(*names)
    for n in range(40):
        leads = queue.claim(f"w{n}")
        if any(lead.lead_id == "p" and not lead.look for lead in leads):
            queue.run_out()
            continue
        for lead in leads:
            queue.settle(settlement(lead, State.WAITING if lead.look else State.DELIVERED))
    assert {name: queue.state(name) for name in names} == {
        **dict.fromkeys(names, "delivered"),
        "p": "dead",
    }
    assert queue.record("p")["reason"] == "poison"


def test_a_claim_of_a_suspect_that_is_made_again_gives_it_again_and_alone(queue: Queue) -> None:
    suspects(queue, "a")
    queue.accept("b")
    assert ids(queue) == ["a"]
    assert [lead.lead_id for lead in queue.claim_again()] == ["a"]
    assert ids(queue, in_flight=1) == []


def test_poison_that_a_person_lets_try_again_is_sent_alone(queue: Queue) -> None:
    suspects(queue, "a")
    for _ in range(3):
        queue.claim("dead")
        queue.run_out()
        for look in queue.claim("looker"):
            queue.settle(settlement(look, State.WAITING))
    assert queue.state("a") == "dead"
    assert queue.store().replay("a", "act", {"event": "replay"}) == "ok"
    queue.accept("b")
    assert ids(queue) == ["a"]
