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
from lead_worker.store import Settlement, Store

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


def test_a_worker_that_went_silent_is_told_from_one_that_works(leads: Leads, queue: Queue) -> None:
    queue.put()
    queue.store.beat({"host": "box"})
    now_at = queue.store.counts().now_at
    queue.store.client.zadd(queue.store.keys.workers, {"dead": now_at - 40})
    status = json.loads(leads("status", "--json").out)
    assert (status["workers_alive"], status["workers_silent"]) == (1, 1)
    assert {each["name"]: each["silent"] for each in status["workers"]} == {
        "w": False,
        "dead": True,
    }
    out = leads("status").out
    assert "workers            1  last sign" in out
    assert "silent             1  for 4" in out
    assert "IDLE" not in out
    queue.store.client.zadd(queue.store.keys.workers, {"w": now_at - 50})
    assert "IDLE no worker has given a sign within 4" in leads("status").out


def test_no_duplicates_is_not_said_to_mean_that_none_was_sent(leads: Leads) -> None:
    assert "duplicates         0  known to be twice in the API" in leads("status").out


def test_resume_says_when_the_first_that_was_set_aside_is_due(leads: Leads, queue: Queue) -> None:
    queue.put()
    lead_id, token = queue.lease()
    entry: dict[str, object] = {"event": "attempt", "n": 1}
    given_back = Settlement(lead_id, token, State.WAITING, entry, due_seconds=600.0)
    assert queue.store.turn([given_back], None, 30.0).verdicts == ("ok",)
    leads("pause")
    assert leads("resume").out.splitlines()[1] == "1 waiting, the first due in 10 min"
    queue.put()
    leads("pause")
    assert leads("resume").out.splitlines()[1] == "2 waiting"


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_blank_reason_is_none(leads: Leads, queue: Queue, reason: str) -> None:
    lead_id = queue.die()
    for command in (("pause",), ("dead", "discard", lead_id), ("dead", "replay", lead_id)):
        ran = leads(*command, "--reason", reason)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    counts = queue.store.counts()
    assert (counts.hold, counts.dead) == (None, 1)


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
