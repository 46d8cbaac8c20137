"""What happens a thousand times is told a few times, and the numbers are right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_worker.core.thinning import LAST_PAUSE_SECONDS, Thinning


def test_the_first_is_told_at_once_and_the_next_together_at_growing_intervals() -> None:
    thinning = Thinning()
    told = {}
    for tenth in range(6000):
        number = thinning.happened("bug", tenth / 10)
        for _, late in thinning.due(tenth / 10):
            number += late
        if number:
            told[tenth / 10] = number
    assert list(told) == [0.0, 5.0, 25.0, 105.0, 425.0]
    assert sum(told.values()) + dict(thinning.rest()).get("bug", 0) == 6000


def test_a_steady_trickle_is_told_at_growing_intervals_too() -> None:
    thinning, told = Thinning(), dict[float, int]()
    for n in range(100):
        for _, number in thinning.due(n * 6.5 - 0.5):
            told[n * 6.5 - 0.5] = number
        if number := thinning.happened("bug", n * 6.5):
            told[n * 6.5] = number
    assert told == {0.0: 1, 6.5: 1, 32.0: 3, 116.5: 13, 441.5: 50}


@pytest.mark.parametrize("looks", [True, False])
def test_what_was_quiet_for_the_longest_pause_begins_anew(looks: bool) -> None:
    thinning, at = Thinning(), LAST_PAUSE_SECONDS
    assert thinning.happened("bug", 0.0) == 1
    assert thinning.happened("bug", at - 1) == 1
    assert thinning.due(2 * at - 1) == [] or not looks
    assert [thinning.happened("bug", 2 * at + n) for n in (0, 1, 5)] == [1, 0, 2]


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.floats(0.0, LAST_PAUSE_SECONDS), st.booleans()),
        max_size=200,
    )
)
def test_nothing_is_told_twice_and_nothing_is_left_out(
    steps: list[tuple[str, float, bool]],
) -> None:
    thinning, now_at = Thinning(), 0.0
    happened, told = {"a": 0, "b": 0}, {"a": 0, "b": 0}
    for name, later, looks in steps:
        now_at += later
        happened[name] += 1
        told[name] += thinning.happened(name, now_at)
        if looks:
            for each, number in thinning.due(now_at):
                told[each] += number
    for each, number in thinning.rest():
        told[each] += number
    assert told == happened
