"""`leads pause` and `resume`: an operator's hold, against the API's and the workers'."""

from __future__ import annotations

import json
import threading
from uuid import uuid4

import pytest
from lead_ops.governing import change_governor
from lead_ops.operator import operator
from lead_worker.core import governor
from lead_worker.core.governor import Governor, Hold, Moment, Step
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Decision, Settlement, Store

from .conftest import LIMITS, Leads, Queue


def test_resume_says_when_the_first_that_was_set_aside_is_due(leads: Leads, queue: Queue) -> None:
    queue.put()
    lead_id, token = queue.lease()
    entry: dict[str, object] = {"event": "attempt", "n": 1}
    given_back = Settlement(lead_id, token, State.WAITING, entry, due_seconds=600.0)
    assert queue.store.turn([given_back], None, LIMITS).verdicts == ("ok",)
    leads("pause")
    assert leads("resume").out.splitlines()[1] == "1 waiting, the first due in 10 min"
    queue.put()
    leads("pause")
    assert leads("resume").out.splitlines()[1] == "2 waiting"


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_blank_reason_is_none(leads: Leads, queue: Queue, reason: str) -> None:
    lead_id, parked = queue.die(), queue.settle(State.PARKED)
    commands: list[tuple[object, ...]] = [("pause",), ("rate", 5), ("dead", "discard", lead_id)]
    commands += [("dead", "replay", lead_id), ("unknown", "resolve", parked, "--discard")]
    for command in commands:
        ran = leads(*command, "--reason", reason)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    counts = queue.store.counts()
    assert (counts.hold, counts.dead, counts.parked, counts.rate) == (None, 1, 1, {})


def test_a_pause_holds_until_it_is_resumed(leads: Leads, queue: Queue) -> None:
    queue.put()
    paused = json.loads(leads("pause", "--reason", "maintenance", "--json").out)["hold"]
    assert paused.pop("since") == pytest.approx(queue.store.counts().now_at, abs=60)
    expected = {"kind": "paused", "until": None, "reason": "maintenance", "by": operator()}
    assert paused == expected | {"suspected": False, "canary_at": None}
    hold = json.loads(leads("status", "--json").out)["hold"]
    assert {name: hold[name] for name in expected} == expected
    out = leads("status").out
    assert "HELD paused since" in out
    assert f"by {operator()}, until it is resumed" in out
    assert "maintenance" in out
    assert "to go on: leads resume" in out
    assert json.loads(leads("resume", "--json").out)["ended"]["reason"] == "maintenance"
    assert queue.store.counts().hold is None


def test_resume_ends_any_hold_and_says_which(leads: Leads, queue: Queue) -> None:
    queue.hold(HoldKind.NOT_BEFORE, "the API asked for 600 s", until_at=600.0)
    assert "until" in leads("status").out
    assert leads("resume").out.splitlines()[0] == (
        "resumed; the hold was: not_before, by w: the API asked for 600 s"
    )
    ran = leads("resume")
    assert (ran.code, ran.out) == (0, "nothing is held\n")
    assert json.loads(leads("resume", "--json").out) == {"ended": None, "hold": None}


def test_a_hold_whose_time_is_over_is_not_said_to_be_resumed(leads: Leads, queue: Queue) -> None:
    queue.hold(HoldKind.NOT_BEFORE, until_at=-1.0)
    assert leads("resume").out == "nothing is held\n"
    (entry,) = json.loads(leads("log", "--json").out)
    assert entry["event"] == "hold_ended"
    assert queue.store.counts().governor.hold is None


def test_a_pause_says_which_hold_it_replaces(leads: Leads, queue: Queue) -> None:
    queue.hold(HoldKind.OUTAGE, "5 calls in a row failed", canary_at=1.0)
    assert leads("pause").out.splitlines()[1] == (
        "it replaces the hold that was: outage: 5 calls in a row failed"
    )


def test_what_the_api_asked_for_outlasts_a_pause_and_resume_says_so(
    leads: Leads, queue: Queue
) -> None:
    queue.put()
    queue.hold(HoldKind.NOT_BEFORE, "the API asked for 600 s", until_at=600.0)
    leads("pause")
    lines = leads("resume").out.splitlines()
    assert lines[0].startswith("resumed; the hold was: paused")
    assert lines[1].startswith("the API had asked for time: nothing is sent before ")
    assert lines[1].endswith("(in 10 min);")
    hold = queue.store.counts().hold
    assert hold
    assert hold.kind is HoldKind.NOT_BEFORE
    resumed = json.loads(leads("resume", "--json").out)
    assert (resumed["ended"]["kind"], resumed["hold"]) == ("not_before", None)


def test_a_reason_cannot_steer_a_terminal(leads: Leads) -> None:
    leads("pause", "--reason", "\x1b[2J[bold]x")
    assert "\\u001b[2J[bold]x" in leads("status").out


def test_a_pause_wins_against_workers_that_change_the_hold_meanwhile(
    queue: Queue, redis_url: str, namespace: str
) -> None:
    def change() -> None:
        store = Store.from_url(redis_url, namespace, "w2")
        for number in range(100):
            standing = store.standing()
            hold = standing.governor.hold
            if hold and hold.kind is HoldKind.PAUSED:
                break
            asked = Hold(HoldKind.NOT_BEFORE, str(number), until_at=standing.now_at + 60)
            step = governor.begin(standing.governor, asked, Moment(standing.now_at, "w2"))
            store.govern(Decision(step.governor, standing.version, uuid4().hex))
        store.client.close()

    def pause(before: Governor, moment: Moment) -> Step:
        return governor.pause(before, "x", moment)

    other = threading.Thread(target=change)
    other.start()
    change_governor(queue.store, pause, most_in_flight=256)
    other.join()
    hold = queue.store.counts().hold
    assert hold
    assert hold.kind is HoldKind.PAUSED
