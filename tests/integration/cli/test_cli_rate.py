"""`leads rate` and `log`: a rate set at run time, and who held, resumed and set what."""

from __future__ import annotations

import json

import pytest
from lead_ops.operator import operator
from lead_worker.core.outcome import HoldKind

from .conftest import LIMITS, Leads, OnTerminal, Queue


def test_the_rate_is_that_of_the_workers_until_an_operator_sets_one(
    leads: Leads, queue: Queue
) -> None:
    assert leads("rate").out == "unknown: no worker is there to say\n"
    queue.store.beat({"rate_per_minute": 0})
    assert leads("rate").out == "no limit, as the workers are set\n"
    queue.store.beat({"rate_per_minute": 600})
    assert leads("rate").out == "600 a minute, as the workers are set\n"
    assert json.loads(leads("rate", "--json").out) == {
        "per_minute": 600,
        "source": "workers",
        "by": None,
        "since": None,
        "before": None,
    }


def test_a_number_outweighs_the_settings_until_default_takes_it_back(
    leads: Leads, queue: Queue
) -> None:
    queue.store.beat({"rate_per_minute": 600})
    lines = leads("rate", 120, "--reason", "the plan").out.splitlines()
    assert lines[0].startswith(f"120 a minute, set by {operator()} 0.")
    assert lines[1] == "before: 600 a minute, as the workers are set"
    set_at = queue.store.counts().now_at
    shown = json.loads(leads("rate", "--json").out)
    assert (shown["per_minute"], shown["source"], shown["by"]) == (120, "operator", operator())
    assert shown["since"] == pytest.approx(set_at, abs=60)
    unlimited = json.loads(leads("rate", "none", "--json").out)
    assert (unlimited["per_minute"], unlimited["source"]) == (None, "operator")
    assert unlimited["before"]["per_minute"] == 120
    assert leads("rate", "default").out.startswith("600 a minute, as the workers are set\n")


def test_the_fleet_obeys_the_number(leads: Leads, queue: Queue) -> None:
    for _ in range(5):
        queue.put()
    leads("rate", 60)
    queue.lease()
    assert queue.store.turn([], queue.next_claim(5), LIMITS).claimed == ()
    leads("rate", "none")
    assert len(queue.store.turn([], queue.next_claim(5), LIMITS).claimed) == 4


@pytest.mark.parametrize("word", ["abc", "1000001", "1.5", "", "1_0", "\uff11\uff12", "9" * 5000])
def test_what_is_no_rate_is_one_clear_line(leads: Leads, queue: Queue, word: str) -> None:
    ran = leads("rate", word)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert "expected a whole number from 1 to 1,000,000" in ran.err
    assert len(ran.err) < 250
    assert queue.store.counts().rate == {}


@pytest.mark.parametrize("arguments", [("-5",), ("--reason", "x"), ("5", "6")])
def test_a_mistake_in_the_call_is_one_line(leads: Leads, arguments: tuple[str, ...]) -> None:
    ran = leads("rate", *arguments)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)


def test_the_log_tells_what_was_done_by_whom_and_why(leads: Leads, queue: Queue) -> None:
    assert leads("log").err == "nothing was held or set yet\n"
    assert json.loads(leads("log", "--json").out) == []
    leads("pause", "--reason", "maintenance")
    leads("resume")
    leads("rate", 120, "--reason", "the plan")
    leads("rate", "none")
    leads("rate", "default")
    queue.hold(HoldKind.OUTAGE, canary_at=1.0)
    leads("resume")
    head, *rows = [line.split("\t") for line in leads("log").out.splitlines()]
    assert head == ["when", "what", "by", "why"]
    assert {row[2] for row in rows} == {operator()}
    assert [(row[1].partition(", ")[0], row[3]) for row in rows] == [
        ("paused", "maintenance"),
        ("resumed", "maintenance"),
        ("rate: 120 a minute", "the plan"),
        ("rate: no limit", ""),
        ("rate: the workers' own", ""),
        ("resumed: outage", "x"),
    ]
    assert rows[1][1].startswith("resumed, ")
    entries = json.loads(leads("log", "--json", "--limit", 3).out)
    assert [entry["event"] for entry in entries] == ["rate", "rate", "resumed"]
    assert [entry.get("per_minute", "") for entry in entries] == [0, None, ""]
    assert entries[-1]["kind"] == "outage"


def test_the_log_fits_80_columns(queue: Queue, leads_on_terminal: OnTerminal) -> None:
    told = {"at": 1.5, "event": "hold_ended", "kind": "configuration", "seconds": 1080.0}
    told |= {"by": "box-47110-0a1b2c3d", "reason": "the API refuses the token " * 3}
    queue.store.client.rpush(queue.store.keys.log, json.dumps(told))
    lines = leads_on_terminal("log")
    assert max(map(len, lines)) <= 80
    assert "ended: configuration, 18 min" in lines[-1]


def test_holds_of_the_workers_are_in_the_log(leads: Leads, queue: Queue) -> None:
    lasted = {"hold_began": 0.0, "hold_ended": 180.0, "token_changed": 0.0, "{x}": 0.0}
    for event, seconds in lasted.items():
        told = {"at": 1.5, "event": event, "kind": "outage", "by": "w", "seconds": seconds}
        queue.store.client.rpush(queue.store.keys.log, json.dumps(told))
    queue.store.client.rpush(queue.store.keys.log, "{broken")
    rows = [line.split("\t")[1] for line in leads("log").out.splitlines()[1:]]
    assert rows == [
        "held: outage",
        "ended: outage, 3 min",
        "token changed",
        "{x}",
        "unreadable",
    ]
