"""Which hold stands after an outcome."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_worker.core.governor import PROBE_SECONDS, Hold, after_outcome, pause
from lead_worker.core.outcome import (
    Delivered,
    GivenBack,
    HoldKind,
    Invalid,
    Mangled,
    Outcome,
    Rejected,
    Retry,
    Unknown,
)

NOW = 1_700_000_000.0
PAUSE = pause("look at the API", "ana")
# What classify can ask for; a pause is a person's, an outage is not decided on one outcome.
BY_OUTCOME = [HoldKind.CREDENTIALS, HoldKind.CONFIGURATION, HoldKind.QUOTA, HoldKind.CONTRACT]

outcomes: st.SearchStrategy[Outcome] = st.one_of(
    st.just(Delivered("id")),
    st.just(Mangled("id", ("name",))),
    st.just(Rejected(400, "BAD_REQUEST", "no")),
    st.builds(GivenBack, st.sampled_from([None, *BY_OUTCOME]), st.just("status_401")),
    st.builds(Retry, st.just("status_429"), st.none() | st.floats(0, 604_800)),
    st.just(Unknown("read_timeout")),
    st.just(Invalid(())),
)
holds = st.builds(
    Hold, st.sampled_from(HoldKind), st.none() | st.floats(NOW, NOW + 604_800), st.just("why")
)


def not_before(seconds: float) -> Hold:
    return Hold(HoldKind.NOT_BEFORE, NOW + seconds, "the API asked for it", "w1")


@pytest.mark.parametrize(
    "outcome",
    [
        Delivered("id"),
        Rejected(400, "", "no"),
        Invalid(()),
        Unknown("read_timeout"),
        Retry("dns"),
        Retry("status_503", None),
        Retry("status_503", 0.0),
        GivenBack(None, "stopping"),
    ],
)
def test_most_outcomes_call_for_no_hold(outcome: Outcome) -> None:
    assert after_outcome(None, outcome, NOW, "w1") is None
    assert after_outcome(PAUSE, outcome, NOW, "w1") == PAUSE


@pytest.mark.parametrize("seconds", [0.5, 60.0, 60])
def test_retry_after_holds_the_fleet_until_then(seconds: float) -> None:
    hold = after_outcome(None, Retry("status_429", seconds), NOW, "w1")
    assert hold is not None
    assert (hold.kind, hold.until_at, hold.by) == (HoldKind.NOT_BEFORE, NOW + seconds, "w1")
    assert hold.reason == f"the API asked for {seconds:g} s (status_429)"


@pytest.mark.parametrize("kind", BY_OUTCOME)
def test_a_fault_of_the_apis_holds_until_it_is_tried_again(kind: HoldKind) -> None:
    hold = after_outcome(None, GivenBack(kind, "status_4xx"), NOW, "w1")
    assert hold is not None
    assert (hold.kind, hold.until_at) == (kind, NOW + PROBE_SECONDS)
    assert "status_4xx" in hold.reason
    assert "\n" not in hold.reason


def test_a_mangled_lead_holds_for_the_contract() -> None:
    hold = after_outcome(None, Mangled("id", ("name",)), NOW, "w1")
    assert hold is not None
    assert (hold.kind, hold.until_at) == (HoldKind.CONTRACT, NOW + PROBE_SECONDS)


def test_the_longer_hold_stands_whichever_comes_first() -> None:
    fault = GivenBack(HoldKind.CREDENTIALS, "status_401")
    assert after_outcome(not_before(60), fault, NOW, "w1") == not_before(60)
    longer = after_outcome(not_before(5), fault, NOW, "w1")
    assert longer is not None
    assert longer.kind is HoldKind.CREDENTIALS
    assert after_outcome(longer, Retry("status_429", 10.0), NOW, "w1") == longer


def test_of_two_equal_holds_the_first_stands_so_that_none_begins_anew() -> None:
    hold = after_outcome(None, Retry("status_429", 60.0), NOW, "w1")
    assert after_outcome(hold, Retry("status_429", 60.0), NOW, "w2") == hold


@given(hold=st.none() | holds, outcome=outcomes)
def test_no_outcome_shortens_or_ends_a_hold(hold: Hold | None, outcome: Outcome) -> None:
    after = after_outcome(hold, outcome, NOW, "w1")
    if hold is None:
        return
    assert after is not None
    if hold.until_at is None:
        assert after == hold
    else:
        assert after.until_at is not None
        assert after.until_at >= hold.until_at


@given(several=st.lists(outcomes, max_size=6), hold=st.none() | holds, later=st.floats(0, 3600))
def test_outcomes_in_any_order_hold_for_as_long(
    several: list[Outcome], hold: Hold | None, later: float
) -> None:
    def after(outcomes: list[Outcome]) -> float | None:
        found = hold
        for outcome in outcomes:
            found = after_outcome(found, outcome, NOW + later, "w1")
        return found.until_at if found else -1

    assert after(several) == after(several[::-1])
