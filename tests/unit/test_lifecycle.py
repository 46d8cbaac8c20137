"""The one decision that moves a lead on: each outcome, each policy, each edge."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_worker.core.lifecycle import (
    HOLD_RETURN_SECONDS,
    Policy,
    Reason,
    Standing,
    State,
    Transition,
    decide,
    send_again,
)
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

RETRY = Policy(20, 1000.0, 5.0, 3600.0, "retry")
PARK = replace(RETRY, on_unknown_outcome="park")
ASK = replace(RETRY, on_unknown_outcome="reconcile")
FRESH = Standing(attempts=0, returned=0, age_seconds=0.0)
LAST = replace(FRESH, attempts=19)
LAST_BUT_ONE = replace(FRESH, attempts=18)
OLD = replace(FRESH, age_seconds=1000.0)
NEARLY_OLD = replace(FRESH, age_seconds=999.999)

DELIVERED = Transition(State.DELIVERED)
MANGLED = Transition(State.DEAD, reason=Reason.MANGLED)
REJECTED = Transition(State.DEAD, reason=Reason.REJECTED)
INVALID = Transition(State.DEAD, spends_attempt=False, reason=Reason.INVALID)
EXHAUSTED = Transition(State.DEAD, reason=Reason.EXHAUSTED)
PARKED = Transition(State.PARKED)
SENT_AGAIN = Transition(State.WAITING, spends_attempt=False)
AT_ITS_END = replace(EXHAUSTED, spends_attempt=False)
LOOKED_FOR = Transition(State.UNKNOWN, due_seconds=15.0)

outcomes: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Delivered, st.just("id")),
    st.builds(Mangled, st.just("id"), st.just(("name",))),
    st.builds(Rejected, st.just(400), st.just("BAD_REQUEST"), st.just("no")),
    st.builds(GivenBack, st.sampled_from([None, *HoldKind]), st.just("cause")),
    st.builds(Retry, st.just("dns"), st.none() | st.floats(0, 604_800)),
    st.builds(Unknown, st.just("read_timeout")),
    st.builds(Invalid, st.just((FieldError("email", "expected one"),))),
)
policies = st.builds(
    Policy,
    max_attempts=st.integers(1, 1000),
    max_age_seconds=st.floats(1, 1e9),
    backoff_base_seconds=st.floats(0.001, 3600),
    backoff_cap_seconds=st.floats(0.001, 604_800),
    on_unknown_outcome=st.sampled_from(["reconcile", "retry", "park"]),
)
standings = st.builds(Standing, st.integers(0, 10**12), st.integers(0, 10**12), st.floats(0, 1e10))
chances = st.floats(0, 1, exclude_max=True)


def wait(seconds: float) -> Transition:
    return Transition(State.WAITING, due_seconds=seconds)


def given_back(seconds: float) -> Transition:
    return Transition(State.WAITING, due_seconds=seconds, spends_attempt=False)


@pytest.mark.parametrize(
    ("outcome", "standing", "policy", "expected"),
    [
        # What is final is so, whatever the lead has been through.
        (Delivered("id"), FRESH, RETRY, DELIVERED),
        (Delivered("id"), replace(LAST, age_seconds=1e9), PARK, DELIVERED),
        (Mangled("id", ("name",)), FRESH, RETRY, MANGLED),
        (Mangled("id", ("name",)), LAST, PARK, MANGLED),
        (Rejected(400, "BAD_REQUEST", "no"), FRESH, RETRY, REJECTED),
        (Rejected(422, "", "no"), replace(OLD, attempts=19), PARK, REJECTED),
        (Invalid(()), FRESH, RETRY, INVALID),
        (Invalid(()), LAST, PARK, INVALID),
        # A retry waits, up to the last attempt and the last moment.
        (Retry("dns"), FRESH, RETRY, wait(2.5)),
        (Retry("dns"), replace(FRESH, attempts=3), PARK, wait(20.0)),
        (Retry("dns"), LAST_BUT_ONE, RETRY, wait(1800.0)),
        (Retry("dns"), LAST, RETRY, EXHAUSTED),
        (Retry("dns"), replace(FRESH, attempts=10**9), RETRY, EXHAUSTED),
        (Retry("dns"), NEARLY_OLD, RETRY, wait(2.5)),
        (Retry("dns"), OLD, RETRY, EXHAUSTED),
        (Retry("dns"), FRESH, replace(RETRY, max_attempts=1), EXHAUSTED),
        # Retry-After is waited for, and does not make a last attempt one more.
        (Retry("status_429", 60.0), FRESH, RETRY, wait(60.0)),
        (Retry("status_429", 1.0), FRESH, RETRY, wait(2.5)),
        (Retry("status_429", 60.0), LAST, RETRY, EXHAUSTED),
        # An unknown outcome is the operator's policy, and parking needs no attempts.
        (Unknown("read_timeout"), FRESH, RETRY, wait(2.5)),
        (Unknown("read_timeout"), LAST, RETRY, EXHAUSTED),
        (Unknown("read_timeout"), OLD, RETRY, EXHAUSTED),
        (Unknown("read_timeout"), FRESH, PARK, PARKED),
        (Unknown("read_timeout"), LAST, PARK, PARKED),
        (Unknown("read_timeout"), FRESH, ASK, LOOKED_FOR),
        (Unknown("read_timeout"), replace(OLD, attempts=19), ASK, LOOKED_FOR),
        # What is given back goes on for as long as the fault lasts.
        (GivenBack(None, "stopping"), FRESH, RETRY, given_back(0.0)),
        (GivenBack(None, "stopping"), replace(LAST, returned=50), PARK, given_back(0.0)),
        (GivenBack(HoldKind.QUOTA, "status_402"), FRESH, RETRY, given_back(1.0)),
        (GivenBack(HoldKind.QUOTA, "status_402"), replace(OLD, attempts=19), ASK, given_back(1.0)),
        (GivenBack(HoldKind.QUOTA, ""), replace(FRESH, returned=10**9), RETRY, given_back(1.0)),
    ],
)
def test_an_outcome_becomes_a_transition(
    outcome: Outcome, standing: Standing, policy: Policy, expected: Transition
) -> None:
    assert decide(outcome, standing, policy, chance=0.5) == expected


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (replace(FRESH, attempts=1), SENT_AGAIN),
        (LAST, SENT_AGAIN),
        (replace(FRESH, attempts=20), AT_ITS_END),  # its attempt is spent already
        (NEARLY_OLD, SENT_AGAIN),
        (OLD, AT_ITS_END),
    ],
)
def test_what_did_not_arrive_is_sent_again_at_once_while_it_has_attempts_and_time(
    standing: Standing, expected: Transition
) -> None:
    assert send_again(standing, RETRY) == expected


@pytest.mark.parametrize(
    ("outcome", "policy", "expected"),
    [
        (Retry("dns"), RETRY, given_back(2.5)),
        (Retry("status_503", 60.0), RETRY, given_back(60.0)),
        (Unknown("read_timeout"), RETRY, given_back(2.5)),
        (Unknown("read_timeout"), PARK, replace(PARKED, spends_attempt=False)),
        (Unknown("read_timeout"), ASK, replace(LOOKED_FOR, spends_attempt=False)),
        (GivenBack(HoldKind.QUOTA, "status_402"), RETRY, given_back(1.0)),
        (Delivered("id"), RETRY, DELIVERED),
        (Rejected(400, "", "no"), RETRY, REJECTED),
    ],
)
@pytest.mark.parametrize("standing", [FRESH, LAST, OLD, replace(FRESH, attempts=10**9)])
def test_under_a_hold_a_failure_spends_nothing_and_waits_for_the_hold(
    standing: Standing, outcome: Outcome, policy: Policy, expected: Transition
) -> None:
    assert decide(outcome, standing, policy, chance=0.5, spared=True) == expected


@given(outcome=outcomes, standing=standings, policy=policies, chance=chances)
def test_under_a_hold_no_failure_is_a_leads_end(
    outcome: Outcome, standing: Standing, policy: Policy, chance: float
) -> None:
    transition = decide(outcome, standing, policy, chance, spared=True)
    if isinstance(outcome, Retry | Unknown | GivenBack):
        assert transition.to is not State.DEAD
        assert not transition.spends_attempt
    else:
        assert transition == decide(outcome, standing, policy, chance)


@given(outcome=outcomes, standing=standings, policy=policies, chance=chances)
def test_a_decision_holds_together(
    outcome: Outcome, standing: Standing, policy: Policy, chance: float
) -> None:
    transition = decide(outcome, standing, policy, chance)
    assert (transition.reason is not None) == (transition.to is State.DEAD)
    assert transition.due_seconds >= 0
    assert transition.due_seconds == 0 or transition.to in (State.WAITING, State.UNKNOWN)
    if isinstance(outcome, GivenBack | Invalid):
        assert not transition.spends_attempt
    else:
        assert transition.spends_attempt


@given(standing=standings, policy=policies, chance=chances, after=st.none() | st.floats(0, 1e6))
def test_a_retry_is_never_sooner_than_asked_for_nor_later_than_both_bounds(
    standing: Standing, policy: Policy, chance: float, after: float | None
) -> None:
    transition = decide(Retry("status_503", after), standing, policy, chance)
    if transition.to is State.WAITING:
        asked_for = after or 0.0
        assert asked_for <= transition.due_seconds <= max(asked_for, policy.backoff_cap_seconds)


@given(policy=policies, chance=chances)
def test_a_lead_has_exactly_as_many_attempts_as_it_may(policy: Policy, chance: float) -> None:
    standing = FRESH
    while decide(Retry("dns"), standing, policy, chance).to is State.WAITING:
        standing = replace(standing, attempts=standing.attempts + 1)
    assert standing.attempts + 1 == policy.max_attempts


@given(standing=standings, policy=policies, hold=st.sampled_from(HoldKind))
def test_a_lead_that_is_set_aside_comes_back_soon_after_the_fault_is_mended(
    standing: Standing, policy: Policy, hold: HoldKind
) -> None:
    assert decide(GivenBack(hold, "cause"), standing, policy, 0.0) == given_back(
        HOLD_RETURN_SECONDS
    )
