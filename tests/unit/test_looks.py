"""What becomes of an unknown lead after a look into the API: each branch, each edge."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_worker.core.lifecycle import Policy, Reason, Standing, State, Transition
from lead_worker.core.looks import (
    BEGUN,
    CLOCKS,
    MAX_UNANSWERED,
    UNANSWERED_CAP_SECONDS,
    Look,
    Progress,
    Sought,
    as_outcome,
    decide_look,
    settle_unasked,
)
from lead_worker.core.outcome import Delivered, GivenBack, HoldKind, Outcome, Retry
from lead_worker.core.reconcile import Answer, AskAgain, Finding, Unanswered, Unaskable

POLICY = Policy(20, 1000.0, 5.0, 3600.0, "reconcile")
PARK = replace(POLICY, fallback="park")
SOUGHT = Sought("lead", BEGUN, Standing(attempts=1, returned=0, age_seconds=1.0))
ONCE = replace(SOUGHT, progress=Progress(looks=1))
USED_UP = replace(ONCE, standing=Standing(attempts=20, returned=0, age_seconds=1.0))
OLD = replace(ONCE, standing=Standing(attempts=1, returned=0, age_seconds=1000.0))

FOUND = Transition(State.DELIVERED, spends_attempt=False)
SENT_AGAIN = Transition(State.WAITING, spends_attempt=False)
PARKED = Transition(State.PARKED, spends_attempt=False)
EXHAUSTED = Transition(State.DEAD, spends_attempt=False, reason=Reason.EXHAUSTED)

findings: st.SearchStrategy[Finding | None] = st.one_of(
    st.none(),
    st.builds(AskAgain, st.floats(-9, 9)),
    st.just(Unaskable("status_404")),
    st.builds(Unanswered, st.just("deadline"), st.none(), st.none() | st.floats(1, 3600)),
    st.builds(
        Answer,
        st.lists(st.sampled_from("abc"), max_size=2).map(tuple),
        st.lists(st.sampled_from("abc"), max_size=2).map(tuple),
        st.booleans(),
    ),
)
progresses = st.builds(
    Progress, st.integers(0, 1), st.integers(1, 20), st.integers(0, 4), st.booleans()
)


def look(finding: Finding | None, sought: Sought = SOUGHT, policy: Policy = POLICY) -> Look:
    return decide_look(finding, sought, {"ours": "lead", "taken": "other"}, policy)


def later(seconds: float) -> Transition:
    return Transition(State.UNKNOWN, due_seconds=seconds, spends_attempt=False)


@pytest.mark.parametrize("equal", [("free",), ("ours",), ("taken", "free"), ("free", "free-too")])
def test_what_is_equal_and_nobody_elses_is_the_lead(equal: tuple[str, ...]) -> None:
    found = look(Answer(equal=equal, similar=("other",), more=True))
    first = "ours" if "ours" in equal else "free"
    assert found == Look(FOUND, "found", api_id=first)


def test_what_belongs_to_another_lead_is_nothing_like_it() -> None:
    for answer in (Answer(equal=("taken",)), Answer(similar=("taken",))):
        assert look(answer) == Look(later(105.0), "nothing", Progress(looks=1))


def test_nothing_is_looked_at_twice_and_then_sent_again() -> None:
    assert look(Answer()) == Look(later(105.0), "nothing", Progress(looks=1))
    assert look(Answer(), ONCE) == Look(SENT_AGAIN, "nothing")


@pytest.mark.parametrize("sought", [USED_UP, OLD])
def test_nothing_twice_is_the_end_of_a_lead_that_has_no_attempt_or_time_left(
    sought: Sought,
) -> None:
    assert look(Answer(), sought) == Look(EXHAUSTED, "nothing")


def test_something_similar_is_looked_at_twice_and_then_parked() -> None:
    free = ("free",)
    first = Look(later(105.0), "similar", Progress(looks=1), similar=free)
    assert look(Answer(similar=free)) == first
    assert look(Answer(similar=free), ONCE) == Look(PARKED, "similar", similar=free)
    assert look(Answer(similar=("free",)), USED_UP).transition == PARKED


def test_the_second_look_counts_whatever_the_first_one_saw() -> None:
    assert look(Answer(similar=("free",))).progress == look(Answer()).progress


def test_the_second_look_is_not_sooner_than_now() -> None:
    policy = replace(POLICY, first_look_seconds=60.0, second_look_seconds=30.0)
    assert look(Answer(), policy=policy).transition == later(0.0)


def test_the_next_page_is_asked_for_at_once_and_what_was_similar_is_kept() -> None:
    first = look(Answer(similar=("free",), more=True))
    progress = Progress(0, 2, 0, similar=True)
    assert first == Look(later(0.0), "more", progress, similar=("free",))
    second = look(Answer(more=True), replace(SOUGHT, progress=first.progress))
    assert second.progress == Progress(0, 3, 0, similar=True)
    last = look(Answer(), replace(SOUGHT, progress=second.progress))
    assert last == Look(later(105.0), "similar", Progress(looks=1))


def test_where_clocks_are_apart_the_look_begins_anew_at_once_a_few_times() -> None:
    at = Progress(1, 3, 0, similar=True)
    sought = replace(SOUGHT, progress=at)
    found = look(AskAgain(9.0), sought)
    assert found == Look(later(0.0), "unanswered", Progress(1, 1, 1, similar=True), cause=CLOCKS)
    last = replace(SOUGHT, progress=Progress(1, 1, MAX_UNANSWERED - 1))
    assert look(AskAgain(9.0), last) == Look(SENT_AGAIN, "unanswered", cause=CLOCKS)


def test_where_no_more_can_be_asked_what_was_similar_is_parked() -> None:
    sought = replace(SOUGHT, progress=Progress(0, 2, 0, similar=True))
    found = look(Unaskable("too_many_pages"), sought)
    assert found == Look(PARKED, "similar", cause="too_many_pages")


def test_where_no_answer_comes_any_more_what_was_similar_is_parked() -> None:
    at = Progress(0, 2, MAX_UNANSWERED - 1, similar=True)
    found = look(Unanswered("deadline"), replace(SOUGHT, progress=at))
    assert found.transition == PARKED


@pytest.mark.parametrize(
    ("finding", "cause"), [(None, "nothing_to_ask_by"), (Unaskable("status_404"), "status_404")]
)
def test_where_nothing_can_be_asked_the_fall_back_applies(
    finding: Finding | None, cause: str
) -> None:
    assert look(finding) == Look(SENT_AGAIN, "unaskable", cause=cause)
    assert look(finding, USED_UP) == Look(EXHAUSTED, "unaskable", cause=cause)
    assert look(finding, policy=PARK) == Look(PARKED, "unaskable", cause=cause)
    assert look(finding, USED_UP, PARK) == Look(PARKED, "unaskable", cause=cause)


def test_an_unanswered_question_is_asked_again_ever_later_and_then_given_up() -> None:
    sought, waits = SOUGHT, []
    for _ in range(MAX_UNANSWERED - 1):
        found = look(Unanswered("deadline"), sought)
        assert (found.found, found.cause) == ("unanswered", "deadline")
        waits.append(found.transition.due_seconds)
        sought = replace(sought, progress=found.progress)
    assert waits == [15.0, 30.0, 60.0, 120.0]
    assert look(Unanswered("deadline"), sought) == Look(SENT_AGAIN, "unanswered", cause="deadline")
    assert look(Unanswered("deadline"), sought, PARK).transition == PARKED


def test_an_unanswered_question_keeps_what_earlier_pages_said() -> None:
    at = Progress(1, 3, 0, similar=True)
    found = look(Unanswered("deadline"), replace(SOUGHT, progress=at))
    assert found.progress == Progress(1, 3, 1, similar=True)


def test_an_answer_forgets_the_questions_that_were_not_answered() -> None:
    at = replace(SOUGHT, progress=Progress(unanswered=4))
    assert look(Answer(more=True), at).progress.unanswered == 0
    assert look(Answer(), at).progress.unanswered == 0


def test_a_question_waits_for_as_long_as_the_api_asked_for() -> None:
    asked = Unanswered("status_429", HoldKind.NOT_BEFORE, 900.0)
    assert look(asked).transition == later(900.0)


@pytest.mark.parametrize("unanswered", [0, 1, 4])
def test_under_a_hold_an_unanswered_question_is_not_counted(unanswered: int) -> None:
    at = Progress(unanswered=unanswered)
    sought = replace(SOUGHT, progress=at, spared=True)
    for _ in range(MAX_UNANSWERED * 2):
        found = look(Unanswered("status_503"), sought)
        assert found.transition.to is State.UNKNOWN
        assert found.progress == at


@given(finding=findings, progress=progresses, spared=st.booleans())
def test_no_look_spends_an_attempt_or_waits_longer_than_asked_for(
    finding: Finding | None, progress: Progress, spared: bool
) -> None:
    found = look(finding, replace(SOUGHT, progress=progress, spared=spared))
    assert not found.transition.spends_attempt
    asked_for = finding.retry_after_seconds if isinstance(finding, Unanswered) else None
    assert 0 <= found.transition.due_seconds <= max(UNANSWERED_CAP_SECONDS, asked_for or 0.0)
    assert bool(found.api_id) == (found.transition.to is State.DELIVERED)


@pytest.mark.parametrize(
    ("policy", "sought", "expected"),
    [
        ("park", SOUGHT, PARKED),
        ("park", USED_UP, PARKED),
        ("retry", SOUGHT, SENT_AGAIN),
        ("retry", USED_UP, EXHAUSTED),
    ],
)
def test_where_policy_is_not_to_ask_nobody_is_asked(
    policy: str, sought: Sought, expected: Transition
) -> None:
    found = settle_unasked(sought.standing, replace(POLICY, on_unknown_outcome=policy))
    assert found == Look(expected, "not_asked", cause="lease_expired")


@pytest.mark.parametrize(
    ("finding", "outcome"),
    [
        (Answer(), Delivered("")),
        (Answer(equal=("id",)), Delivered("")),
        (AskAgain(9.0), Delivered("")),
        (None, GivenBack(None, "nothing_to_ask_by")),
        (Unaskable("status_404"), GivenBack(None, "status_404")),
        # That the API is away, or asks for time, is news for all.
        (Unanswered("status_503", None, None), Retry("status_503")),
        (Unanswered("status_503", HoldKind.NOT_BEFORE, 9.0), Retry("status_503", 9.0)),
        (Unanswered("status_429", HoldKind.NOT_BEFORE, 9.0), Retry("status_429", 9.0)),
        (Unanswered("status_429"), Retry("status_429")),
        (Unanswered("status_408"), Retry("status_408")),
        (Unanswered("read_timeout"), Retry("read_timeout")),
        (Unanswered("refused"), Retry("refused")),
        # That it was refused, or never asked, says nothing about leads.
        (Unanswered("status_401"), GivenBack(None, "status_401")),
        (Unanswered("status_302"), GivenBack(None, "status_302")),
        (Unanswered("status_2xx_unreadable"), GivenBack(None, "status_2xx_unreadable")),
        (Unanswered("lease_short"), GivenBack(None, "lease_short")),
    ],
)
def test_a_look_is_evidence_of_whether_the_api_is_there(
    finding: Finding | None, outcome: Outcome
) -> None:
    assert as_outcome(finding) == outcome
