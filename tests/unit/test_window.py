"""The congestion window: requests in flight across the fleet, as TCP's."""

from __future__ import annotations

from itertools import accumulate, repeat

from hypothesis import given
from hypothesis import strategies as st
from lead_worker.core.governor import Moment, Window
from lead_worker.core.window import grown, halved

NOW = 1_700_000_000.0


def at(in_flight: int = 8, ceiling: int = 32, seconds: float = 0.0) -> Moment:
    return Moment(NOW + seconds, "w1", in_flight, ceiling)


def after(successes: int, window: Window | None, ceiling: int = 32) -> Window | None:
    for _ in range(successes):
        window = grown(window, at(ceiling=ceiling))
    return window


def size(window: Window | None) -> float:
    assert window is not None
    return window.size


def test_it_doubles_each_round_up_to_the_threshold() -> None:
    rounds = list(accumulate(repeat(1, 3), lambda wide, _: 2 * wide, initial=1))
    window: Window | None = Window(1.0, 16.0, NOW)
    for wide in rounds:
        assert size(window) == wide
        window = after(wide, window)
    assert size(window) == 16.0


def test_beyond_the_threshold_it_grows_by_one_each_round() -> None:
    window: Window | None = Window(8.0, 8.0, NOW)
    for rounds in range(1, 5):
        window = after(int(size(window)), window)
        assert 8 + rounds - 0.5 < size(window) <= 8 + rounds


def test_it_is_gone_once_it_is_as_wide_as_the_ceiling() -> None:
    assert after(6, Window(1.0, 16.0, NOW), ceiling=8) == Window(7.0, 16.0, NOW)
    assert after(7, Window(1.0, 16.0, NOW), ceiling=8) is None
    assert after(1, Window(1.0, 1.0, NOW), ceiling=1) is None
    assert grown(None, at()) is None


def test_trouble_halves_what_was_in_flight() -> None:
    assert halved(None, NOW - 1, at(in_flight=12)) == Window(6.0, 6.0, NOW)
    assert halved(Window(20.0, 30.0), NOW - 1, at(in_flight=12)) == Window(6.0, 6.0, NOW)
    assert halved(Window(10.0, 30.0), NOW - 1, at(in_flight=12)) == Window(5.0, 5.0, NOW)
    assert halved(None, NOW - 1, at(in_flight=12, ceiling=4)) == Window(2.0, 2.0, NOW)


def test_it_is_halved_once_for_all_that_was_in_flight_together() -> None:
    once = halved(None, NOW - 1, at(in_flight=12))
    assert halved(once, NOW - 0.5, at(in_flight=11, seconds=1)) == once
    assert halved(once, NOW, at(seconds=1)) == Window(3.0, 3.0, NOW + 1)


windows = st.none() | st.builds(
    Window, st.floats(1, 1000), st.floats(1, 1000), st.floats(NOW - 60, NOW + 60)
)
moments = st.builds(
    Moment, st.floats(NOW, NOW + 60), st.just("w1"), st.integers(0, 1000), st.integers(1, 1000)
)


@given(window=windows, moment=moments, claimed_at=st.floats(NOW - 60, NOW + 60))
def test_there_is_always_room_for_one_request(
    window: Window | None, moment: Moment, claimed_at: float
) -> None:
    for next_one in (grown(window, moment), halved(window, claimed_at, moment)):
        assert next_one is None or next_one.size >= 1
        assert next_one is None or next_one.threshold >= 1


@given(window=windows, moment=moments)
def test_trouble_never_widens_it(window: Window | None, moment: Moment) -> None:
    narrow = halved(window, NOW + 60, moment)
    assert narrow.size <= max(1.0, window.size if window else moment.ceiling)
    assert narrow.size <= max(1.0, moment.ceiling / 2) or narrow == window


@given(window=windows, moment=moments)
def test_each_success_widens_it(window: Window | None, moment: Moment) -> None:
    wider = grown(window, moment)
    assert wider is None or window is None or wider.size > window.size
