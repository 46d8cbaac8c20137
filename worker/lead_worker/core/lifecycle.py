"""The states of a lead, and the one decision that moves it on after an attempt.

The diagram is in the README; the scripts in `store/scripts` carry the moves out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from .backoff import backoff_seconds
from .outcome import (
    Delivered,
    GivenBack,
    Invalid,
    Mangled,
    Outcome,
    Rejected,
    Retry,
    Unknown,
)

HOLD_RETURN_SECONDS = 1.0
"""How long a lead is set aside that was refused in a way which holds the fleet; the hold is what it
waits for."""

LEASE_EXPIRED = "lease_expired"


class State(StrEnum):
    """Where a lead is. Each lead is in exactly one of them."""

    WAITING = "waiting"
    LEASED = "leased"
    UNKNOWN = "unknown"
    PARKED = "parked"
    DEAD = "dead"
    DELIVERED = "delivered"
    DISCARDED = "discarded"
    ERASED = "erased"


class Reason(StrEnum):
    """Why a lead is dead."""

    INVALID = "invalid"
    REJECTED = "rejected"
    EXHAUSTED = "exhausted"
    POISON = "poison"
    MANGLED = "mangled"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator set. Durations in seconds.

    Attributes:
        on_unknown_outcome: `reconcile`, `retry` or `park`.
        fallback: `retry` or `park`, where the API cannot be asked.
        first_look_seconds, second_look_seconds: after the attempt.
    """

    max_attempts: int
    max_age_seconds: float
    backoff_base_seconds: float
    backoff_cap_seconds: float
    on_unknown_outcome: str
    fallback: str = "retry"
    first_look_seconds: float = 15.0
    second_look_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What the record says of a lead when the decision falls.

    Attributes:
        attempts: attempts spent before this one, from 0.
        returned: how often it was given back, from 0.
        age_seconds: for how long it has been tried, time under holds left out.
    """

    attempts: int
    returned: int
    age_seconds: float


@dataclass(frozen=True, slots=True)
class Transition:
    """Where a lead goes from here.

    Attributes:
        to: waiting, unknown, parked, dead or delivered.
        due_seconds: for waiting and unknown, how long until it may be claimed again.
        spends_attempt: false where the attempt is given back.
        reason: for dead, why.
    """

    to: State
    due_seconds: float = 0.0
    spends_attempt: bool = True
    reason: Reason | None = None


LOOK_AGAIN = Transition(State.UNKNOWN, spends_attempt=False)
"""Where an unknown lead goes that nobody has looked into yet: policy has not had its say."""


def decide(
    outcome: Outcome,
    standing: Standing,
    policy: Policy,
    chance: float,
    *,
    spared: bool = False,
) -> Transition:
    """Decide what becomes of a lead after an attempt.

    Args:
        outcome: what the attempt amounted to.
        standing: the lead before the attempt.
        policy: the operator's settings.
        chance: evenly distributed in [0, 1); spreads the retries.
        spared: a hold is in force, so that a failure spends no attempt and is no lead's end.
    """
    match outcome:
        case Delivered():
            return Transition(State.DELIVERED)
        case Mangled():
            return Transition(State.DEAD, reason=Reason.MANGLED)
        case Rejected():
            return Transition(State.DEAD, reason=Reason.REJECTED)
        case Invalid():
            return Transition(State.DEAD, spends_attempt=False, reason=Reason.INVALID)
        case GivenBack(hold=hold):
            wait = 0.0 if hold is None else HOLD_RETURN_SECONDS
            return Transition(State.WAITING, due_seconds=wait, spends_attempt=False)
        case Retry():
            wait = outcome.retry_after_seconds or 0.0
            return _retry(wait, standing, policy, chance, spared=spared)
        case Unknown():
            if policy.on_unknown_outcome == "reconcile":
                wait = policy.first_look_seconds
                return Transition(State.UNKNOWN, due_seconds=wait, spends_attempt=not spared)
            if policy.on_unknown_outcome == "park":
                return Transition(State.PARKED, spends_attempt=not spared)
            return _retry(0.0, standing, policy, chance, spared=spared)
        case _:
            assert_never(outcome)


def send_again(standing: Standing, policy: Policy) -> Transition:
    """Where a lead goes that is to be sent again after an attempt which is spent already."""
    if _is_exhausted(standing.attempts, standing, policy):
        return Transition(State.DEAD, spends_attempt=False, reason=Reason.EXHAUSTED)
    return Transition(State.WAITING, spends_attempt=False)  # at once: it has waited already


def _retry(
    floor_seconds: float, standing: Standing, policy: Policy, chance: float, *, spared: bool
) -> Transition:
    spent = standing.attempts + 1
    if not spared and _is_exhausted(spent, standing, policy):
        return Transition(State.DEAD, reason=Reason.EXHAUSTED)
    base, cap = policy.backoff_base_seconds, policy.backoff_cap_seconds
    wait = backoff_seconds(spent, base_seconds=base, cap_seconds=cap, chance=chance)
    if spared:
        wait = min(wait, base * chance)  # the hold is what it waits for
    return Transition(
        State.WAITING, due_seconds=max(wait, floor_seconds), spends_attempt=not spared
    )


def _is_exhausted(spent: int, standing: Standing, policy: Policy) -> bool:
    return spent >= policy.max_attempts or standing.age_seconds >= policy.max_age_seconds
