"""Leads that may have arrived: looked for in the API, and sent again only where it has them not."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from lead_ops.sandbox import Arrival, Faults, Kind, SandboxServer, Scope
from lead_worker.core.lifecycle import State

from tests.integration.fleet import ONE_REDIS, Fleet, named, wait_until
from tests.integration.sandbox_calls import post

pytestmark = ONE_REDIS

LOST = Faults(kind=Kind.DROP, count=1, scope=Scope.POST)
"""The API takes one lead, and its answer is lost."""

NEVER_CAME = Faults(kind=Kind.DROP_BEFORE, count=1, scope=Scope.POST)
"""The same for whoever sent it; but the API has taken nothing."""


def told(fleet: Fleet, lead_id: str, event: str) -> list[Any]:
    """What its timeline says of its attempts, or of its looks, in a word each."""
    word = "outcome" if event == "attempt" else "found"
    return [entry[word] for entry in fleet.timeline(lead_id) if entry["event"] == event]


def looks(fleet: Fleet, lead_id: str) -> list[dict[str, Any]]:
    return [entry for entry in fleet.timeline(lead_id) if entry["event"] == "looked"]


def questions(sandbox: SandboxServer) -> list[Arrival]:
    return [arrival for arrival in sandbox.journal if arrival.method == "GET"]


def api_ids(sandbox: SandboxServer) -> set[str]:
    return {str(lead["id"]) for lead in sandbox.leads}


def aimed(faults: Mapping[str, Mapping[str, Any]]) -> list[Faults]:
    """Each fault hits the first request for the lead that is named as it."""
    return [
        Faults(match=f'"{name}"', scope=Scope.POST, count=1, **fault)
        for name, fault in faults.items()
    ]


def leads_named(names: Mapping[str, object]) -> list[dict[str, object]]:
    return [named(number) | {"name": name} for number, name in enumerate(names)]


# Four of each: a fifth failure in a row would be an outage.
TAKEN: dict[str, dict[str, Any]] = {
    "dropped": {"kind": Kind.DROP},
    "truncated": {"kind": Kind.TRUNCATE},
    "silence": {"kind": Kind.HANG, "creates": True},
    "status 500": {"status": 500, "creates": True},
}
NOT_TAKEN: dict[str, dict[str, Any]] = {
    "dropped": {"kind": Kind.DROP_BEFORE},
    "reset": {"kind": Kind.RESET},
    "silence": {"kind": Kind.HANG},
    "status 500": {"status": 500},
}


def test_a_lead_that_was_taken_is_found_whatever_became_of_the_answer(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(*aimed(TAKEN))
    fleet.start_worker(LEADS_CONCURRENCY="3")
    lead_ids = dict(zip(TAKEN, fleet.enqueue(*leads_named(TAKEN)), strict=True))
    counts = fleet.wait_settled(len(TAKEN))

    assert (counts.delivered, fleet.arrivals()) == (len(TAKEN), dict.fromkeys(TAKEN, 1))
    for lead in sandbox.leads:
        lead_id = lead_ids[lead["name"]]
        assert fleet.record(lead_id)["api_id"] == lead["id"]
        assert told(fleet, lead_id, "attempt") == ["unknown"]
        assert told(fleet, lead_id, "looked")[-1] == "found"


def test_a_lead_that_was_not_taken_is_looked_for_twice_and_sent_again(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(*aimed(NOT_TAKEN))
    fleet.start_worker(LEADS_CONCURRENCY="3")
    lead_ids = fleet.enqueue(*leads_named(NOT_TAKEN))
    counts = fleet.wait_settled(len(NOT_TAKEN))

    assert (counts.delivered, fleet.arrivals()) == (len(NOT_TAKEN), dict.fromkeys(NOT_TAKEN, 1))
    for lead_id in lead_ids:
        assert told(fleet, lead_id, "attempt") == ["unknown", "delivered"]
        assert told(fleet, lead_id, "looked")[-2:] == ["nothing", "nothing"]
        assert fleet.record(lead_id)["attempts"] == "2"


# --- twins


@pytest.mark.parametrize("dropped", [1, 2], ids=["one of them", "both"])
def test_of_twins_whose_answers_were_lost_each_gets_an_api_id_of_its_own(
    fleet: Fleet, sandbox: SandboxServer, dropped: int
) -> None:
    sandbox.set_faults(Faults(kind=Kind.DROP, count=dropped, scope=Scope.POST))
    fleet.start_worker()
    twins = fleet.enqueue(named(1), named(1))
    counts = fleet.wait_settled(2)

    assert (counts.delivered, counts.duplicates, len(sandbox.leads)) == (2, 0, 2)
    assert {fleet.record(lead_id)["api_id"] for lead_id in twins} == api_ids(sandbox)
    assert sum(told(fleet, twin, "looked")[-1:] == ["found"] for twin in twins) == dropped


# --- what is listed late, or is not quite it


def test_a_lead_that_is_listed_late_is_found_at_the_second_look(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(replace(LOST, list_lag_seconds=2.0))
    fleet.start_worker(LEADS_SECOND_LOOK_SECONDS="2.5")
    (lead_id,) = fleet.enqueue(named(1))
    fleet.wait_delivered(1)

    assert told(fleet, lead_id, "looked") == ["nothing", "found"]
    assert api_ids(sandbox) == {fleet.record(lead_id)["api_id"]}


def test_a_lead_that_is_listed_after_the_second_look_is_there_twice(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    """By design: the second look has to be late enough for the API."""
    sandbox.set_faults(replace(LOST, list_lag_seconds=60.0))
    fleet.start_worker()
    (lead_id,) = fleet.enqueue(named(1))
    fleet.wait_delivered(1)

    assert told(fleet, lead_id, "looked") == ["nothing", "nothing"]
    assert fleet.arrivals() == {"lead 1": 2}


def test_a_lead_of_which_the_api_has_something_similar_is_parked_for_a_person(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(replace(NEVER_CAME, match="lead 1"))
    post(sandbox, {"name": "somebody else", "email": named(1)["email"]})
    fleet.start_worker()
    (lead_id,) = fleet.enqueue(named(1))
    fleet.wait_settled(1)

    assert (told(fleet, lead_id, "looked"), len(sandbox.leads)) == (["similar"] * 2, 1)
    record = fleet.record(lead_id)
    assert (record["state"], record["cause"]) == ("parked", "similar")
    assert looks(fleet, lead_id)[-1]["then"] == "parked"
    assert "api_id" not in record


# --- what is asked


def test_what_the_api_is_asked_by_is_the_email_else_the_phone_else_the_name(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(replace(LOST, count=3))
    fleet.start_worker()
    lead_ids = fleet.enqueue(
        {"email": "ana@example.com", "phone": "+5511987654321", "name": "Ana"},
        {"phone": "+5511987654322", "name": "Bia"},
        {"name": "Caio", "company": "Exemplo"},
    )
    fleet.wait_delivered(3)

    assert [looks(fleet, i)[-1]["asked"] for i in lead_ids] == ["email", "phone", "name"]
    asked = {parse_qsl(question.query)[0] for question in questions(sandbox)}
    assert asked == {
        ("email", "ana@example.com"),
        ("phone", "+5511987654322"),
        ("name", "Caio"),
    }
    assert len(sandbox.leads) == 3


def test_a_lead_with_nothing_to_ask_by_is_sent_again_as_the_fall_back_says(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(NEVER_CAME)
    fleet.start_worker()
    (lead_id,) = fleet.enqueue({"company": "Exemplo"})
    fleet.wait_delivered(1)

    (look,) = looks(fleet, lead_id)
    assert (look["found"], look["cause"], look["then"]) == (
        "unaskable",
        "nothing_to_ask_by",
        "waiting",
    )
    assert (questions(sandbox), len(sandbox.leads)) == ([], 1)


@pytest.mark.parametrize(("status", "fallback"), [(404, "retry"), (405, "park")])
def test_where_the_api_has_no_listing_the_fall_back_applies_and_holds_nobody_up(
    fleet: Fleet, sandbox: SandboxServer, status: int, fallback: str
) -> None:
    then, state = ("waiting", "delivered") if fallback == "retry" else ("parked", "parked")
    sandbox.set_faults(NEVER_CAME, Faults(status=status, scope=Scope.GET))
    fleet.start_worker(LEADS_RECONCILE_FALLBACK=fallback)
    (lead_id,) = fleet.enqueue(named(1))
    fleet.wait_settled(1)

    (look,) = looks(fleet, lead_id)
    assert (look["found"], look["cause"], look["then"]) == ("unaskable", f"status_{status}", then)
    assert (fleet.record(lead_id)["state"], fleet.events()) == (state, [])
    assert len(questions(sandbox)) == 1


def test_a_lead_on_the_second_page_is_found_there(fleet: Fleet, sandbox: SandboxServer) -> None:
    sandbox.set_faults(LOST)
    fleet.start_worker()
    (lead_id,) = fleet.enqueue(named(1))
    sandbox.wait_for(lambda s: len(s.leads) == 1)
    fleet.pause("let others come")
    for number in range(110):
        post(sandbox, {"name": f"other {number}", "email": named(1)["email"]})
    fleet.resume()
    fleet.wait_delivered(1)

    assert told(fleet, lead_id, "looked")[-2:] == ["more", "found"]
    assert looks(fleet, lead_id)[-1]["page"] == 2
    assert fleet.record(lead_id)["api_id"] == sandbox.leads[0]["id"]
    assert len(sandbox.leads) == 111


def test_an_operators_pause_stops_looks_and_a_resume_lets_them_go_on(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(LOST)
    fleet.start_worker()
    (lead_id,) = fleet.enqueue(named(1))
    sandbox.wait_for(lambda s: len(s.leads) == 1)
    fleet.pause("look at the API")
    wait_until(lambda: fleet.ids(State.UNKNOWN) == {lead_id})
    fleet.wait_beats(2)
    assert questions(sandbox) == []
    fleet.resume()
    fleet.wait_delivered(1)

    assert len(sandbox.leads) == len(questions(sandbox)) == 1


# --- other policies, and the death of a worker


@pytest.mark.parametrize(
    ("policy", "state", "times"), [("retry", State.DELIVERED, 2), ("park", State.PARKED, 1)]
)
def test_a_policy_that_does_not_ask_sends_again_or_parks(
    fleet: Fleet, sandbox: SandboxServer, policy: str, state: State, times: int
) -> None:
    sandbox.set_faults(LOST)
    fleet.start_worker(LEADS_ON_UNKNOWN_OUTCOME=policy)
    (lead_id,) = fleet.enqueue(named(1))
    fleet.wait_settled(1)

    assert (fleet.ids(state), fleet.arrivals()) == ({lead_id}, {"lead 1": times})
    assert (questions(sandbox), looks(fleet, lead_id)) == ([], [])


def test_what_a_killed_worker_had_in_flight_is_found_by_another_and_not_sent_twice(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(latency_seconds=5.0, scope=Scope.POST))
    doomed = fleet.start_worker()
    (lead_id,) = fleet.enqueue(named(1))
    sandbox.wait_for(lambda s: len(s.leads) == 1)
    doomed.signal(signal.SIGKILL)
    doomed.wait()
    fleet.end_grace()
    fleet.start_worker()
    fleet.wait_delivered(1)

    events = [entry["event"] for entry in fleet.timeline(lead_id)]
    assert events == ["lease_expired", "looked"]
    assert api_ids(sandbox) == {fleet.record(lead_id)["api_id"]}
