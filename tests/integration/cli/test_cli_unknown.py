"""`leads unknown`: what may have arrived, what was found of it, and what a person decides."""

from __future__ import annotations

import json

import pytest
from lead_ops.audit import run_audit
from lead_ops.operator import operator
from lead_worker.core.lifecycle import State
from lead_worker.store.reading import Reading

from .conftest import Leads, OnTerminal, Queue

NOBODY = "0" * 32


def test_unknown_and_parked_leads_are_listed_the_newest_first(leads: Leads, queue: Queue) -> None:
    parked = queue.settle(State.PARKED, {"cause": "status_503"}, cause="status_503")
    looked = queue.doubt("dropped")
    assert queue.look("nothing", State.UNKNOWN, looks="1") == looked
    fresh = queue.settle(State.UNKNOWN, {"outcome": "unknown", "cause": "read_timeout"})
    queue.die()
    listed = json.loads(leads("unknown", "list", "--json").out)
    assert [each["id"] for each in listed] == [fresh, looked, parked]
    assert [each["state"] for each in listed] == ["unknown", "unknown", "parked"]
    assert [each["cause"] for each in listed] == ["read_timeout", "dropped", "status_503"]
    assert [each["found"] for each in listed] == [None, "nothing", None]
    assert [each["looks"] for each in listed] == [0, 1, 0]
    assert {each["attempts"] for each in listed} == {1}
    now_at = queue.store.counts().now_at
    assert listed[0]["since"] == pytest.approx(now_at, abs=60)
    assert listed[1]["next_look_at"] == pytest.approx(now_at + 105, abs=60)
    assert listed[2]["next_look_at"] is None
    assert "Ana" not in json.dumps(listed)


def test_the_newest_unknown_lead_is_not_the_one_that_is_looked_for_last(
    leads: Leads, queue: Queue
) -> None:
    queue.settle(State.UNKNOWN)
    newest = queue.doubt()
    ran = leads("unknown", "list", "--limit", 1, "--state", "unknown")
    assert [line.split("\t")[0] for line in ran.out.splitlines()] == ["id", newest]
    assert ran.err == "the newest 1; more with --limit\n"


def test_a_list_can_be_of_one_state(leads: Leads, queue: Queue) -> None:
    parked, unknown = queue.settle(State.PARKED), queue.settle(State.UNKNOWN)
    for state, lead_id in (("parked", parked), ("unknown", unknown)):
        (listed,) = json.loads(leads("unknown", "list", "--state", state, "--json").out)
        assert (listed["id"], listed["state"]) == (lead_id, state)
    assert leads("unknown", "list", "--state", "dead").code == 2


def test_nothing_unknown_is_an_empty_list(leads: Leads) -> None:
    ran = leads("unknown", "list")
    assert (ran.code, ran.out, ran.err) == (0, "", "no unknown or parked lead\n")
    assert leads("unknown", "list", "--state", "parked").err == "no parked lead\n"
    assert json.loads(leads("unknown", "list", "--json").out) == []


def test_the_list_says_when_each_is_looked_for(leads: Leads, queue: Queue) -> None:
    queue.settle(State.PARKED)
    queue.settle(State.UNKNOWN)
    queue.doubt()
    for due, command in (("now", "status"), ("held", "pause")):
        leads(command)
        rows = [line.split("\t") for line in leads("unknown", "list").out.splitlines()[1:]]
        assert [row[4] for row in rows] == [due, "in 10 min", "parked"]


def test_a_list_is_whole_at_80_columns(queue: Queue, leads_on_terminal: OnTerminal) -> None:
    queue.doubt("read_timeout")
    queue.look("unanswered", State.UNKNOWN, unanswered="1")
    queue.look("nothing", State.UNKNOWN, looks="1")
    queue.settle(State.PARKED, {"cause": "lease_expired"}, cause="lease_expired")
    lines = leads_on_terminal("unknown", "list")
    assert max(map(len, lines)) <= 80
    assert {line.split()[-1] for line in lines[2:]} == {"read_timeout", "lease_expired"}


def test_a_parked_lead_can_be_said_to_have_arrived(leads: Leads, queue: Queue) -> None:
    lead_id = queue.settle(State.PARKED, cause="similar")
    arguments = ("--delivered", "--api-id", "api-7", "--reason", "seen there")
    ran = leads("unknown", "resolve", lead_id, *arguments)
    assert (ran.code, ran.out, ran.err) == (0, "1 lead is delivered now\n", "")
    sight = Reading(queue.store).sight(lead_id)
    assert sight
    assert (sight.state, sight.fields["api_id"]) == (State.DELIVERED, "api-7")
    last = dict(sight.timeline[-1])
    last.pop("at")
    said = {"event": "confirmed", "by": operator(), "reason": "seen there", "api_id": "api-7"}
    assert last == said
    assert "confirmed" in leads("show", lead_id).out
    assert run_audit(queue.store).ok


