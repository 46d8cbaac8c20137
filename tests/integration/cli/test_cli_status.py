"""`leads status`, `pause` and `resume`: what is where, what is held, and by whom."""

from __future__ import annotations

import json
import threading

import pytest
from lead_ops.governing import change_hold
from lead_ops.operator import operator
from lead_worker.core import governor
from lead_worker.core.governor import Hold
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Store

from .conftest import Leads, Queue

STATES = ("waiting", "leased", "unknown", "parked", "dead", "delivered", "discarded", "erased")


def test_each_number_is_under_its_state(leads: Leads, queue: Queue, namespace: str) -> None:
    for to in (State.DELIVERED, State.DEAD, State.PARKED, State.UNKNOWN, State.DEAD, State.DEAD):
        queue.settle(to)
    queue.store.discard(queue.die(), "act", {"event": "discarded"})
    queue.store.erase(queue.die())
    queue.put()
    queue.lease()
    queue.producer.enqueue({"name": "Eva"}, lane="bulk")
    status = json.loads(leads("status", "--json").out)
    assert status["namespace"] == namespace
    assert {name: status[name] for name in STATES} == {
        "waiting": 1,
        "leased": 1,
        "unknown": 1,
        "parked": 1,
        "dead": 3,
        "delivered": 1,
        "discarded": 1,
        "erased": 1,
    }
    assert (status["accepted"], status["forgotten"], status["duplicates"]) == (10, 0, 0)
    assert (status["waiting_live"], status["waiting_bulk"], status["claimable"]) == (0, 1, 1)
    assert status["overdue_seconds"] == pytest.approx(
        status["now_at"] - status["oldest_due_at"], abs=0.002
    )
    assert (status["hold"], status["workers"], status["enqueueing_refused"]) == (None, [], False)


def test_an_empty_queue_is_no_trouble(leads: Leads) -> None:
    ran = leads("status")
    assert (ran.code, ran.err) == (0, "")
    assert "waiting            0" in ran.out
    assert "\x1b" not in ran.out


def test_the_text_says_what_to_do(leads: Leads, queue: Queue) -> None:
    queue.settle(State.PARKED)
    queue.die()
    queue.store.refuse_enqueueing(60)
    out = leads("status").out
    assert "leads dead list --parked" in out
    assert "FULL Redis is short of memory" in out
    assert "IDLE no worker" in out
    queue.store.beat({"host": "box"})
    out = leads("status").out
    assert "IDLE" not in out
    assert "workers            1  last sign" in out


def test_a_worker_is_listed_with_what_it_says_of_itself(leads: Leads, queue: Queue) -> None:
    queue.store.beat({"host": "box", "pid": 12})
    (worker,) = json.loads(leads("status", "--json").out)["workers"]
    assert worker["name"] == "w"
    assert worker["about"] == {"host": "box", "pid": "12"}


def test_a_pause_holds_until_it_is_resumed(leads: Leads, queue: Queue) -> None:
    queue.put()
    paused = json.loads(leads("pause", "--reason", "maintenance", "--json").out)["hold"]
    assert paused.pop("since") == pytest.approx(queue.store.counts().now_at, abs=60)
    expected = {"kind": "paused", "until": None, "reason": "maintenance", "by": operator()}
    assert paused == expected
    hold = json.loads(leads("status", "--json").out)["hold"]
    assert {name: hold[name] for name in expected} == expected
    out = leads("status").out
    assert "HELD paused since" in out
    assert "maintenance" in out
    assert "to go on: leads resume" in out
    assert json.loads(leads("resume", "--json").out)["ended"]["reason"] == "maintenance"
    assert queue.store.counts().hold is None


def test_resume_ends_any_hold_and_says_which(leads: Leads, queue: Queue) -> None:
    until_at = queue.store.counts().now_at + 600
    hold = Hold(HoldKind.NOT_BEFORE, until_at, "the API asked for 600 s", "w")
    assert queue.store.govern(hold, "0")
    assert "until" in leads("status").out
    assert leads("resume").out.splitlines()[0] == (
        "resumed; the hold was: not_before, by w: the API asked for 600 s"
    )
    ran = leads("resume")
    assert (ran.code, ran.out) == (0, "nothing is held\n")
    assert json.loads(leads("resume", "--json").out) == {"ended": None}


def test_a_reason_cannot_steer_a_terminal(leads: Leads) -> None:
    leads("pause", "--reason", "\x1b[2J[bold]x")
    assert "\\u001b[2J[bold]x" in leads("status").out


def test_a_pause_wins_against_workers_that_change_the_hold_meanwhile(
    queue: Queue, redis_url: str, namespace: str
) -> None:
    def change() -> None:
        store = Store.from_url(redis_url, namespace, "w2")
        for number in range(100):
            counts = store.counts()
            if counts.hold and counts.hold.kind is HoldKind.PAUSED:
                break
            hold = Hold(HoldKind.NOT_BEFORE, counts.now_at + 60, str(number), "w2")
            store.govern(hold, counts.hold_version)
        store.client.close()

    other = threading.Thread(target=change)
    other.start()
    change_hold(queue.store, governor.pause("x", "op"))
    other.join()
    hold = queue.store.counts().hold
    assert hold
    assert hold.kind is HoldKind.PAUSED
