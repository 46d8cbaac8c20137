"""Health of a fleet that claims and settles nothing: no progress, however often it claims."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from lead_worker.core import health
from lead_worker.core.governor import Governor, Hold
from lead_worker.core.health import Sign, Verdict, Vitals, judge
from lead_worker.core.outcome import HoldKind

NOW = 1_000_000.0
LONG = 3600.0
FRUITLESS = Vitals(
    NOW,
    claimable=3,
    due_at=NOW - LONG,
    waiting=3,
    claimed_at=NOW - 1,
    unsettled_seconds=health.LONGEST_TURN_SECONDS + 40.0,
    workers=(Sign(30.0, "mark"),),
)
"""Leads are claimed all along, and none is ever settled."""


def test_claims_that_come_to_nothing_are_no_progress_for_ever_and_the_reason_says_so() -> None:
    judged = judge(FRUITLESS)
    assert (judged.good, judged.verdict) == (False, Verdict.STUCK)
    assert judged.stood_seconds == FRUITLESS.unsettled_seconds
    assert judged.reason == (
        "3 leads are due, the first for 60 min, claimed ones come to nothing: 1 worker alive,"
        " settling nothing: see its log"
    )
    shorter = replace(FRUITLESS, unsettled_seconds=FRUITLESS.unsettled_seconds - 1)
    assert judge(shorter).verdict is Verdict.MOVING


@pytest.mark.parametrize(
    "excuse",
    [
        {"turn_at": NOW + 30},
        {"grace_until_at": NOW + 4},
        {"in_flight": 8},
        {"claimed_at": NOW - 45},
        {"claimed_at": NOW - 45, "in_flight": 1},
    ],
)
def test_neither_a_rate_nor_a_restart_excuses_claims_that_come_to_nothing(
    excuse: dict[str, Any],
) -> None:
    assert not judge(replace(FRUITLESS, **excuse)).good


def test_a_claim_is_given_as_long_as_the_longest_lease_to_come_to_something() -> None:
    longer = replace(FRUITLESS, workers=(Sign(31.0), Sign()))
    assert judge(longer).good
    assert not judge(replace(longer, unsettled_seconds=FRUITLESS.unsettled_seconds + 1)).good


def test_deliveries_outweigh_what_the_beats_of_a_mixed_fleet_tell() -> None:
    """Workers of an older release deliver and do not say so with their beats."""
    assert judge(replace(FRUITLESS, delivered_at=NOW - 60)).good


def test_a_hold_and_an_idle_queue_stay_good_whatever_came_to_nothing() -> None:
    hold = Hold(HoldKind.PAUSED, "asked for", since_at=NOW - 60)
    assert judge(replace(FRUITLESS, governor=Governor(hold=hold))).verdict is Verdict.HELD
    assert judge(replace(FRUITLESS, claimable=0, due_at=None)).verdict is Verdict.IDLE


def test_where_nobody_claims_any_more_the_reason_is_that() -> None:
    assert "nobody claims" in judge(replace(FRUITLESS, claimed_at=NOW - LONG)).reason
