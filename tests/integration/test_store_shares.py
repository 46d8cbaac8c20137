"""How claims are shared out among the queues, and how many there may be at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from lead_worker.core.governor import Window
from lead_worker.core.lifecycle import State
from lead_worker.store import Claimed, Limits

from tests.integration.holding import change
from tests.integration.queues import LEASE_SECONDS, WIDE, Queue, settlement


def fill(queue: Queue, many: int, *names: str) -> None:
    """Let so many be due in each queue; `look` is the one of the unknown."""
    for name in sorted(names, key="look".__ne__):
        lead_ids = [f"{name}-{n:03}" for n in range(many)]
        if name == "look":
            queue.accept_unknown(*lead_ids)
        else:
            queue.accept(*lead_ids, lane=name)


def sorts(leads: Iterable[Claimed]) -> list[str]:
    """Of which queue each lead is."""
    return ["look" if lead.look else lead.lane for lead in leads]


def draw(queue: Queue, many: int, most: int = 1) -> list[str]:
    """Let two workers claim by turns until there are so many; gives their queues in order."""
    found: list[str] = []
    while len(found) < many:
        for worker in ("w1", "w2"):
            leads = queue.turn(worker, min(most, many - len(found)), limits=WIDE).claimed
            found += sorts(leads)
    return found


def longest_wait(found: list[str], name: str) -> int:
    """How many of the others came, at the most, before one of this queue."""
    runs = "".join("x" if each == name else "." for each in found).split("x")
    return max(map(len, runs))


@pytest.mark.parametrize("most", [1, 2, 3, 7, 16, 100])
def test_of_three_full_queues_live_gets_seven_bulk_two_and_looks_one_of_ten(
    queue: Queue, most: int
) -> None:
    fill(queue, 100, "live", "bulk", "look")
    found = draw(queue, 100, most)
    assert Counter(found) == {"live": 70, "bulk": 20, "look": 10}


def test_while_all_are_full_none_waits_long(queue: Queue) -> None:
    fill(queue, 100, "live", "bulk", "look")
    found = draw(queue, 100)
    waits = {name: longest_wait(found, name) for name in ("live", "bulk", "look")}
    assert waits["live"] <= 1
    assert waits["bulk"] <= 5
    assert waits["look"] <= 10


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("live", "bulk"), {"live": 70, "bulk": 20}),
        (("live", "look"), {"live": 79, "look": 11}),
        (("bulk", "look"), {"bulk": 60, "look": 30}),
        (("look",), {"look": 90}),
    ],
)
@pytest.mark.parametrize("most", [1, 10])
def test_what_an_empty_queue_leaves_the_others_get_by_their_shares(
    queue: Queue, names: tuple[str, ...], expected: dict[str, int], most: int
) -> None:
    fill(queue, 100, *names)
    assert Counter(draw(queue, 90, most)) == expected


def test_a_queue_that_runs_dry_within_a_claim_leaves_the_rest_to_others(queue: Queue) -> None:
    fill(queue, 3, "live")
    fill(queue, 40, "bulk")
    turn = queue.turn(most=30, limits=WIDE)
    assert Counter(sorts(turn.claimed)) == {"live": 3, "bulk": 27}
    assert turn.more


def test_who_is_alone_pays_nothing_for_what_comes_later(queue: Queue) -> None:
    fill(queue, 100, "live")
    assert draw(queue, 50) == ["live"] * 50
    assert queue.client.exists(queue.keys.shares) == 0
    fill(queue, 100, "bulk")
    assert Counter(draw(queue, 9)) == {"live": 7, "bulk": 2}


def test_a_live_lead_that_comes_upon_a_backlog_of_bulk_is_among_the_next(queue: Queue) -> None:
    fill(queue, 100, "bulk")
    draw(queue, 40)
    fill(queue, 1, "live")
    assert "live" in draw(queue, 2)


def test_bulk_goes_on_however_many_live_leads_keep_coming(queue: Queue) -> None:
    fill(queue, 20, "bulk")
    found: list[str] = []
    for n in range(90):
        queue.accept(f"live-{n}", f"more-{n}")
        found += sorts(queue.turn(most=1, limits=WIDE).claimed)
    assert Counter(found) == {"live": 70, "bulk": 20}


def test_a_claim_for_none_costs_no_queue_its_turn(queue: Queue) -> None:
    fill(queue, 100, "live", "bulk", "look")
    draw(queue, 7)
    before = queue.client.hgetall(queue.keys.shares)
    for _ in range(5):
        assert queue.turn(most=0, limits=WIDE).claimed == ()
    assert queue.client.hgetall(queue.keys.shares) == before


def with_a_suspect_at_the_head(queue: Queue) -> None:
    queue.accept("suspect")
    queue.claim("dead")
    queue.run_out()
    queue.settle(*(settlement(look, State.WAITING) for look in queue.claim("looker")))
    fill(queue, 50, "live", "bulk")


def test_a_suspect_at_the_head_is_given_alone_and_the_others_share_as_ever(queue: Queue) -> None:
    with_a_suspect_at_the_head(queue)
    (suspect,) = queue.claim("w1")
    assert suspect.lead_id == "suspect"
    others = queue.turn("w2", 18, limits=WIDE).claimed
    assert set(Counter(sorts(others)).values()) == {14, 4}


def test_who_may_not_have_the_suspect_waits_until_another_has_it(queue: Queue) -> None:
    with_a_suspect_at_the_head(queue)
    for _ in range(3):
        assert queue.turn("w1", 9, 3, limits=WIDE).claimed == ()
    assert [lead.lead_id for lead in queue.claim("w2")] == ["suspect"]
    assert Counter(sorts(queue.turn("w1", 9, 3, limits=WIDE).claimed)) == {"live": 7, "bulk": 2}


def test_two_workers_have_no_more_in_flight_than_the_window_lets(queue: Queue) -> None:
    fill(queue, 20, "live")
    change(queue.store(), window=Window(5.9, 8.0))
    first = queue.turn("w1", 3)
    second = queue.turn("w2", 10)
    assert (len(first.claimed), len(second.claimed)) == (3, 2)
    assert [queue.turn(worker).claimed for worker in ("w1", "w2")] == [(), ()]
    assert queue.store().standing().in_flight == 5
    queue.deliver(first.claimed[0])
    assert len(queue.claim("w2")) == 1


def test_who_meets_a_full_window_asks_again_soon_and_rings_for_nobody(queue: Queue) -> None:
    fill(queue, 20, "live")
    change(queue.store(), window=Window(2.0, 8.0))
    queue.client.delete(queue.keys.bell)
    turns = [queue.turn("w1"), queue.turn("w2")]
    assert [turn.again_seconds for turn in turns] == [0.25, 0.25]
    assert not any(turn.more for turn in turns)
    assert all(turn.busy for turn in turns)
    assert queue.client.llen(queue.keys.bell) == 0


def test_questions_to_the_api_are_in_flight_as_leads_are(queue: Queue) -> None:
    fill(queue, 2, "look")
    looks = queue.claim("w1")
    assert [lead.look for lead in looks] == [True, True]
    fill(queue, 20, "live")
    change(queue.store(), window=Window(3.0, 8.0))
    assert len(queue.claim("w2")) == 1
    queue.settle(settlement(looks[0], State.UNKNOWN, due_seconds=60, look=True))
    assert queue.store().counts().in_flight == 2
    assert len(queue.claim("w2")) == 1


def test_leases_that_have_ended_are_in_flight_no_more(queue: Queue) -> None:
    fill(queue, 2, "look")
    assert len(queue.claim("w1", 2)) == 2
    fill(queue, 20, "live")
    change(queue.store(), window=Window(4.0, 8.0))
    assert len(queue.claim("w1")) == 2
    queue.pass_time(LEASE_SECONDS - 1)
    assert queue.claim("w2") == []
    queue.turn_again("w1")  # the leads, but not the looks, have their leases renewed
    queue.pass_time(2)
    assert queue.store().counts().in_flight == 2
    assert len(queue.claim("w2")) == 2


@pytest.mark.parametrize("window", [None, Window(100.0, 100.0)])
def test_never_is_more_in_flight_than_the_ceiling(queue: Queue, window: Window | None) -> None:
    fill(queue, 20, "live")
    change(queue.store(), window=window)
    narrow = Limits(LEASE_SECONDS, in_flight=4)
    claimed = [len(queue.turn(worker, 3, limits=narrow).claimed) for worker in ("w1", "w2", "w1")]
    assert claimed == [3, 1, 0]


def test_a_window_that_is_narrowed_takes_nothing_back_and_waits(queue: Queue) -> None:
    fill(queue, 20, "live")
    change(queue.store(), window=Window(8.0, 8.0))
    leads = queue.claim()
    assert len(leads) == 8
    change(queue.store(), window=Window(4.0, 4.0))
    for lead in leads[:4]:
        queue.deliver(lead, lead.lead_id)
        assert queue.claim("w2") == []
    queue.deliver(leads[4], "api-4")
    assert len(queue.claim("w2")) == 1


def test_a_beat_counts_what_may_be_claimed_where_the_window_has_room(queue: Queue) -> None:
    fill(queue, 20, "live")
    change(queue.store(), window=Window(1.0, 8.0))
    queue.claim("w1")
    assert queue.store().beat({}).claimable == 0
    change(queue.store(), window=Window(2.0, 8.0))
    assert queue.store().beat({}).claimable == 19
