"""The rate: how many requests go out in a minute, across the fleet, whoever polls when."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lead_worker.store import Limits
from lead_worker.store.reading import Reading

from tests.integration.queues import WIDE, Queue

SLACK_SECONDS = 1.0
"""How late a request may reach the API after its claim; `fleet.lua` has the same."""

WINDOW_SECONDS = 60.0 + SLACK_SECONDS
BURSTS = {1: 1, 50: 1, 199: 1, 200: 2, 600: 6, 6000: 60}
"""For some rates, how many requests go out at once after a pause, where nothing else is set."""


def limits(per_minute: int, burst: int = 0) -> Limits:
    """Nothing but the rate is in the way."""
    return replace(WIDE, per_minute=per_minute, burst=burst)


def fill(queue: Queue, many: int) -> None:
    queue.accept(*(uuid.uuid4().hex for _ in range(many)))


def claims(queue: Queue, per_minute: int, most: int = 100, burst: int = 0) -> int:
    """How many leads a claim gives."""
    return len(queue.turn(most=most, limits=limits(per_minute, burst)).claimed)


def poll(queue: Queue, per_minute: int, *, seconds: float, each: float) -> list[float]:
    """Two workers claim one after the other, again and again; gives the times of their claims."""
    times: list[float] = []
    for _ in range(round(seconds / each)):
        for worker in ("w1", "w2"):
            turn = queue.turn(worker, limits=limits(per_minute))
            times += [turn.now_at] * len(turn.claimed)
        queue.pass_time(each)
    return times


def most_within(times: Sequence[float], seconds: float) -> int:
    """The most instants that are less than so many seconds apart."""
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def test_of_600_a_minute_none_is_too_many_and_hardly_one_is_lost(queue: Queue) -> None:
    for _ in range(4):
        fill(queue, 1000)
    times = poll(queue, 600, seconds=300, each=0.1)
    assert most_within(times, WINDOW_SECONDS) <= 600
    assert len([at for at in times if at < times[0] + 300]) >= 0.95 * 5 * 600


@pytest.mark.parametrize("per_minute", [1, 7])
def test_of_a_few_a_minute_none_is_too_many_and_hardly_one_is_lost(
    queue: Queue, per_minute: int
) -> None:
    fill(queue, 100)
    times = poll(queue, per_minute, seconds=300, each=0.5)
    assert most_within(times, WINDOW_SECONDS) <= per_minute
    assert len(times) >= 0.95 * 5 * per_minute


@pytest.mark.parametrize(("per_minute", "burst"), BURSTS.items())
def test_after_a_pause_no_more_than_a_hundredth_of_a_minutes_requests_goes_out_at_once(
    queue: Queue, per_minute: int, burst: int
) -> None:
    fill(queue, 200)
    for _ in range(2):
        assert 1 <= claims(queue, per_minute) <= burst
        queue.pass_time(3600)


def test_after_a_pause_the_whole_burst_goes_out_at_once(queue: Queue) -> None:
    fill(queue, 300)
    found = set()
    for _ in range(50):
        found.add(claims(queue, 600))
        queue.pass_time(3600.1)
    assert found == {6}


def test_after_a_pause_no_more_than_the_burst_that_is_set_goes_out_at_once(queue: Queue) -> None:
    fill(queue, 100)
    for _ in range(2):
        assert claims(queue, 60, most=10, burst=20) == 10
        assert 9 <= claims(queue, 60, burst=20) <= 10
        assert claims(queue, 60, burst=20) == 0
        queue.pass_time(3600)


def test_a_burst_is_no_more_than_a_minutes_requests(queue: Queue) -> None:
    fill(queue, 100)
    assert 1 <= claims(queue, 10, burst=50) <= 10


def test_without_a_rate_all_goes_out_and_who_is_late_has_missed_nothing(queue: Queue) -> None:
    fill(queue, 100)
    turn = queue.turn(most=99, limits=limits(0))
    assert (len(turn.claimed), turn.paced) == (99, False)
    assert queue.client.exists(queue.keys.rate) == 0
    assert queue.turn(limits=limits(6000)).paced


def test_an_empty_queue_spends_nothing(queue: Queue) -> None:
    for _ in range(5):
        assert claims(queue, 1) == 0
    fill(queue, 2)
    assert claims(queue, 1) == 1
    assert claims(queue, 1) == 0


def test_questions_to_the_api_count_as_leads_do(queue: Queue) -> None:
    queue.accept_unknown("a", "b")
    queue.accept("c")
    found = []
    for _ in range(3):
        (lead,) = queue.turn(limits=limits(60)).claimed
        found.append(lead.look)
        assert queue.turn(limits=limits(60)).claimed == ()
        queue.pass_time(1.1)
    assert sorted(found) == [False, True, True]


@pytest.mark.parametrize("per_minute", [1, 7, 60])
def test_who_is_refused_hears_when_the_next_one_is_free(queue: Queue, per_minute: int) -> None:
    fill(queue, 10)
    first = queue.turn(limits=limits(per_minute))
    assert len(first.claimed) == 1
    assert not first.more
    spacing = WINDOW_SECONDS / per_minute
    assert first.again_seconds == pytest.approx(spacing, abs=0.01)
    queue.pass_time(spacing / 2)
    refused = queue.turn(limits=limits(per_minute))
    assert (refused.claimed, refused.more) == ((), False)
    assert refused.again_seconds is not None
    assert refused.again_seconds <= spacing / 2
    queue.pass_time(refused.again_seconds)
    assert claims(queue, per_minute) == 1


def test_who_has_all_that_is_there_is_not_told_to_ask_again(queue: Queue) -> None:
    fill(queue, 1)
    assert queue.turn(limits=limits(1)).again_seconds is None


def test_where_the_rate_is_used_up_nobody_is_rung(queue: Queue) -> None:
    fill(queue, 10)
    queue.client.delete(queue.keys.bell)
    assert claims(queue, 600) > 1
    assert queue.client.llen(queue.keys.bell) == 0


def test_a_claim_that_is_made_again_spends_nothing_twice(queue: Queue) -> None:
    fill(queue, 10)
    turn = queue.turn(most=3, limits=limits(600))
    free_at = queue.client.hget(queue.keys.rate, "free_at")
    again = queue.turn_again(most=3, limits=limits(600))
    assert [lead.lead_id for lead in again.claimed] == [lead.lead_id for lead in turn.claimed]
    assert again.paced
    assert queue.client.hget(queue.keys.rate, "free_at") == free_at


@pytest.mark.parametrize("back", [1.0, *(pytest.param(x) for x in (60.0, 86_400.0))])
def test_a_clock_that_was_set_back_does_not_shut_the_gate(queue: Queue, back: float) -> None:
    fill(queue, 100)
    claims(queue, 600)
    queue.pass_time(-back)
    fill(queue, 100)
    assert len(poll(queue, 600, seconds=10, each=0.1)) >= 70


def test_what_an_operator_sets_wins_over_the_workers_setting(queue: Queue) -> None:
    fill(queue, 100)
    store = queue.store()
    given = []
    for per_minute in (120, 0, None):
        store.set_rate(per_minute, "ana", {"event": "rate"})
        given.append(claims(queue, 600, most=20))
        queue.pass_time(3600)
    assert given[:2] == [1, 20]
    assert 1 < given[2] <= 6


def test_an_operators_rate_holds_workers_back_that_know_of_none(queue: Queue) -> None:
    fill(queue, 100)
    queue.store().set_rate(200, "ana", {"event": "rate"})
    turn = queue.turn(limits=limits(0))
    assert 1 <= len(turn.claimed) <= 2
    assert turn.paced


def test_an_operators_smaller_rate_is_used_though_the_workers_burst_is_as_large(
    queue: Queue,
) -> None:
    """60 a minute with a burst of 10; while the API is weak, an operator allows 10 a minute."""
    fill(queue, 100)
    queue.store().set_rate(10, "ana", {"event": "rate"})
    times: list[float] = []
    for _ in range(600):
        turn = queue.turn(limits=limits(60, burst=10))
        times += [turn.now_at] * len(turn.claimed)
        queue.pass_time(0.5)
    assert most_within(times, WINDOW_SECONDS) <= 10
    assert len(times) >= 0.5 * 5 * 10


def test_what_an_operator_set_is_there_to_be_seen_until_it_is_taken_back(queue: Queue) -> None:
    store = queue.store()
    store.set_rate(120, "zoë", {"event": "rate", "per_minute": 120})
    rate = store.counts().rate
    assert (rate["per_minute"], rate["by"]) == ("120", "zoë")
    assert float(rate["since"]) == pytest.approx(store.counts().now_at, abs=5)
    (entry,) = Reading(store).log(10)
    assert (entry["event"], entry["per_minute"]) == ("rate", 120)
    store.set_rate(None, "ana", {"event": "rate"})
    assert "per_minute" not in store.counts().rate


@pytest.mark.parametrize(("first", "then"), [(600, 7), pytest.param(1, 600), pytest.param(7, 60)])
def test_another_rate_takes_effect_within_two_of_its_own_steps(
    queue: Queue, first: int, then: int
) -> None:
    fill(queue, 100)
    assert claims(queue, first) >= 1
    queue.store().set_rate(then, "ana", {"event": "rate"})
    queue.pass_time(2 * WINDOW_SECONDS / then)
    assert claims(queue, first) >= 1


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    per_minute=st.integers(1, 120),
    burst=st.integers(0, 120),
    polls=st.lists(
        st.tuples(st.floats(0, 20), st.integers(1, 50), st.sampled_from(["w1", "w2"])),
        min_size=5,
        max_size=50,
    ),
)
def test_in_any_minute_no_more_go_out_than_are_allowed(
    redis_url: str, per_minute: int, burst: int, polls: list[tuple[float, int, str]]
) -> None:
    queue = Queue(redis_url, f"rate-{uuid.uuid4().hex[:12]}")
    times: list[float] = []
    fill(queue, 50)
    for pause, most, worker in polls:
        turn = queue.turn(worker, most, limits=limits(per_minute, burst))
        times += [turn.now_at] * len(turn.claimed)
        fill(queue, len(turn.claimed))
        queue.pass_time(pause)
    queue.close()
    assert times
    assert most_within(times, WINDOW_SECONDS) <= per_minute
