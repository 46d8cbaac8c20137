"""A hold in words: each kind has its advice, and a canary is announced as it is planned."""

from __future__ import annotations

import pytest
from lead_ops.views.holds import advice, hold_json, next_try
from lead_worker.core.governor import Hold
from lead_worker.core.outcome import HoldKind

AT = 1_760_000_000.0


@pytest.mark.parametrize("kind", list(HoldKind))
def test_each_kind_has_its_advice(kind: HoldKind) -> None:
    assert advice(Hold(kind, "x"))


@pytest.mark.parametrize(
    "kind", [HoldKind.CONFIGURATION, HoldKind.QUOTA, HoldKind.CONTRACT, HoldKind.PAUSED]
)
def test_a_hold_that_an_operator_may_end_says_how(kind: HoldKind) -> None:
    assert "leads resume" in advice(Hold(kind, "x"))


@pytest.mark.parametrize(
    ("canary_at", "trying", "told"),
    [
        (None, False, ""),
        (AT + 12, False, "one lead is tried in 12 s"),
        (AT, False, "one lead is tried as soon as one is due"),
        (AT + 31, True, "one lead is being tried now"),
    ],
)
def test_the_next_canary_is_told(canary_at: float | None, trying: bool, told: str) -> None:
    assert next_try(Hold(HoldKind.OUTAGE, "x", canary_at=canary_at), AT, trying=trying) == told


def test_no_hold_is_null() -> None:
    assert hold_json(None) is None
