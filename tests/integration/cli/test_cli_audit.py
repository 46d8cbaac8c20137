"""`leads audit`: green on a queue that is whole, and blind to no way of breaking one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from uuid import uuid4

import pytest
from lead_ops.audit import KEPT, run_audit
from lead_worker.core.lifecycle import State
from lead_worker.store import Claim, Settlement, Store

from .conftest import LIMITS, Leads, Queue

Break = Callable[[Queue, str], object]


def fill(queue: Queue) -> str:
    """A lead in each state; gives a dead one."""
    queue.producer.enqueue({"name": "Eva"}, key="k")
    for to in (State.DELIVERED, State.PARKED, State.UNKNOWN):
        queue.settle(to)
    queue.store.discard(queue.die(), "a", {"event": "discarded"})
    queue.store.erase(queue.die(), {"event": "erased"})
    lead_id = queue.die()
    queue.producer.enqueue({"name": "Ida"}, key="l", lane="bulk")
    return lead_id


def test_a_queue_that_is_whole_is_green(leads: Leads, queue: Queue) -> None:
    fill(queue)
    report = run_audit(queue.store)
    assert (report.ok, report.problems) == (True, [])
    assert report.accepted == report.accounted == 8
    assert [(check.name, check.seen) for check in report.checks] == [
        ("conservation", 8),
        ("places", 8),
        ("indexes", 8),
        ("remains", 12),
        ("keys", 2),
        ("api_ids", 1),
        ("groups", 1),
    ]
    ran = leads("audit")
    assert (ran.code, ran.err) == (0, "")
    assert [line[:2] for line in ran.out.splitlines()] == ["ok"] * 7


def test_an_empty_namespace_is_green(queue: Queue) -> None:
    assert run_audit(queue.store).ok


BREAKS: dict[str, tuple[Break, set[str]]] = {
    "a record is gone": (
        lambda q, i: q.store.client.delete(q.store.keys.lead(i)),
        {"indexes", "remains", "groups"},
    ),
    "an index has lost it": (
        lambda q, i: q.store.client.zrem(q.store.keys.index("dead"), i),
        {"conservation", "places"},
    ),
    "two indexes have it": (
        lambda q, i: q.store.client.zadd(q.store.keys.due("live"), {i: 1}),
        {"conservation", "places"},
    ),
    "its state is another": (
        lambda q, i: q.store.client.hset(q.store.keys.lead(i), "state", "parked"),
        {"places", "groups"},
    ),
    "its raw lead is gone": (
        lambda q, i: q.store.client.delete(q.store.keys.raw(i)),
        {"places"},
    ),
    "a raw lead was left": (
        lambda q, _: q.store.client.set(q.store.keys.raw("f" * 32), "{}"),
        {"remains"},
    ),
    "a timeline was left": (
        lambda q, _: q.store.client.rpush(q.store.keys.timeline("f" * 32), "{}"),
        {"remains"},
    ),
    "a lead was never counted": (
        lambda q, _: q.store.client.hincrby(q.store.keys.counts, "accepted", -1),
        {"conservation"},
    ),
    "a lead is gone without a trace": (
        lambda q, i: (
            q.store.client.zrem(q.store.keys.index("dead"), i),
            q.store.client.delete(
                q.store.keys.lead(i), q.store.keys.raw(i), q.store.keys.timeline(i)
            ),
        ),
        {"conservation", "groups"},
    ),
    "it is in no group": (
        lambda q, _: q.store.client.delete(q.store.keys.group("other")),
        {"places"},
    ),
    "it is in another group too": (
        lambda q, i: q.store.client.zadd(q.store.keys.group("poison:other"), {i: 1}),
        {"groups"},
    ),
    "a group is miscounted": (
        lambda q, _: q.store.client.hincrby(q.store.keys.groups, "other", 1),
        {"groups"},
    ),
    "an edit was left": (
        lambda q, _: q.store.client.rpush(q.store.keys.edits("f" * 32), "{}"),
        {"remains"},
    ),
    "an idempotency key names nobody": (
        lambda q, _: q.store.client.set(q.store.keys.idempotency("d"), "e" * 32),
        {"keys"},
    ),
    "an id of the API's names nobody": (
        lambda q, _: q.store.client.set(q.store.keys.api("api-9"), "e" * 32),
        {"api_ids"},
    ),
    "a lead's idempotency key is gone": (
        lambda q, i: q.store.client.hset(q.store.keys.lead(i), "key", "d"),
        {"keys"},
    ),
}


@pytest.mark.parametrize("how", list(BREAKS))
def test_whatever_is_broken_is_found(leads: Leads, queue: Queue, how: str) -> None:
    lead_id = fill(queue)
    breaks, expected = BREAKS[how]
    breaks(queue, lead_id)
    report = run_audit(queue.store)
    assert {check.name for check in report.checks if check.failed} == expected
    ran = leads("audit", "--json")
    shown = json.loads(ran.out)
    assert (ran.code, shown["ok"]) == (1, False)
    assert shown["problem_count"] >= len(expected)
    assert {check["name"] for check in shown["checks"] if not check["ok"]} == expected


def test_many_problems_are_counted_and_the_first_are_named(leads: Leads, queue: Queue) -> None:
    for number in range(KEPT + 5):
        queue.store.client.set(queue.store.keys.raw(f"{number:032x}"), "{}")
    out = leads("audit").out
    assert f"not so for {KEPT + 5} of {KEPT + 5}" in out
    assert out.count("raw lead without a record") == KEPT
    assert "and 5 more" in out


def test_an_audit_of_another_namespace_sees_nothing_of_this_one(
    queue: Queue, redis_url: str, namespace: str
) -> None:
    fill(queue)
    store = Store.from_url(redis_url, f"{namespace}.2")
    assert run_audit(store).checks[1].seen == 0
    store.client.close()


def test_a_queue_that_moves_is_green(queue: Queue, redis_url: str, namespace: str) -> None:
    moves, stop = threading.Event(), threading.Event()

    def move() -> None:
        other = Queue(redis_url, namespace)
        store, number = Store.from_url(redis_url, namespace, "mover"), 0
        while not stop.is_set():
            other.producer.enqueue_many([{"name": "Ana"}] * 40, key=lambda *_: uuid4().hex)
            number += 1
            claimed = store.turn([], Claim(number, 40), LIMITS).claimed
            states = (State.DELIVERED, State.DEAD, State.PARKED, State.WAITING)
            done = [
                Settlement(
                    c.lead_id, c.token, states[at % 4], {"event": "attempt"}, api_id=c.lead_id
                )
                for at, c in enumerate(claimed)
            ]
            store.turn(done, None, LIMITS)
            store.forget(State.DELIVERED, 0.0)
            store.forget(State.DEAD, 0.0)
            moves.set()
        for client in (store.client, other.store.client, other.producer):
            client.close()

    mover = threading.Thread(target=move)
    mover.start()
    try:
        assert moves.wait(30)
        for _ in range(4):
            report = run_audit(queue.store)
            assert report.problems == []
    finally:
        stop.set()
        mover.join()
    assert report.accepted > 0


@pytest.mark.parametrize("damage", ["abc", "", "nan", "inf", "-5", "9" * 400, "1e3"])
def test_a_damaged_count_is_found_out_and_ends_no_command(
    leads: Leads, queue: Queue, damage: str
) -> None:
    queue.put()
    queue.store.client.hset(queue.store.keys.counts, "accepted", damage)
    assert leads("status").code == 0
    assert leads("audit").code == 1
