"""What `leads up` sees of a queue: each arrival once, many as a number, nothing personal."""

from __future__ import annotations

import pytest
from lead_ops.up.once import Once
from lead_ops.up.watch import PAGE, SAMPLE, Arrival, Watch
from lead_worker.core.lifecycle import State
from lead_worker.store import Claimed, Settlement

from tests.integration.queues import Queue


@pytest.fixture
def watch(queue: Queue) -> Watch:
    watch = Watch(queue.store())
    watch.begin()
    return watch


def claimed(queue: Queue, number: int = 1) -> list[Claimed]:
    queue.accept(*(f"{n:032x}" for n in range(number)))
    return queue.claim(most=number)


def settle(
    queue: Queue, lead: Claimed, to: State, due_seconds: float = 0.0, **known: object
) -> None:
    entry = {"event": "attempt", "n": 1, **known}
    names = ("cause", "reason", "code")
    fields = {name: str(known[name]) for name in names if name in known}
    queue.settle(Settlement(lead.lead_id, lead.token, to, entry, due_seconds, fields=fields))


def only(found: tuple[Arrival, ...]) -> Arrival:
    (arrival,) = found
    return arrival


def test_a_delivery_is_seen_once_with_the_apis_id(queue: Queue, watch: Watch) -> None:
    (lead,) = claimed(queue)
    assert watch.look().arrivals == ()
    queue.deliver(lead, "api-7")
    arrival = only(watch.look().arrivals)
    assert (arrival.lead_id, arrival.state) == (lead.lead_id, State.DELIVERED)
    assert (arrival.api_id, arrival.attempts) == ("api-7", 1)
    assert arrival.seconds >= 0
    assert watch.look().arrivals == ()


def test_what_came_before_it_began_is_not_seen(queue: Queue) -> None:
    queue.deliver(claimed(queue)[0])
    watch = Watch(queue.store())
    watch.begin()
    assert watch.look().arrivals == ()


def test_a_dead_letter_names_its_reason_and_only_fields_that_the_api_has(
    queue: Queue, watch: Watch
) -> None:
    paths = ("email", "email", "custom.cpf_123", "", "ana@example.com")
    errors = [{"path": path, "message": "private words"} for path in paths]
    settle(queue, claimed(queue)[0], State.DEAD, reason="invalid", cause="schema", errors=errors)
    arrival = only(watch.look().arrivals)
    assert arrival.reason == "invalid"
    assert arrival.fields == ("email", "custom", "the lead as a whole", "unknown field")
    assert "private" not in repr(arrival)


def test_a_retry_is_seen_once_for_each_attempt(queue: Queue, watch: Watch) -> None:
    first, second = claimed(queue, 2)
    settle(queue, first, State.WAITING, 600, cause="status_503")
    retry = only(watch.look().retries)
    assert (retry.lead_id, retry.cause) == (first.lead_id, "status_503")
    assert 500 < retry.seconds <= 600
    assert watch.look().retries == ()
    settle(queue, second, State.WAITING, 600, cause="a cause with an e-mail: a@b.example")
    assert only(watch.look().retries).cause == ""


def test_a_lead_that_was_only_enqueued_is_no_retry(queue: Queue, watch: Watch) -> None:
    queue.pass_time(3600)  # its due time is in the future of the server's clock
    queue.accept("0" * 32)
    assert watch.look().retries == ()


def test_of_many_a_few_are_shown_and_the_rest_is_counted(queue: Queue, watch: Watch) -> None:
    leads = claimed(queue, PAGE + 10)
    for lead in leads[:-1]:
        queue.deliver(lead)
    settle(queue, leads[-1], State.DEAD, reason="rejected", cause="status_400")
    look = watch.look()
    assert look.unshown == {State.DELIVERED: len(leads) - 1 - SAMPLE}
    assert [each.state for each in look.arrivals] == [*[State.DELIVERED] * SAMPLE, State.DEAD]
    assert look.arrivals[-2].lead_id == leads[-2].lead_id
    assert watch.look().arrivals == ()


def test_once_follows_its_leads_to_whatever_end_they_come(queue: Queue) -> None:
    once = Once(queue.store())
    leads = claimed(queue, 5)
    once.under_way.extend([*(lead.lead_id for lead in leads), "f" * 32])
    assert not once.look()
    assert len(once.under_way) == 5  # all but the one that retention has removed
    queue.deliver(leads[0])
    settle(queue, leads[1], State.DEAD, reason="rejected")
    settle(queue, leads[2], State.PARKED)
    settle(queue, leads[3], State.WAITING)
    assert not once.look()
    settle(queue, leads[4], State.DEAD, reason="invalid")
    (again,) = queue.claim()
    queue.deliver(again)
    assert once.look()
    assert once.states == {"forgotten": 1, "delivered": 2, "dead": 2, "parked": 1}
    assert once.reasons == {"rejected": 1, "invalid": 1}
