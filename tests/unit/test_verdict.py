"""What single answers make of the governor: each row of the design's table of holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lead_worker.core.blame import CROWD
from lead_worker.core.governor import PACES, Accused, Governor, Hold, Step, Window
from lead_worker.core.outcome import (
    GivenBack,
    HoldKind,
    Invalid,
    Mangled,
    Outcome,
    Rejected,
    Retry,
    Unknown,
)
from lead_worker.core.verdict import RUN, observe, spares

from tests.unit.governor_examples import (
    NOW,
    OK,
    REFUSED,
    after,
    at,
    held,
    ids,
    names,
    refusal,
    seen,
    standing,
)

BY_STATUS = {
    401: HoldKind.CREDENTIALS,
    403: HoldKind.CREDENTIALS,
    402: HoldKind.QUOTA,
    404: HoldKind.CONFIGURATION,
    302: HoldKind.CONFIGURATION,
}
DOWN: list[Outcome] = [
    Unknown("read_timeout"),
    Unknown("status_500"),
    Retry("refused"),
    Retry("status_503"),
]
STANDING = [kind for kind in PACES if kind is not HoldKind.OUTAGE]
WELL = Governor(holds=1, ended_at=NOW)
"""After a suspicion that came to nothing."""


@pytest.mark.parametrize(("status", "kind"), BY_STATUS.items())
def test_a_refusal_that_may_be_everybodys_fault_is_a_suspicion(status: int, kind: HoldKind) -> None:
    step = after([seen("a", GivenBack(kind, f"status_{status}", status, "FORBIDDEN"), doubted=1)])
    hold = held(step)
    assert (hold.kind, hold.suspected, hold.number, hold.by) == (kind, True, 1, "w1")
    assert hold.accused == (Accused("a", "token-of-a", status, "FORBIDDEN", True),)
    assert (hold.trial_at, hold.canary_at) == (NOW, NOW + PACES[kind].first_seconds)
    assert f"status_{status}" in hold.reason
    assert "\n" not in hold.reason
    assert step.events == ()


def test_a_mangled_lead_raises_suspicion_of_the_contract() -> None:
    assert held(after([seen("a", Mangled("id", ("name",)))])).kind is HoldKind.CONTRACT


@pytest.mark.parametrize("kind", BY_STATUS.values())
def test_if_another_lead_is_taken_it_was_the_lead(kind: HoldKind) -> None:
    step = after([seen("a", refusal(kind)), seen("b", OK, canary_of=1)])
    assert (ids(step.convicted), step.doubted, step.events) == (["a"], (), ())
    assert step.governor == WELL  # nothing was wrong, so nothing begins slowly


def test_a_mangled_lead_needs_no_conviction() -> None:
    step = after([seen("a", Mangled("id", ("name",))), seen("b", OK, canary_of=1)])
    assert step == Step(WELL)


def test_several_accused_are_doubted_and_the_next_time_they_stand_alone() -> None:
    step = after([seen("a", REFUSED), seen("b", REFUSED), seen("c", OK, canary_of=1)])
    assert (ids(step.convicted), ids(step.doubted)) == ([], ["a", "b"])
    again = [
        seen("b", REFUSED, doubted=1),
        seen("d", REFUSED),
        seen("c", OK, canary_of=2),
    ]
    step = after(again, step.governor)
    assert (ids(step.convicted), ids(step.doubted)) == (["b"], ["d"])


@pytest.mark.parametrize("kind", STANDING)
def test_with_the_second_other_lead_that_fares_alike_the_hold_stands(kind: HoldKind) -> None:
    first = after([seen("a", refusal(kind)), seen("b", refusal(kind), canary_of=1)])
    assert held(first).suspected
    assert first.events == ()
    step = after([seen("c", refusal(kind), canary_of=1)], first.governor)
    hold = held(step)
    assert (hold.suspected, hold.trial_at, hold.number) == (False, None, 1)
    assert hold.canary_at == NOW + PACES[kind].first_seconds
    assert names(step) == ["hold_began"]
    assert after([seen("d", refusal(kind))], step.governor) == Step(step.governor)


@pytest.mark.parametrize("kind", sorted(set(BY_STATUS.values())))
def test_of_leads_that_were_in_flight_together_it_takes_a_crowd(kind: HoldKind) -> None:
    some = after([seen(f"lead-{n}", refusal(kind)) for n in range(CROWD - 1)])
    assert held(some).suspected
    assert held(some).trial_at == NOW
    assert not held(after([seen("last", refusal(kind))], some.governor)).suspected
    # One trial that succeeds is enough for all of them not to be the API's fault.
    step = after([seen("d", OK, canary_of=1)], some.governor)
    assert (step.governor.hold, step.convicted, len(step.doubted)) == (None, (), CROWD - 1)


def test_after_a_trial_that_failed_alike_the_next_one_goes_at_once() -> None:
    step = after([seen("a", REFUSED), seen("b", REFUSED, canary_of=1)])
    assert held(step).trial_at == NOW


def test_the_same_lead_is_no_second_witness() -> None:
    step = after([seen("a", REFUSED)] + [seen("a", REFUSED, canary_of=1)] * 5)
    assert (held(step).suspected, held(step).alike) == (True, 0)


def test_who_is_refused_again_is_accused_by_its_last_claim() -> None:
    again = replace(seen("a", REFUSED, canary_of=1), token="later")
    step = after([seen("a", REFUSED), again, seen("b", OK, canary_of=1)])
    assert [each.token for each in step.convicted] == ["later"]


def test_a_lead_that_is_taken_when_it_is_tried_again_is_not_convicted() -> None:
    step = after([seen("a", REFUSED), seen("a", OK, canary_of=1)])
    assert (step.governor.hold, step.convicted) == (None, ())


def test_a_success_from_before_proves_nothing_and_begins_the_count_anew() -> None:
    two = after([seen("a", REFUSED), seen("b", REFUSED)])
    step = after([seen("c", OK)], two.governor)
    assert (held(step).suspected, held(step).alike) == (True, 0)
    assert (step.convicted, step.doubted) == ((), ())
    assert held(after([seen("d", REFUSED)], step.governor)).suspected
    for kind in PACES:
        assert after([seen("e", OK)], standing(kind)) == Step(standing(kind))


@pytest.mark.parametrize("kind", PACES)
def test_a_canary_that_is_taken_ends_the_hold_and_convicts_nobody(kind: HoldKind) -> None:
    step = observe(standing(kind), seen("d", OK, canary_of=1), at(60))
    window = Window(1.0, 4.0, NOW + 60)
    assert step.governor == Governor(window=window, holds=1, ended_at=NOW + 60)
    assert [(event.event, event.seconds) for event in step.events] == [("hold_ended", 60.0)]
    assert step.convicted == ()
    # Should they be refused again right away, they are poisoned and were one another's witnesses.
    assert ids(step.doubted) == (["a", "b", "c"] if kind in BY_STATUS.values() else [])


@pytest.mark.parametrize("kind", sorted(set(BY_STATUS.values())))
def test_who_was_doubted_twice_is_convicted_although_its_company_made_a_hold_stand(
    kind: HoldKind,
) -> None:
    three = [seen(name, refusal(kind), number) for number, name in ((0, "a"), (1, "b"), (1, "c"))]
    stands = after([replace(each, doubted=2) for each in three])
    assert not held(stands).suspected
    step = after([seen("d", OK, canary_of=1)], stands.governor)
    assert (ids(step.convicted), step.doubted) == (["a", "b", "c"], ())


def test_a_refusal_of_a_lead_that_was_claimed_before_a_hold_ended_accuses_nobody() -> None:
    late = replace(seen("e", REFUSED), claimed_at=NOW - 1)
    assert after([late], WELL) == Step(WELL)
    assert held(after([seen("e", REFUSED)], WELL)).suspected


@pytest.mark.parametrize("kind", PACES)
def test_the_interval_of_canaries_that_fail_grows_to_the_cap(kind: HoldKind) -> None:
    governor, waits = standing(kind), []
    for _ in range(12):
        step = after([seen("d", refusal(kind), canary_of=1)], governor)
        assert step.events == ()
        governor = step.governor
        waits.append((held(step).canary_at or 0) - NOW)
    pace = PACES[kind]
    assert waits[:2] == [pace.first_seconds * 2, pace.first_seconds * 4]
    assert waits[-3:] == [pace.cap_seconds] * 3


@pytest.mark.parametrize(
    ("outcome", "wait"),
    [(Invalid(()), 0), (GivenBack(None, "late"), 0), (Retry("status_429"), 5), (DOWN[0], 5)],
)
def test_a_canary_that_says_nothing_is_followed_by_another_soon(
    outcome: Outcome, wait: float
) -> None:
    step = after([seen("d", outcome, canary_of=1)], standing(HoldKind.CREDENTIALS))
    assert (held(step).canary_at, held(step).trial_at) == (NOW + wait, None)
    step = after([seen("a", REFUSED), seen("b", outcome, canary_of=1)])
    assert (held(step).canary_at, held(step).trial_at) == (NOW + wait, NOW + min(wait, 1))


def test_a_canary_that_is_refused_for_another_reason_changes_the_hold() -> None:
    no_plan = GivenBack(HoldKind.QUOTA, "status_402", 402)
    step = after([seen("d", no_plan, canary_of=1)], standing(HoldKind.CREDENTIALS))
    hold = held(step)
    assert (hold.kind, hold.suspected, hold.number) == (HoldKind.QUOTA, True, 2)
    assert ids(hold.accused) == ["d"]
    assert names(step) == ["hold_ended"]


@pytest.mark.parametrize("outcome", DOWN)
def test_a_run_of_failures_is_an_outage(outcome: Outcome) -> None:
    several = [seen(f"lead-{n}", outcome) for n in range(RUN)]
    assert after(several[1:]).governor.hold is None
    step = after(several)
    hold = held(step)
    assert (hold.kind, hold.suspected, hold.canary_at) == (HoldKind.OUTAGE, False, NOW + 1)
    assert names(step) == ["hold_began"]
    assert spares(after(several[1:]).governor, step.governor)


def test_an_outage_is_only_suspected_while_fewer_than_three_leads_have_failed() -> None:
    step = after([seen(name, DOWN[0]) for name in "abaab"])
    assert (held(step).suspected, sorted(ids(held(step).accused))) == (True, ["a", "b"])
    assert step.events == ()
    third = after([seen("c", DOWN[0], canary_of=1)], step.governor)
    assert (held(third).suspected, names(third)) == (False, ["hold_began"])
    acquitted = after([seen("c", OK, canary_of=1)], step.governor)
    assert acquitted == Step(replace(WELL, window=step.governor.window))


@pytest.mark.parametrize("answer", [OK, Rejected(400, "BAD_REQUEST", "no")])
def test_any_answer_of_the_api_ends_a_run_and_an_outage(answer: Outcome) -> None:
    run = [seen(f"lead-{n}", DOWN[0]) for n in range(RUN - 1)]
    assert after([*run, seen("a", answer), *run]).governor.hold is None
    assert after([seen("d", answer, 1)], standing(HoldKind.OUTAGE)).governor.hold is None


@pytest.mark.parametrize("kind", STANDING)
def test_a_lead_that_is_rejected_proves_nothing_else(kind: HoldKind) -> None:
    step = after([seen("d", Rejected(400, "", "no"), canary_of=1)], standing(kind))
    assert (held(step).kind, held(step).number) == (kind, 1)


@pytest.mark.parametrize(
    "outcome",
    [Retry("status_429"), Retry("status_425"), Invalid(()), Unknown("lease_expired")],
)
def test_what_does_not_say_that_the_api_is_away_is_no_outage(outcome: Outcome) -> None:
    step = after([seen(f"lead-{n}", outcome) for n in range(RUN * 3)])
    assert (step.governor.hold, step.governor.run) == (None, 0)


@pytest.mark.parametrize("cause", ["status_429", "status_503", "status_425"])
def test_retry_after_holds_the_fleet_until_then(cause: str) -> None:
    step = after([seen("a", Retry(cause, 60.0))])
    hold = held(step)
    assert (hold.kind, hold.until_at, hold.canary_at) == (HoldKind.NOT_BEFORE, NOW + 60, None)
    assert names(step) == ["hold_began"]
    longer = after([seen("b", Retry(cause, 90.0)), seen("c", Retry(cause, 9.0))], step.governor)
    assert (held(longer).until_at, held(longer).number, longer.events) == (NOW + 90, 1, ())


def test_retry_after_puts_off_canaries_and_trials() -> None:
    later = seen("z", Retry("status_429", 90.0))
    assert held(after([later], standing(HoldKind.OUTAGE))).canary_at == NOW + 90
    suspected = held(after([seen("a", REFUSED), later]))
    assert (suspected.canary_at, suspected.trial_at) == (NOW + 90, NOW + 90)


@pytest.mark.parametrize("kind", PACES)
def test_what_the_api_asked_for_outlasts_a_hold_that_a_canary_ends(kind: HoldKind) -> None:
    asked = after([seen("z", Retry("status_429", 90.0))], standing(kind)).governor
    step = after([seen("d", OK, canary_of=1)], asked)
    assert (held(step).kind, held(step).until_at) == (HoldKind.NOT_BEFORE, NOW + 90)


def test_a_503_each_time_that_the_api_lets_us_try_is_an_outage() -> None:
    governor = Governor()
    for n in range(RUN):
        governor = replace(governor, hold=None)  # its time is over
        governor = after([seen(f"lead-{n}", Retry("status_503", 60.0))], governor).governor
    assert governor.hold is not None
    assert (governor.hold.kind, governor.hold.canary_at) == (HoldKind.OUTAGE, NOW + 60)


@pytest.mark.parametrize("kind", HoldKind)
def test_under_any_hold_failures_spend_no_attempt(kind: HoldKind) -> None:
    before = Governor(Hold(kind, "why"))
    assert spares(before, before)
    assert spares(before, Governor())


@pytest.mark.parametrize("outcome", [REFUSED, Retry("status_429", 9.0), DOWN[0], OK])
def test_at_ease_failures_spend_attempts(outcome: Outcome) -> None:
    assert not spares(Governor(), after([seen("a", outcome)]).governor)
