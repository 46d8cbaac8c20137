"""When Redis is asked again after it failed: an hour of it, told by a clock of the test's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_producers.breaker import CAP_SECONDS, FIRST_SECONDS, Breaker

HOUR_SECONDS = 3600.0
LATE_SECONDS = 3.0


def opened(now_at: float = 0.0) -> Breaker:
    breaker = Breaker()
    breaker.failed(now_at)
    return breaker


def tries(breaker: Breaker, tried_for_seconds: float = 0.0, *, late_seconds: float = 0.0) -> int:
    """How often Redis is asked in an hour in which it never answers, looked at each 20 ms."""
    found, now_at = 0, 0.0
    while now_at < HOUR_SECONDS:
        if breaker.allows(now_at, late_seconds=late_seconds):
            found += 1
            now_at += tried_for_seconds
            breaker.failed(now_at)
        now_at += 0.02
    return found


def test_while_redis_answers_each_call_is_allowed() -> None:
    breaker = Breaker()
    assert all(breaker.allows(now_at) for now_at in (0.0, 0.0, 0.001, 5.0))
    assert not breaker.is_open
    assert breaker.wait_seconds(0.0) == 0


def test_after_a_failure_nobody_asks_until_the_pause_is_over() -> None:
    breaker = opened(100.0)
    assert breaker.is_open
    assert not breaker.allows(100.0)
    assert not breaker.allows(100.0 + FIRST_SECONDS - 0.001)
    assert breaker.wait_seconds(100.1) == pytest.approx(FIRST_SECONDS - 0.1)
    assert breaker.allows(100.0 + FIRST_SECONDS)


def test_only_one_may_try_at_a_time() -> None:
    breaker = opened()
    assert [breaker.allows(FIRST_SECONDS) for _ in range(50)] == [True] + [False] * 49


def test_a_success_lets_everybody_through_at_once_and_the_pauses_begin_anew() -> None:
    breaker = opened()
    now_at = 0.0
    for _ in range(10):
        now_at += breaker.wait_seconds(now_at)
        assert breaker.allows(now_at)
        breaker.failed(now_at)
    breaker.succeeded()
    assert not breaker.is_open
    assert breaker.allows(now_at)
    assert breaker.failed(now_at)
    assert breaker.wait_seconds(now_at) == FIRST_SECONDS


def test_the_first_failure_alone_is_news() -> None:
    breaker = Breaker()
    assert [breaker.failed(0.0) for _ in range(5)] == [True] + [False] * 4
    breaker.succeeded()
    assert breaker.failed(9.0)


@pytest.mark.parametrize("tried_for_seconds", [0.0, 0.05, 2.0])
def test_in_an_hour_redis_is_asked_a_bounded_number_of_times(tried_for_seconds: float) -> None:
    most = HOUR_SECONDS / (CAP_SECONDS + tried_for_seconds)
    assert most * 0.9 < tries(opened(), tried_for_seconds) <= most + 5


def test_where_the_thread_tries_no_request_does_in_an_hour() -> None:
    breaker = opened()
    requests, thread, now_at = 0, 0, 0.0
    while now_at < HOUR_SECONDS:
        requests += breaker.allows(now_at, late_seconds=LATE_SECONDS)
        if breaker.allows(now_at):
            thread += 1
            breaker.failed(now_at)
        now_at += 0.02
    assert requests == 0
    assert thread > HOUR_SECONDS / CAP_SECONDS * 0.9


def test_where_the_thread_is_gone_requests_try_in_its_place_and_more_seldom() -> None:
    breaker = opened()
    most = HOUR_SECONDS / (CAP_SECONDS + LATE_SECONDS)
    assert most * 0.9 < tries(breaker, late_seconds=LATE_SECONDS) <= most + 5


STEPS = st.lists(
    st.tuples(st.floats(0, 20), st.sampled_from(["allows", "failed", "succeeded"])), max_size=60
)


@given(STEPS)
def test_it_is_never_shut_for_longer_than_the_longest_pause(steps: list[tuple[float, str]]) -> None:
    breaker, now_at = Breaker(), 0.0
    acts: dict[str, Callable[[], object]] = {
        "allows": lambda: breaker.allows(now_at),
        "failed": lambda: breaker.failed(now_at),
        "succeeded": breaker.succeeded,
    }
    for passed_seconds, act in steps:
        now_at += passed_seconds
        acts[act]()
        assert 0 <= breaker.wait_seconds(now_at) <= CAP_SECONDS
    assert breaker.allows(now_at + CAP_SECONDS)
