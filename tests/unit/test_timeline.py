"""What is written down of an attempt, and what must not be."""

from __future__ import annotations

import json

import pytest
from lead_worker.core.lifecycle import Reason, State, Transition
from lead_worker.core.looks import Look, Progress
from lead_worker.core.outcome import (
    Delivered,
    FieldError,
    GivenBack,
    HoldKind,
    Invalid,
    Mangled,
    Outcome,
    Rejected,
    Retry,
    Unknown,
)
from lead_worker.core.timeline import (
    attempt_entry,
    cause,
    look_entry,
    look_fields,
    outcome_name,
    record_fields,
)

WAIT = Transition(State.WAITING, due_seconds=12.34567)
DEAD = Transition(State.DEAD, reason=Reason.REJECTED)
# Whatever an API or a stranger says may hold a value of the lead's.
PERSONAL = "ana@example.com"
SAYS = [
    (Delivered("api-1"), "delivered", "delivered", {"api_id": "api-1"}),
    (
        Mangled("api-1", ("email", "name")),
        "mangled",
        "fields_lost",
        {"api_id": "api-1", "fields": ["email", "name"]},
    ),
    (
        Rejected(422, "UNPROCESSABLE_CONTENT", PERSONAL),
        "rejected",
        "status_422",
        {"status": 422, "code": "UNPROCESSABLE_CONTENT", "message": PERSONAL},
    ),
    (
        GivenBack(HoldKind.QUOTA, "status_402"),
        "given_back",
        "status_402",
        {"cause": "status_402"},
    ),
    (Retry("dns"), "retry", "dns", {"cause": "dns"}),
    (
        Retry("status_429", 60.0),
        "retry",
        "status_429",
        {"cause": "status_429", "retry_after": 60.0},
    ),
    (Unknown("read_timeout"), "unknown", "read_timeout", {"cause": "read_timeout"}),
    (
        Invalid((FieldError(PERSONAL, "no such field"),)),
        "invalid",
        "schema",
        {"errors": [{"path": PERSONAL, "message": "no such field"}]},
    ),
]
OUTCOMES = [outcome for outcome, *_ in SAYS]


@pytest.mark.parametrize(("outcome", "name", "code", "details"), SAYS)
def test_each_outcome_has_a_name_a_cause_and_its_details(
    outcome: Outcome, name: str, code: str, details: dict[str, object]
) -> None:
    entry = attempt_entry(outcome, DEAD, attempt=3, worker="w1", took_seconds=0.123456)
    assert outcome_name(outcome) == name
    assert cause(outcome) == code
    assert entry == details | {
        "event": "attempt",
        "n": 3,
        "outcome": name,
        "then": "dead",
        "took": 0.1235,
        "worker": "w1",
    }


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_entry_is_a_json_object_that_is_not_empty(outcome: Outcome) -> None:
    """The scripts put the time in after its first brace."""
    entry = attempt_entry(outcome, WAIT, attempt=1, worker="w1", took_seconds=0.1)
    encoded = json.dumps(entry, separators=(",", ":"), allow_nan=False)
    assert json.loads('{"at":1,' + encoded[1:]) == {"at": 1, **entry}


def test_an_entry_says_how_long_a_lead_waits_and_no_other_does() -> None:
    waiting = attempt_entry(Retry("dns"), WAIT, attempt=1, worker="w1", took_seconds=0)
    dead = attempt_entry(Retry("dns"), DEAD, attempt=1, worker="w1", took_seconds=0)
    assert waiting["due_seconds"] == 12.346
    assert "due_seconds" not in dead


def test_a_look_is_written_down_too() -> None:
    look = Look(Transition(State.DELIVERED), "found", api_id="api-1")
    entry = look_entry(look, Progress(looks=1), "email", worker="w1", took_seconds=0.05)
    assert entry == {
        "event": "looked",
        "n": 2,
        "found": "found",
        "then": "delivered",
        "took": 0.05,
        "worker": "w1",
        "asked": "email",
        "api_id": "api-1",
    }


def test_a_look_that_goes_on_says_when_and_where() -> None:
    look = Look(Transition(State.UNKNOWN, due_seconds=0.0), "more", Progress(page=2))
    entry = look_entry(look, Progress(), "name", worker="w1", took_seconds=0.0)
    assert (entry["page"], entry["due_seconds"]) == (1, 0.0)
    assert look_fields(look) == {"looks": "0", "look_page": "2", "unanswered": "0", "similar": "0"}


@pytest.mark.parametrize("to", [State.DEAD, State.PARKED])
def test_after_its_last_look_a_lead_carries_why(to: State) -> None:
    look = Look(Transition(to, reason=Reason.EXHAUSTED), "unaskable", cause="status_404")
    assert look_fields(look) == {"cause": "status_404", "reason": "exhausted"}
    assert look_fields(Look(Transition(State.WAITING), "nothing")) == {}


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("to", [State.WAITING, State.UNKNOWN, State.DELIVERED])
def test_only_dead_and_parked_leads_carry_a_cause(outcome: Outcome, to: State) -> None:
    assert record_fields(outcome, Transition(to)) == {}


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("transition", [DEAD, Transition(State.PARKED)])
def test_the_fields_of_a_record_hold_nothing_that_is_personal(
    outcome: Outcome, transition: Transition
) -> None:
    fields = record_fields(outcome, transition)
    assert fields["cause"] == cause(outcome)
    assert fields.get("reason") == (transition.reason and transition.reason.value)
    assert PERSONAL not in repr(fields)


def test_a_rejected_leads_record_has_the_apis_status_and_code() -> None:
    fields = record_fields(Rejected(409, "CONFLICT", PERSONAL), DEAD)
    assert (fields["status"], fields["code"]) == ("409", "CONFLICT")


@pytest.mark.parametrize("code", ["", PERSONAL, "no lead of Ana's", "ã", "X" * 101, "A\nB"])
def test_a_code_that_is_none_stays_out_of_the_record(code: str) -> None:
    assert record_fields(Rejected(409, code, ""), DEAD)["code"] == ""
