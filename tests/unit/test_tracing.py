"""Which deliveries are traced: what the app decided, then the rate, and never too many at once."""

from __future__ import annotations

from itertools import chain, repeat

import pytest
from lead_worker.tracing import MOST_A_SECOND, UNSAMPLED, Tracer

SAMPLED = '{"sentry-trace":"1-2-1"}'


def test_what_the_app_decided_is_heeded() -> None:
    assert Tracer(1e-9).takes(SAMPLED)
    assert not any(Tracer(1.0).takes(UNSAMPLED) for _ in range(100))


def test_with_a_rate_of_zero_none_is_traced() -> None:
    assert not Tracer(0.0).takes(SAMPLED)


def test_where_no_app_decided_it_is_the_rate() -> None:
    assert Tracer(1.0).takes("")
    assert not any(Tracer(1e-9).takes("") for _ in range(100))


@pytest.mark.parametrize(
    "trace",
    [
        "{",
        "1",
        "[]",
        '{"baggage":"a=1"}',
        '{"sentry-trace":"1-2"}',
        '{"sentry-trace":7}',
        "[" * 9000,
    ],
)
def test_what_is_no_decision_leaves_it_to_the_rate(trace: str) -> None:
    assert Tracer(1.0).takes(trace)
    assert not any(Tracer(1e-9).takes(trace) for _ in range(100))


def test_an_app_may_say_in_its_headers_that_it_does_not_sample() -> None:
    assert not any(Tracer(1.0).takes('{"sentry-trace":"1-2-0"}') for _ in range(100))


def test_of_a_flood_few_a_second_are_traced() -> None:
    flood = 10 * MOST_A_SECOND
    clock = chain(repeat(7.0, flood), repeat(7.99, flood), repeat(8.0, flood))
    tracer = Tracer(1.0, lambda: next(clock))
    taken = [tracer.takes(SAMPLED) for _ in range(3 * flood)]
    assert sum(taken) == 2 * MOST_A_SECOND
    assert all(taken[2 * flood :][:MOST_A_SECOND])
