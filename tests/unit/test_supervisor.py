"""When something that ended is started again, and when that would be of no use."""

from __future__ import annotations

import pytest
from lead_ops.up.supervisor import (
    LONGEST_PAUSE_SECONDS,
    REFUSALS,
    STEADY_SECONDS,
    STILLBIRTHS,
    History,
    after_end,
    is_hopeless,
    pause_seconds,
)


def after(*lives: float) -> History:
    history = History()
    for lived_seconds in lives:
        history = after_end(history, lived_seconds)
    return history


def test_after_a_good_life_it_is_started_again_at_once() -> None:
    assert pause_seconds(after(STEADY_SECONDS)) == 0.0
    assert pause_seconds(after(0.1, 0.1, STEADY_SECONDS)) == 0.0


def test_pauses_double_up_to_a_limit() -> None:
    assert [pause_seconds(History(quick)) for quick in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert pause_seconds(History(1000)) == LONGEST_PAUSE_SECONDS


def test_a_refusal_at_the_first_start_is_the_end() -> None:
    assert is_hopeless(after(0.5), refuses=True)


def test_what_started_well_before_may_refuse_a_few_times() -> None:
    lives = [STEADY_SECONDS, *[0.5] * REFUSALS]
    assert not is_hopeless(after(*lives[:-1]), refuses=True)
    assert is_hopeless(after(*lives), refuses=True)


def test_what_never_starts_well_is_given_up() -> None:
    assert not is_hopeless(after(*[0.5] * (STILLBIRTHS - 1)), refuses=False)
    assert is_hopeless(after(*[0.5] * STILLBIRTHS), refuses=False)


@pytest.mark.parametrize("quick", [1, STILLBIRTHS, 1000])
def test_what_started_well_before_is_never_given_up_without_a_refusal(quick: int) -> None:
    assert not is_hopeless(History(quick, steady=True), refuses=False)
