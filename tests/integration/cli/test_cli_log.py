"""`leads log`: the audit trail, of leads, campaigns, holds and rates."""

from __future__ import annotations

import json
from typing import Any

from lead_ops.operator import operator
from lead_worker.core.outcome import HoldKind
from lead_worker.store.trail import PAGE, newest_first

from tests.integration.fleet import ONE_REDIS

from .conftest import Leads, OnTerminal, Queue

pytestmark = ONE_REDIS
CAMPAIGN = "3fa2b1c4d5e6"


def put(queue: Queue, *entries: dict[str, Any]) -> None:
    """Let entries be the last of the trail."""
    queue.store.client.rpush(queue.store.keys.log, *map(json.dumps, entries))


def test_the_log_tells_what_was_done_by_whom_and_why(leads: Leads, queue: Queue) -> None:
    assert leads("log").err == "nothing was done yet\n"
    assert json.loads(leads("log", "--json").out) == []
    leads("pause", "--reason", "maintenance")
    leads("resume")
    leads("rate", 120, "--reason", "the plan")
    leads("rate", "none")
    leads("rate", "default")
    queue.hold(HoldKind.OUTAGE, canary_at=1.0)
    leads("resume")
    head, *rows = [line.split("\t") for line in leads("log").out.splitlines()]
    assert head == ["when", "what", "which", "by", "why"]
    assert {row[3] for row in rows} == {operator()}
    assert [(row[1].partition(", ")[0], row[4]) for row in rows] == [
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


def test_what_was_done_to_leads_and_by_campaigns_is_found_again(leads: Leads, queue: Queue) -> None:
    replayed, discarded = queue.die(), queue.die()
    leads("dead", "replay", replayed, "--reason", "the form is mended")
    leads("dead", "discard", discarded, "--reason", "a test")
    now_at = queue.store.counts().now_at
    about = {"campaign": CAMPAIGN, "leads": 4000, "about": "group rejected"}
    begun = {"at": now_at, "event": "campaign_begun", "by": "maria", "reason": "mended"}
    done = {"at": now_at, "event": "campaign_done", "by": "campaign", "delivered": 3990, "dead": 10}
    put(queue, begun | about, done | {"campaign": CAMPAIGN}, {"at": now_at + 9, "event": "rate"})
    rows = [line.split("\t")[1:] for line in leads("log").out.splitlines()[1:]]
    assert rows == [
        ["replayed", replayed, operator(), "the form is mended"],
        ["discarded", discarded, operator(), "a test"],
        ["campaign begun", CAMPAIGN, "maria", "4,000 leads: group rejected; mended"],
        ["campaign done", CAMPAIGN, "campaign", "3,990 delivered, 10 dead again"],
        ["rate: the workers' own", "", "", ""],
    ]
    found = {
        ("--lead", replayed): ["replayed"],
        ("--campaign", CAMPAIGN[:4]): ["campaign_begun", "campaign_done"],
        ("--by", "maria"): ["campaign_begun"],
        ("--event", "campaign done"): ["campaign_done"],
        ("--since", "1h", "--event", "rate"): ["rate"],
        ("--since", "1h", "--limit", "2"): ["campaign_done", "rate"],
        ("--since", "2100-01-01"): [],
    }
    for arguments, events in found.items():
        told = json.loads(leads("log", "--json", *arguments).out)
        assert [entry["event"] for entry in told] == events
    assert leads("log", "--by", "eva").err == "no entry fits\n"
    assert "campaigns are on its timeline" in leads("log", "--lead", "0" * 32).err
    for arguments in (("--lead", "Ana"), ("--campaign", "x"), ("--since", "x")):
        ran = leads("log", *arguments)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)


def test_a_long_trail_is_read_from_its_end_with_each_entry_once(queue: Queue) -> None:
    put(queue, *({"at": float(number), "event": "rate"} for number in range(2 * PAGE)))
    reading = newest_first(queue.store)
    read = [next(reading)["at"] for _ in range(PAGE)]
    put(queue, {"at": 5000.0, "event": "rate"}, {"at": 5001.0, "event": "rate"})
    read += [entry["at"] for entry in reading]
    assert read == [float(number) for number in reversed(range(2 * PAGE))]


def test_nothing_is_cut_at_80_columns(queue: Queue, leads_on_terminal: OnTerminal) -> None:
    why = "the API refuses the token " * 4 + "end"
    held = {"at": 1.5, "event": "hold_ended", "kind": "configuration", "seconds": 1080.0}
    put(queue, held | {"by": "box-47110-0a1b2c3d", "reason": why})
    edited = {"at": 2.5, "event": "edited", "lead": "0" * 32, "by": "maria", "reason": "typo"}
    cancelled = {"at": 3.5, "event": "campaign_cancelled", "campaign": CAMPAIGN, "by": "x" * 32}
    put(queue, edited, cancelled)
    head, *lines = leads_on_terminal("log")
    assert max(map(len, lines)) <= 80
    assert head.split() == ["when", "what", "which", "by"]
    assert lines[0].split(maxsplit=2)[2] == "ended: configuration, 18 min"
    assert lines[1].split()[:3] == ["by", "box-47110-0a1b2c3d:", "the"]
    assert " ".join(" ".join(lines[1:4]).split()).endswith(why)
    assert lines[-4].split()[2:] == ["edited", "0" * 32, "maria"]
    assert lines[-3].strip() == "typo"
    assert lines[-2].split()[2:] == ["campaign", "cancelled", CAMPAIGN]
    assert lines[-1].strip() == f"by {'x' * 32}"