def test_parked_leads_can_be_sent_again_or_given_up(leads: Leads, queue: Queue) -> None:
    one, two, three = (queue.settle(State.PARKED) for _ in range(3))
    assert leads("unknown", "resolve", one, two, "--retry").out == "2 leads are waiting now\n"
    ran = leads("unknown", "resolve", three, "--discard", "--reason", "a test", "--json")
    assert json.loads(ran.out) == [{"id": three, "done": True, "state": "discarded"}]
    for lead_id, event in ((one, "replayed"), (three, "discarded")):
        shown = json.loads(leads("show", lead_id, "--json").out)
        assert (shown["timeline"][-1]["event"], shown["timeline"][-1]["by"]) == (event, operator())
    assert run_audit(queue.store).ok


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--delivered", "--retry"),
        ("--discard",),
        ("--retry", "--api-id", "x"),
        ("--delivered", "--api-id", ""),
        ("--delivered", "--api-id", "a b"),
        ("--delivered", "--api-id", "x" * 1001),
        ("--delivered", "--api-id", "x", "1" * 32),
    ],
)
def test_options_that_do_not_fit_are_one_line_and_do_nothing(
    leads: Leads, queue: Queue, arguments: tuple[str, ...]
) -> None:
    lead_id = queue.settle(State.PARKED)
    ran = leads("unknown", "resolve", lead_id, *arguments)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert queue.store.counts().parked == 1


def test_what_is_not_parked_is_left_alone_and_told_what_happens_next(
    leads: Leads, queue: Queue
) -> None:
    parked = queue.settle(State.PARKED)
    ids = [queue.die(), queue.settle(State.DELIVERED), queue.settle(State.UNKNOWN), queue.put()]
    ran = leads("unknown", "resolve", *ids, NOBODY, parked, "--retry", "--json")
    assert ran.code == 1
    assert [each["done"] for each in json.loads(ran.out)] == [False] * 5 + [True]
    told = dict(line.removeprefix("leads: ").split(": ", 1) for line in ran.err.splitlines())
    assert told == {
        ids[0]: f"it is dead, not parked: leads dead show {ids[0]}",
        ids[1]: "it is delivered, not parked: there is nothing to decide",
        ids[2]: f"it is unknown, not parked: a worker looks for it in 10 min; leads show {ids[2]}",
        ids[3]: f"it is waiting, not parked: it is sent without you; leads show {ids[3]}",
        NOBODY: "there is no such lead",
    }
    counts = queue.store.counts()
    assert (counts.dead, counts.delivered, counts.unknown, counts.parked) == (1, 1, 1, 0)


def test_an_api_id_of_another_lead_is_refused_with_that_lead(leads: Leads, queue: Queue) -> None:
    owner, lead_id = queue.settle(State.DELIVERED), queue.settle(State.PARKED)
    ran = leads("unknown", "resolve", lead_id, "--delivered", "--api-id", "api-1")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"leads: {lead_id}: api-1 is another lead's in the API: leads show {owner}\n"
    )
    assert queue.store.counts().parked == 1


def test_show_says_when_an_unknown_lead_is_looked_for(leads: Leads, queue: Queue) -> None:
    later = queue.settle(State.UNKNOWN)
    asks = "It may have arrived; a worker asks the API for it"
    assert f"{asks} in 10 min (look 1 of 2)." in leads("show", later).out
    lead_id = queue.doubt()
    assert f"{asks} as soon as one is free (look 1 of 2)." in leads("show", lead_id).out
    queue.look("nothing", State.UNKNOWN, looks="1")
    assert f"{asks} in 105 s (look 2 of 2)." in leads("show", lead_id).out
    leads("pause")
    held = leads("show", lead_id).out.splitlines()[1]
    assert held.startswith(f"{asks} once deliveries are no longer held (look 2 of 2): paused")


def test_show_says_that_a_lead_is_being_looked_for(leads: Leads, queue: Queue) -> None:
    lead_id = queue.doubt()
    queue.lease()
    assert "a worker is asking the API for it now (look 1 of 2)." in leads("show", lead_id).out


def test_looks_are_told_on_the_timeline(leads: Leads, queue: Queue) -> None:
    lead_id = queue.doubt()
    queue.look("nothing", State.UNKNOWN, looks="1", look_page="1", unanswered="0", similar="0")
    out = leads("show", lead_id).out
    assert "1 unknown\t200 ms\tread_timeout\tw" in out
    assert "look 1 nothing\t100 ms\tby email\tw" in out
    shown = json.loads(leads("show", lead_id, "--json").out)
    assert (shown["looks"], shown["unanswered"]) == (1, 0)
    assert isinstance(shown["unknown_since"], float)
    assert isinstance(shown["claimed_at"], float)
    assert not {"look_page", "similar", "found", "doubted"} & set(shown)


def test_a_lead_that_was_found_says_how(leads: Leads, queue: Queue) -> None:
    lead_id = queue.doubt()
    queue.look("found", State.DELIVERED, api_id="api-5")
    out = leads("show", lead_id).out
    assert "api id    api-5 (found by a look)\n" in out
    assert "look 1 found\t100 ms\tapi-5, by email\tw" in out
