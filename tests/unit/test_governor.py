"""What persons, clocks and new tokens make of the governor.

What answers make of it is in `test_verdict.py`; what that means for a fleet in
`test_governor_fleet.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lead_worker.core.evidence import Seen
from lead_worker.core.governor import (
    STALE_TOKEN_SECONDS,
    Governor,
    Hold,
    Moment,
    Step,
    Window,
    elapse,
    is_stale,
    pause,
    resume,
    token_changed,
)
from lead_worker.core.outcome import Delivered, HoldKind, Retry, Unknown
from lead_worker.core.verdict import observe

from tests.unit.governor_examples import NOW, REFUSED, names

AT = Moment(NOW, "ana", ceiling=8)
LATER = replace(AT, now_at=NOW + 60)


def held(kind: HoldKind, **more: Any) -> Governor:
    """Under a hold that began a minute before AT."""
    hold = Hold(kind, "why", "w1", NOW - 60, number=3, flight=8.0)
    return Governor(replace(hold, **more), holds=3)


def test_an_operators_pause_replaces_any_hold_and_stands_whatever_is_answered() -> None:
    step = pause(held(HoldKind.OUTAGE, canary_at=NOW), "a release", AT)
    assert names(step) == ["hold_ended", "paused"]
    paused = step.governor.hold
    assert paused == Hold(HoldKind.PAUSED, "a release", "ana", NOW, number=4, flight=8.0)
    for outcome in (Delivered("id"), REFUSED, Unknown("status_500")):
        assert observe(step.governor, Seen("lead", outcome), AT) == Step(step.governor)


def test_resuming_tells_for_how_long_and_begins_slowly() -> None:
    step = resume(pause(Governor(), "a release", AT).governor, LATER)
    assert [(e.event, e.by, e.seconds) for e in step.events] == [("resumed", "ana", 60.0)]
    assert step.governor.hold is None
    assert step.governor.window == Window(1.0, 4.0, NOW + 60)


@pytest.mark.parametrize("kind", [kind for kind in HoldKind if kind is not HoldKind.PAUSED])
def test_an_operator_may_end_any_hold(kind: HoldKind) -> None:
    step = resume(held(kind), AT)
    assert step.governor.hold is None
    assert names(step) == ["resumed"]
    assert not step.events[0].suspected


def test_an_operator_who_ends_a_suspicion_is_told_as_such() -> None:
    (event,) = resume(held(HoldKind.CREDENTIALS, suspected=True), AT).events
    assert (event.event, event.suspected) == ("resumed", True)


def test_resuming_where_nothing_is_held_changes_nothing() -> None:
    assert resume(Governor(), AT) == Step(Governor())


def test_what_the_api_asked_for_outlasts_a_pause() -> None:
    asked = observe(Governor(), Seen("lead", Retry("status_429", 90.0)), AT).governor
    paused = pause(asked, "a release", AT).governor
    longer = observe(paused, Seen("other", Retry("status_429", 120.0)), AT).governor
    step = resume(longer, LATER)
    assert names(step) == ["resumed", "hold_began"]
    assert step.governor.hold is not None
    assert (step.governor.hold.kind, step.governor.hold.until_at) == (
        HoldKind.NOT_BEFORE,
        NOW + 120,
    )
    assert resume(longer, replace(AT, now_at=NOW + 121)).governor.hold is None


def test_a_hold_with_an_end_is_over_then_and_not_before() -> None:
    governor = held(HoldKind.NOT_BEFORE, until_at=NOW + 60)
    assert elapse(governor, AT) == Step(governor)
    step = elapse(governor, LATER)
    assert [(e.event, e.seconds) for e in step.events] == [("hold_ended", 120.0)]
    assert step.governor.hold is None


@pytest.mark.parametrize("kind", [kind for kind in HoldKind if kind is not HoldKind.NOT_BEFORE])
def test_other_holds_do_not_end_by_the_clock(kind: HoldKind) -> None:
    governor = held(kind, canary_at=NOW)
    assert elapse(governor, LATER) == Step(governor)


def test_another_token_ends_a_hold_for_credentials_at_once_and_the_old_one_gets_no_leads() -> None:
    step = token_changed(held(HoldKind.CREDENTIALS, token_mark="old"), "new", AT)
    assert names(step) == ["token_changed", "hold_ended"]
    assert step.governor.hold is None
    assert is_stale(step.governor, "old", NOW + STALE_TOKEN_SECONDS - 1)
    assert not is_stale(step.governor, "old", NOW + STALE_TOKEN_SECONDS)
    assert not is_stale(step.governor, "new", NOW)


@pytest.mark.parametrize("mark", ["", "old"])
def test_the_same_token_ends_nothing(mark: str) -> None:
    governor = held(HoldKind.CREDENTIALS, token_mark="old")
    assert token_changed(governor, mark, AT) == Step(governor)


@pytest.mark.parametrize("kind", [kind for kind in HoldKind if kind is not HoldKind.CREDENTIALS])
def test_another_token_ends_no_other_hold(kind: HoldKind) -> None:
    governor = held(kind, token_mark="old")
    assert token_changed(governor, "new", AT) == Step(governor)


def test_of_two_bad_tokens_neither_ends_the_others_hold_while_it_is_known_to_be_bad() -> None:
    after = token_changed(held(HoldKind.CREDENTIALS, token_mark="old"), "new", AT).governor
    refused = observe(after, Seen("lead", REFUSED, claimed_at=NOW, mark="new"), AT).governor
    assert refused.hold is not None
    assert token_changed(refused, "old", LATER) == Step(refused)
