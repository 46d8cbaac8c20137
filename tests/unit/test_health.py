"""Health by consumption: when a queue stands still, and when it only looks so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_worker import heartbeat
from lead_worker.core import health
from lead_worker.core.governor import Governor, Hold, Window
from lead_worker.core.health import Sign, Verdict, Vitals, judge
from lead_worker.core.outcome import HoldKind

NOW = 1_000_000.0
LONG = 3600.0
ALIVE = (Sign(30.0, "mark"),)
STANDING = Vitals(
    NOW,
    claimable=3,
    due_at=NOW - LONG,
    waiting=3,
    claimed_at=NOW - LONG,
    workers=ALIVE,
)
"""Leads are due, and for an hour nobody has claimed any."""


def held(kind: HoldKind = HoldKind.PAUSED, **fields: Any) -> Vitals:
    hold = Hold(kind, "the operator's words", since_at=NOW - 60, **fields)
    return replace(STANDING, governor=Governor(hold=hold))


def test_leads_that_are_due_and_that_nobody_claims_are_bad_and_the_reason_says_so() -> None:
    judged = judge(STANDING)
    assert (judged.good, judged.verdict, judged.stood_seconds) == (False, Verdict.STUCK, LONG)
    assert judged.reason == (
        "3 leads are due, the first for 60 min, nobody claims: 1 worker alive, claiming"
        " nothing: see its log"
    )


def test_without_a_worker_the_reason_says_that() -> None:
    judged = judge(replace(STANDING, workers=()))
    assert judged.reason.endswith("nobody claims: no worker is alive")


def test_where_no_lead_is_due_an_idle_fleet_is_good() -> None:
    for workers in (ALIVE, ()):
        idle = replace(STANDING, claimable=0, due_at=None, workers=workers)
        assert judge(idle).verdict is Verdict.IDLE
        assert judge(idle).reason == "no lead is due, 3 wait for their time"


@pytest.mark.parametrize("name", ["claimed_at", "delivered_at"])
def test_progress_is_good_however_old_the_backlog(name: str) -> None:
    moved = replace(STANDING, **{name: NOW - 2})  # type: ignore[arg-type]
    assert judge(moved).verdict is Verdict.MOVING


def test_a_lead_that_came_just_now_is_given_time_though_the_last_claim_is_long_ago() -> None:
    fresh = replace(STANDING, due_at=NOW - health.PATIENCE_SECONDS + 1)
    assert judge(fresh).verdict is Verdict.WAITING
    assert not judge(replace(fresh, due_at=NOW - health.PATIENCE_SECONDS)).good


def test_a_namespace_whose_claims_were_never_stamped_is_judged_by_what_is_due() -> None:
    assert not judge(replace(STANDING, claimed_at=None)).good
    assert judge(replace(STANDING, claimed_at=None, due_at=NOW - 1)).good


@pytest.mark.parametrize(
    "vitals",
    [
        held(),
        held(HoldKind.NOT_BEFORE, until_at=NOW + 600),
        held(HoldKind.CREDENTIALS, canary_at=NOW + 5),
        held(HoldKind.OUTAGE, canary_at=NOW + 5, trial_at=NOW - 60, suspected=True),
        held(HoldKind.OTHER),
    ],
)
@pytest.mark.parametrize("workers", [ALIVE, ()])
def test_a_hold_is_good_and_said_without_the_operators_words(
    vitals: Vitals, workers: tuple[Sign, ...]
) -> None:
    judged = judge(replace(vitals, workers=workers))
    assert judged.verdict is Verdict.HELD
    assert judged.reason.startswith("held: ")
    assert "words" not in judged.reason


def test_a_hold_that_lets_a_lead_through_which_nobody_takes_excuses_nothing() -> None:
    overdue = held(HoldKind.OUTAGE, canary_at=NOW - health.PATIENCE_SECONDS)
    assert not judge(overdue).good
    assert judge(held(HoldKind.OUTAGE, canary_at=NOW - 1)).good
    assert judge(replace(overdue, claimable=0)).verdict is Verdict.HELD


def test_a_hold_whose_time_is_over_gives_time_from_then_on() -> None:
    assert judge(held(HoldKind.NOT_BEFORE, until_at=NOW - 3)).good
    assert not judge(held(HoldKind.NOT_BEFORE, until_at=NOW - LONG)).good
    over = replace(held(HoldKind.NOT_BEFORE, until_at=NOW - LONG), claimable=0)
    assert judge(over).verdict is Verdict.IDLE


def test_after_a_hold_claims_are_given_time() -> None:
    ended = Governor(window=Window(1.0, 8.0), ended_at=NOW - 5)
    assert judge(replace(STANDING, governor=ended)).good


def test_a_rate_of_one_a_minute_is_no_standstill() -> None:
    paced = replace(STANDING, claimed_at=NOW - 50, turn_at=NOW + 11)
    assert judge(paced).verdict is Verdict.WAITING
    assert "the rate has its next request in 11 s" in judge(paced).reason
    assert judge(replace(paced, turn_at=NOW - 5)).good
    assert not judge(replace(paced, turn_at=NOW - 31)).good


def test_a_turn_that_was_set_under_another_rate_excuses_nothing() -> None:
    assert not judge(replace(STANDING, turn_at=NOW + health.LONGEST_TURN_SECONDS + 1)).good


def test_requests_in_flight_may_last_as_long_as_the_longest_lease() -> None:
    slow = replace(
        STANDING, in_flight=1, claimed_at=NOW - 65, workers=(Sign(60.0), Sign(30.0), Sign())
    )
    assert judge(slow).good
    assert not judge(replace(slow, claimed_at=NOW - 71)).good


def test_the_leases_of_the_dead_are_waited_for_by_nobody() -> None:
    dead = replace(STANDING, in_flight=8, claimed_at=NOW - 31, workers=())
    assert not judge(dead).good


def test_who_has_just_come_back_is_given_time_but_not_again_and_again() -> None:
    back = replace(STANDING, grace_until_at=NOW + 4)
    assert judge(back).verdict is Verdict.WAITING
    assert not judge(replace(back, grace_until_at=NOW - 1)).good
    assert not judge(replace(back, grace_until_at=NOW + 3600)).good


def test_the_grace_is_the_heartbeats() -> None:
    assert health.GRACE_SECONDS == heartbeat.GRACE_SECONDS


def test_workers_whose_tokens_are_all_refused_are_named_as_the_reason() -> None:
    benched = Governor(stale=(("mark", NOW + 200),))
    judged = judge(replace(STANDING, governor=benched))
    assert not judged.good
    assert judged.reason.endswith("1 worker alive, with a token that is refused")
    other = replace(STANDING, governor=benched, workers=(*ALIVE, Sign(30.0, "other")))
    assert "2 workers alive" in judge(other).reason


def test_an_instant_ahead_of_a_clock_that_was_set_back_proves_nothing() -> None:
    ahead = replace(STANDING, claimed_at=NOW + 3600, delivered_at=NOW + 3600)
    assert not judge(ahead).good


FLYING = replace(STANDING, claimable=0, due_at=None, waiting=0)


@pytest.mark.parametrize("expired", [0, 3])
def test_leads_in_flight_of_a_fleet_that_died_are_bad_and_not_idle(expired: int) -> None:
    """Whether their leases still last or ran out a moment ago: it does not flap between the two."""
    left = replace(FLYING, in_flight=3 - expired, expired=expired, expired_at=NOW - 1, workers=())
    judged = judge(replace(left, claimed_at=NOW - 31))
    assert (judged.verdict, judged.good) == (Verdict.STUCK, False)
    assert judged.reason == "3 leads in flight are not settled: no worker is alive"
    assert judge(replace(left, claimed_at=NOW - 29)).good


def test_leases_that_ran_out_are_taken_up_by_a_worker_that_lives_and_given_time() -> None:
    left = replace(FLYING, expired=1, expired_at=NOW - 1)
    assert judge(left).verdict is Verdict.WAITING
    long_ago = replace(left, expired_at=NOW - LONG)
    assert not judge(long_ago).good
    assert judge(replace(long_ago, grace_until_at=NOW - 1)).good
    assert judge(replace(FLYING, in_flight=1)).verdict is Verdict.IDLE


def test_a_rate_excuses_no_lease_that_ran_out() -> None:
    left = replace(FLYING, expired=1, expired_at=NOW - LONG, turn_at=NOW + 30)
    assert not judge(left).good


def test_a_hold_is_named_also_where_it_lets_a_lead_through() -> None:
    overdue = held(HoldKind.OUTAGE, canary_at=NOW - LONG)
    assert "due for" not in judge(overdue).reason
    for vitals in (overdue, replace(overdue, claimed_at=NOW - 1)):
        assert "under a hold (outage)" in judge(vitals).reason


def test_a_namespace_that_nobody_has_used_is_good_and_says_so() -> None:
    judged = judge(Vitals(NOW, used=False))
    assert (judged.good, judged.verdict) == (True, Verdict.UNUSED)
    assert judged.reason == "nobody has used this namespace yet"


INSTANTS = st.none() | st.floats(NOW - 1e5, NOW + 1e5)


@given(
    claimable=st.integers(0, 3),
    instants=st.tuples(*[INSTANTS] * 6),
    in_flight=st.integers(0, 2),
    expired=st.integers(0, 2),
    hold=st.none() | st.sampled_from(HoldKind),
    canary_at=INSTANTS,
    unsettled=st.floats(0, 1e5),
    workers=st.lists(st.builds(Sign, st.none() | st.floats(1, 3600)), max_size=2),
)
def test_whatever_the_vitals_bad_is_said_only_where_leads_are_due_and_have_stood(
    *,
    claimable: int,
    instants: tuple[float | None, ...],
    in_flight: int,
    expired: int,
    hold: HoldKind | None,
    canary_at: float | None,
    unsettled: float,
    workers: list[Sign],
) -> None:
    due_at, claimed_at, delivered_at, turn_at, grace, expired_at = instants
    governor = Governor(hold=Hold(hold, "x", canary_at=canary_at) if hold else None)
    vitals = Vitals(
        NOW,
        claimable,
        due_at,
        claimable,
        in_flight,
        expired,
        expired_at,
        claimed_at,
        delivered_at,
        grace,
        turn_at,
        unsettled_seconds=unsettled,
    )
    judged = judge(replace(vitals, governor=governor, workers=tuple(workers)))
    assert "\n" not in judged.reason
    assert judged.stood_seconds >= 0
    if not judged.good:
        assert claimable or expired or (in_flight and not workers)
        assert judged.stood_seconds >= health.PATIENCE_SECONDS
