"""What one outcome is evidence of, for the governor. Pure.

It owns which outcome counts as what; what follows is `verdict`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from .governor import Accused, Hold
from .outcome import (
    Delivered,
    GivenBack,
    HoldKind,
    Mangled,
    Outcome,
    Rejected,
    Retry,
    Unknown,
    group_code,
)

_BUSY = frozenset({"status_425", "status_429"})
"""The API is there and says so: no outage."""

_NOT_THE_APIS = frozenset({"lease_expired", "internal_error"})
_SLOW = frozenset(
    {"status_429", "status_503", "status_408", "status_504", "deadline", "connect_timeout"}
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One outcome, and what it is evidence about.

    Attributes:
        outcome: of a look that was answered, `Delivered` without an id.
        token: of the claim.
        claimed_at: when it was claimed (Redis's clock).
        canary_of: number of the hold as whose canary it was claimed, or 0.
        mark: of the API token that was used.
        doubted: as in `Accused`.
        look: it was a question to `GET /leads`.
    """

    lead_id: str
    outcome: Outcome
    token: str = ""
    claimed_at: float = 0.0
    canary_of: int = 0
    mark: str = ""
    doubted: int = 0
    look: bool = False


def proves(hold: Hold, seen: Seen) -> bool:
    """Whether an outcome shows that what a hold is about is over, or never was.

    An answered question proves less than a lead that was taken: a token may read and not write, and
    a suspicion decides about a lead.
    """
    if isinstance(seen.outcome, Rejected):
        return hold.kind is HoldKind.OUTAGE  # it is there; more is not known
    if not isinstance(seen.outcome, Delivered):
        return False
    readable = hold.kind is HoldKind.OUTAGE or (
        hold.kind is HoldKind.CREDENTIALS and not hold.suspected
    )
    return not seen.look or readable


def is_alike(hold: Hold, seen: Seen) -> bool:
    """Whether an outcome is what the hold is about."""
    if hold.kind is HoldKind.OUTAGE:
        return is_down(seen.outcome)
    return blamed(seen.outcome) is hold.kind


def is_answer(seen: Seen) -> bool:
    """Whether the API is there and at work."""
    return isinstance(seen.outcome, Delivered | Rejected)


def is_down(outcome: Outcome) -> bool:
    """Whether the API may be away: connect failures, time-outs, 5xx, answers that are none."""
    match outcome:
        case Retry(cause=cause):
            return cause not in _BUSY
        case Unknown(cause=cause):
            return cause not in _NOT_THE_APIS
        case _:
            return False


def blamed(outcome: Outcome) -> HoldKind | None:
    """The hold that an outcome calls for, unless the lead is to blame."""
    match outcome:
        case GivenBack(hold=kind):
            return kind
        case Mangled():
            return HoldKind.CONTRACT
        case _:
            return None


def asked_seconds(outcome: Outcome) -> float:
    """How long the API asked everyone to wait, or 0."""
    return (outcome.retry_after_seconds or 0.0) if isinstance(outcome, Retry) else 0.0


def cause(outcome: Outcome) -> str:
    """A short code, as in timelines."""
    return getattr(outcome, "cause", "fields came back empty")


def as_accused(seen: Seen) -> Accused:
    """The lead of an outcome that may be its own fault."""
    status = getattr(seen.outcome, "status", 0)
    code = group_code(getattr(seen.outcome, "code", ""))
    return Accused(seen.lead_id, seen.token, status, code, seen.doubted)


def is_slow(outcome: Outcome) -> bool:
    """Whether the API has more to do than it can: reason to send less at once."""
    return isinstance(outcome, Retry | Unknown) and outcome.cause in _SLOW
