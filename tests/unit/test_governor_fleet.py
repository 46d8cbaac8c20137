"""What the governor guarantees a whole fleet, whatever the API answers: once it is well delivery
resumes, no hold uses a lead up, and no lead halts the others for long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import cycle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lead_worker.core.evidence import asked_seconds
from lead_worker.core.governor import Governor
from lead_worker.core.lifecycle import Reason, State
from lead_worker.core.outcome import (
    Delivered,
    GivenBack,
    HoldKind,
    Mangled,
    Outcome,
    Retry,
    Unknown,
)
from lead_worker.core.verdict import spares

from tests.unit.governor_examples import NOW, REFUSED
from tests.unit.governor_model import PATIENT, Fleet, Lead, Reply, Request
from tests.unit.governor_scripts import FAULTS, Script, governors, scripts, tokens, well

PATIENCE_SECONDS = 3 * 3600.0
"""The longest `Retry-After`, then the longest pause between canaries, and then some."""


def after(script: Script, marks: tuple[str, ...]) -> Fleet:
    """A fleet that has been through a script, to its end."""
    fleet = Fleet(script, marks)
    fleet.arrive(25)
    for _ in range(40):
        fleet.run(1000.0, stop=script.is_over)
        fleet.arrive()
    fleet.run(40_000.0, stop=script.is_over)
    return fleet


def recover(fleet: Fleet) -> list[Lead]:
    """Let leads trickle in, and time pass; gives those that were not done with."""
    left = [lead for lead in fleet.leads if lead.done_at > fleet.now_at]
    for _ in range(40):
        left += fleet.arrive()
        fleet.run(PATIENCE_SECONDS / 40)
    fleet.run(PATIENCE_SECONDS)
    return left


@settings(max_examples=100, deadline=None)
@given(script=scripts, marks=tokens)
def test_once_the_api_is_well_every_lead_is_delivered_and_no_hold_stands(
    script: Script, marks: tuple[str, ...]
) -> None:
    fleet = after(script, marks)
    # What is answered already may still be the end of a lead; nothing else may.
    answered = {flight.lead.lead_id for flight in fleet.flights}
    accused = fleet.governor.hold.accused if fleet.governor.hold else ()
    old_news = answered | {each.lead_id for each in accused}
    script.sends.clear()
    left = recover(fleet)
    assert fleet.governor.hold is None
    assert [x for x in left if x.state is not State.DELIVERED and x.lead_id not in old_news] == []


@settings(max_examples=100, deadline=None)
@given(governor=governors, marks=tokens)
def test_from_any_state_delivery_resumes_while_the_api_is_well(
    governor: Governor, marks: tuple[str, ...]
) -> None:
    fleet = Fleet(well, marks, governor=governor)
    fleet.arrive(12)
    left = recover(fleet)
    assert {lead.state for lead in left} == {State.DELIVERED}
    assert fleet.governor.hold is None
    assert fleet.governor.window is None


@settings(max_examples=100, deadline=None)
@given(script=scripts, marks=tokens)
def test_under_a_hold_no_answer_spends_an_attempt_or_uses_a_lead_up(
    script: Script, marks: tuple[str, ...]
) -> None:
    for each in after(script, marks).log:
        failed = isinstance(each.seen.outcome, Retry | Unknown | GivenBack)
        if each.before.hold and failed and not each.seen.look:
            assert spares(each.before, each.step.governor)
            assert not each.transition.spends_attempt
            assert each.transition.to is not State.DEAD


@settings(max_examples=100, deadline=None)
@given(script=scripts, marks=tokens)
def test_under_a_hold_one_lead_at_a_time_is_tried(script: Script, marks: tuple[str, ...]) -> None:
    assert after(script, marks).most_canaries <= 1


@settings(max_examples=100, deadline=None)
@given(script=scripts, marks=tokens)
def test_nothing_is_sent_before_the_time_that_the_api_asked_for(
    script: Script, marks: tuple[str, ...]
) -> None:
    fleet = after(script, marks)
    for each in fleet.log:
        wait = asked_seconds(each.seen.outcome)
        sent = [r for r in fleet.requests if each.at < r.sent_at < each.at + wait]
        assert sent == []


@settings(max_examples=100, deadline=None)
@given(script=scripts, marks=tokens)
def test_who_is_convicted_stood_alone_or_was_doubted_before(
    script: Script, marks: tuple[str, ...]
) -> None:
    fleet = after(script, marks)
    for each in fleet.log:
        hold = each.before.hold
        for guilty in each.step.convicted:
            assert hold is not None
            alone = hold.suspected and len(hold.accused) == 1
            assert alone or guilty.doubted >= (1 if hold.suspected else 2)
            assert isinstance(each.seen.outcome, Delivered)
            assert each.seen.canary_of == hold.number
            # A 404 is about the address, and that is the same for all tokens.
            if hold.kind is HoldKind.CREDENTIALS:
                assert each.seen.mark == hold.token_mark


BAD = {
    "refused for its token": Reply(REFUSED),
    "refused for its address": Reply(GivenBack(HoldKind.CONFIGURATION, "status_404", 404)),
    "refused for the plan": Reply(GivenBack(HoldKind.QUOTA, "status_402", 402)),
    "mangled": Reply(Mangled("id", ("name",))),
    "5xx": Reply(Unknown("status_500")),
    "time-out": Reply(Unknown("read_timeout"), 10.0),
    "never sent": Reply(Retry("refused")),
    "429": Reply(Retry("status_429")),
    "503 with Retry-After": Reply(Retry("status_503", 30.0)),
    "kills its worker": Reply(None),
}
gaps = st.lists(st.sampled_from([0.0, 0.05, 1.0, 7.0, 40.0, 400.0]), min_size=10, max_size=30)


def beside(bad: Reply, gaps: list[float], marks: tuple[str, ...]) -> Fleet:
    """A fleet with one lead that always fares badly, while others come one by one."""

    def world(request: Request) -> Reply:
        return bad if request.lead_id == "lead-0000" and not request.look else well(request)

    fleet = Fleet(world, marks, policy=replace(PATIENT, max_attempts=20))
    fleet.arrive()
    for gap in gaps:
        fleet.run(gap)
        fleet.arrive()
    for _ in range(30):
        fleet.run(60.0)
        fleet.arrive()
    fleet.run(1800.0)
    return fleet


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@settings(max_examples=15, deadline=None)
@given(gaps=gaps, marks=tokens)
def test_one_lead_keeps_the_others_no_longer_than_the_api_asked_for(
    bad: Reply, gaps: list[float], marks: tuple[str, ...]
) -> None:
    fleet = beside(bad, gaps, marks)
    others = fleet.leads[1:]
    assert {lead.state for lead in others} == {State.DELIVERED}
    asked_for = asked_seconds(bad.outcome) if isinstance(bad.outcome, Retry) else 0.0
    assert max(lead.done_at - lead.arrived_at for lead in others) < asked_for + 0.5
    hold = fleet.governor.hold
    assert hold is None or hold.suspected or hold.kind is HoldKind.NOT_BEFORE


@pytest.mark.parametrize("kind", FAULTS)
@settings(max_examples=15, deadline=None)
@given(gaps=gaps, marks=tokens)
def test_a_lead_that_is_refused_while_others_are_taken_is_dead_in_the_end(
    kind: HoldKind, gaps: list[float], marks: tuple[str, ...]
) -> None:
    fleet = beside(Reply(GivenBack(kind, "status_4xx", 403)), gaps, marks)
    assert fleet.leads[0].reason is Reason.REJECTED


def bad_until(at: float, outcome: Outcome) -> Callable[[Request], Reply]:
    return lambda request: Reply(outcome) if request.sent_at < at else well(request)


@settings(max_examples=30, deadline=None)
@given(kind=st.sampled_from(FAULTS), seconds=st.floats(0.01, 4000), leads=st.integers(3, 30))
def test_nobody_is_convicted_where_three_in_flight_were_refused(
    kind: HoldKind, seconds: float, leads: int
) -> None:
    """That is the guarantee, and not more: see the next test for who is alone."""
    fleet = Fleet(bad_until(NOW + seconds, GivenBack(kind, "status_4xx", 403)))
    fleet.arrive(leads)
    recover(fleet)
    assert {lead.state for lead in fleet.leads} == {State.DELIVERED}


def test_who_is_alone_in_flight_when_the_api_fails_for_a_moment_may_be_convicted() -> None:
    """By design: nothing tells it from a poisoned lead. It can be replayed."""
    fleet = Fleet(bad_until(NOW + 0.05, REFUSED), ceiling=1)
    first, second = fleet.arrive(2)
    fleet.run(10.0)
    assert (first.reason, second.state) == (Reason.REJECTED, State.DELIVERED)


@pytest.mark.parametrize("outcome", [REFUSED, Unknown("status_500"), Retry("refused")])
def test_while_the_api_is_bad_for_all_it_is_asked_ever_more_rarely(outcome: Outcome) -> None:
    fleet = Fleet(lambda _: Reply(outcome))
    fleet.arrive(100)
    fleet.run(3600.0)
    asked = len(fleet.requests)
    assert asked < 3600 / 15 + 20
    assert len([event for each in fleet.log for event in each.step.events]) == 1


def test_while_the_api_is_bad_in_changing_ways_it_is_asked_ever_more_rarely() -> None:
    ways = cycle([REFUSED, GivenBack(HoldKind.CONFIGURATION, "status_404", 404)])
    fleet = Fleet(lambda _: Reply(next(ways)))
    fleet.arrive(300)
    fleet.run(100.0)
    assert len(fleet.requests) < 100 / 5
