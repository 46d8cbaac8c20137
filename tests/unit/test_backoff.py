"""How long a lead waits between attempts."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_worker.core import backoff
from lead_worker.core.backoff import backoff_seconds

chances = st.floats(0, 1, exclude_max=True)
durations = st.floats(0.001, 604_800)


def test_the_examples_in_the_docstring_are_true() -> None:
    assert doctest.testmod(backoff) == (0, 2)


@pytest.mark.parametrize(
    ("attempt", "longest"),
    [(1, 5.0), (2, 10.0), (3, 20.0), (10, 2560.0), (11, 3600.0), (10**6, 3600.0)],
)
def test_the_upper_end_doubles_up_to_the_cap(attempt: int, longest: float) -> None:
    middle = backoff_seconds(attempt, base_seconds=5, cap_seconds=3600, chance=0.5)
    assert middle == longest / 2


@given(attempt=st.integers(1, 10**30), base=durations, cap=durations, chance=chances)
def test_a_wait_is_spread_from_0_to_below_its_upper_end(
    attempt: int, base: float, cap: float, chance: float
) -> None:
    wait = backoff_seconds(attempt, base_seconds=base, cap_seconds=cap, chance=chance)
    longest = min(cap, base * 2.0 ** min(attempt - 1, 60))
    assert 0 <= wait < longest


@given(attempt=st.integers(1, 1000), chance=chances)
def test_the_same_chance_never_waits_less_after_more_attempts(attempt: int, chance: float) -> None:
    now, next_time = (
        backoff_seconds(n, base_seconds=5, cap_seconds=3600, chance=chance)
        for n in (attempt, attempt + 1)
    )
    assert now <= next_time
