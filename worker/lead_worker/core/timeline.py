"""What is written down of an attempt: the timeline's entry, and the record's own fields.

The entry may hold the API's words and thus personal data; the record's fields never do.
"""

from __future__ import annotations

from .lifecycle import State, Transition
from .looks import Look, Progress
from .outcome import (
    Delivered,
    GivenBack,
    Invalid,
    Mangled,
    Outcome,
    Rejected,
    Retry,
    Unknown,
    safe_code,
)

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
    if transition.to in (State.WAITING, State.UNKNOWN):
        entry["due_seconds"] = round(transition.due_seconds, 3)
    if not transition.spends_attempt and isinstance(outcome, Retry | Unknown):
        entry["spent"] = False
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
        case GivenBack(cause=cause, code=code, message=message) if message:
            return {"cause": cause, "code": code, "message": message}
        case GivenBack(cause=cause) | Retry(cause=cause) | Unknown(cause=cause):
            return {"cause": cause}
        case Invalid(errors=errors):
            return {"errors": [{"path": e.path, "message": e.message} for e in errors]}


def look_entry(
    look: Look, progress: Progress, asked_by: str, *, worker: str, took_seconds: float
) -> dict[str, object]:
    """The timeline's entry for a look: what was asked (never the value), and what was found.

    Args:
        progress: before the look.
        asked_by: the name of the field, or "" where nothing was asked.
        took_seconds: from the lead's claim to the answer.
    """
    entry: dict[str, object] = {
        "event": "looked",
        "n": progress.looks + 1,
        "found": look.found,
        "then": look.transition.to.value,
        "took": round(took_seconds, 4),
        "worker": worker,
    }
    told = {"asked": asked_by, "cause": look.cause, "api_id": look.api_id}
    if look.transition.to is State.UNKNOWN:
        told["due_seconds"] = round(look.transition.due_seconds, 3)  # type: ignore[assignment]
    if look.similar:
        entry["similar"] = list(look.similar)
    if progress.page > 1 or look.found == "more":
        told["page"] = progress.page  # type: ignore[assignment]
    return entry | {name: value for name, value in told.items() if value != ""}


def look_fields(look: Look) -> dict[str, str]:
    """The record's fields after a look: how far it has come, or why it is parked or dead."""
    if look.transition.to is State.UNKNOWN:
        at = look.progress
        return {
            "looks": str(at.looks),
            "look_page": str(at.page),
            "unanswered": str(at.unanswered),
            "similar": str(int(at.similar)),
        }
    if look.transition.to not in (State.DEAD, State.PARKED):
        return {}
    fields = {"cause": look.cause or look.found}
    if look.transition.reason:
        fields["reason"] = look.transition.reason.value
    return fields


def record_fields(outcome: Outcome, transition: Transition) -> dict[str, str]:
    """The fields that a dead or parked lead's record gets, so that it can be listed by cause."""
    if transition.to not in (State.DEAD, State.PARKED):
        return {}
    fields = {"cause": cause(outcome)}
    if transition.reason:
        fields["reason"] = transition.reason.value
    if isinstance(outcome, Rejected):
        fields["status"] = str(outcome.status)
        fields["code"] = safe_code(outcome.code)
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
