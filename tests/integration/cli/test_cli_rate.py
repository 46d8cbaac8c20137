"""`leads rate`: a rate set at run time."""

from __future__ import annotations

import json

import pytest
from lead_ops.operator import operator

from .conftest import LIMITS, Leads, Queue


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
