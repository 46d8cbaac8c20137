"""What is written down of an attempt: the timeline's entry, and the record's own fields.

The entry may hold the API's words and thus personal data; the record's fields never do.
"""

from __future__ import annotations

import re

from .lifecycle import State, Transition
from .outcome import Delivered, GivenBack, Invalid, Mangled, Outcome, Rejected, Retry, Unknown

# What is no code may be words, and words may be about a person.
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,100}")

_NAMES: dict[type, str] = {
    Delivered: "delivered",
    Mangled: "mangled",
    Rejected: "rejected",
    GivenBack: "given_back",
    Retry: "retry",
    Unknown: "unknown",
    Invalid: "invalid",
}


def outcome_name(outcome: Outcome) -> str:
    """The outcome's name, as in timelines, logs and metrics."""
    return _NAMES[type(outcome)]


def attempt_entry(
    outcome: Outcome,
    transition: Transition,
    *,
    attempt: int,
    worker: str,
    took_seconds: float,
) -> dict[str, object]:
    """The timeline's entry for one attempt.

    Args:
        attempt: its number, from 1.
        took_seconds: from the lead's claim to its outcome.
    """
    entry: dict[str, object] = {
        "event": "attempt",
        "n": attempt,
        "outcome": outcome_name(outcome),
        "then": transition.to.value,
        "took": round(took_seconds, 4),
        "worker": worker,
    }
    if transition.to is State.WAITING:
        entry["due_seconds"] = round(transition.due_seconds, 3)
    return entry | _details(outcome)


def _details(outcome: Outcome) -> dict[str, object]:
    match outcome:
        case Delivered(api_id=api_id):
            return {"api_id": api_id}
        case Mangled(api_id=api_id, fields=fields):
            return {"api_id": api_id, "fields": list(fields)}
        case Rejected(status=status, code=code, message=message):
            return {"status": status, "code": code, "message": message}
        case Retry(cause=cause, retry_after_seconds=float() | int() as seconds):
            return {"cause": cause, "retry_after": seconds}
        case GivenBack(cause=cause) | Retry(cause=cause) | Unknown(cause=cause):
            return {"cause": cause}
        case Invalid(errors=errors):
            return {"errors": [{"path": e.path, "message": e.message} for e in errors]}


def look_entry(transition: Transition, *, worker: str) -> dict[str, object]:
    """The timeline's entry for a look into an unknown lead."""
    return {"event": "looked", "then": transition.to.value, "worker": worker}


def record_fields(outcome: Outcome, transition: Transition) -> dict[str, str]:
    """The fields that a dead or parked lead's record gets, so that it can be listed by cause."""
    if transition.to not in (State.DEAD, State.PARKED):
        return {}
    fields = {"cause": cause(outcome)}
    if transition.reason:
        fields["reason"] = transition.reason.value
    if isinstance(outcome, Rejected):
        fields["status"] = str(outcome.status)
        fields["code"] = outcome.code if _CODE.fullmatch(outcome.code) else ""
    return fields


def cause(outcome: Outcome) -> str:
    """A short code for what happened; never a value of the lead's.

    Names of unknown fields are written by strangers, so an invalid lead's paths stay out of it.
    """
    match outcome:
        case Rejected(status=status):
            return f"status_{status}"
        case GivenBack(cause=code) | Retry(cause=code) | Unknown(cause=code):
            return code
        case Mangled():
            return "fields_lost"
        case Invalid():
            return "schema"
        case Delivered():
            return "delivered"
