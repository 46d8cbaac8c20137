"""Deaths as they are reported: for the whole fleet one event for each cause, and few of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.conftest import StartRedis
from tests.integration.dead_letters import die
from tests.integration.queues import Queue

PAUSES = (5, 20, 80, 320, 600, 600)
"""Seconds from one report of a cause to the next, while there are more."""

SAMPLES = 5
"""So many causes that a digest names are told for the first time within ten minutes."""

AGAIN_SECONDS = 10
"""After so many what nobody says to have reported is given again."""


def told(queue: Queue, worker: str = "w1") -> list[Mapping[str, Any]]:
    return [event for event in queue.reports(worker) if event["event"] == "died"]


def test_the_first_death_of_a_cause_is_told_with_the_next_beat_and_once(queue: Queue) -> None:
    die(queue, "a")
    (event,) = told(queue)
    assert (event["new"], event["dead"], event["lead"]) == (1, 1, "a")
    assert (event["reason"], event["lane"], event["source"]) == ("rejected", "live", "test")
    assert event["group"].startswith("rejected:status_422")
    assert told(queue) == told(queue, "w2") == []


def test_deaths_after_it_are_told_together_at_growing_intervals(queue: Queue) -> None:
    die(queue, "first")
    assert [event["new"] for event in told(queue)] == [1]
    for number, pause in enumerate(PAUSES):
        die(queue, *(f"{number}-{n}" for n in range(3)))
        queue.pass_time(pause - 1)
        assert told(queue) == []
        queue.pass_time(1)
        assert [event["new"] for event in told(queue)] == [3]


def test_a_steady_trickle_is_told_at_growing_intervals_too(queue: Queue) -> None:
    news: dict[float, int] = {}
    for n in range(24):
        die(queue, f"a{n}")
        for event in told(queue):
            news[n * 6.5] = event["new"]
        queue.pass_time(6.0)  # a look at a cause that is quiet
        for event in told(queue):
            news[n * 6.5 + 6] = event["new"]
        queue.pass_time(0.5)
    assert news == {0.0: 1, 6.5: 1, 32.0: 3, 116.5: 13}


def test_a_cause_that_was_quiet_for_ten_minutes_begins_anew(queue: Queue) -> None:
    for name in "abc":
        die(queue, name)
        assert [event["new"] for event in told(queue)] == [1]
        queue.pass_time(PAUSES[0])
        assert told(queue) == []
        queue.pass_time(PAUSES[-1] - PAUSES[0])
    assert queue.client.zcard(queue.keys.deaths) == 0
    (kept,) = queue.client.keys(f"{queue.keys.deaths}:*")
    assert 0 < queue.client.ttl(kept) <= PAUSES[-1]


def test_a_cause_that_redis_forgot_just_as_one_died_is_told(queue: Queue) -> None:
    die(queue, "a")
    told(queue)
    queue.pass_time(PAUSES[0])
    assert told(queue) == []
    die(queue, "b")
    queue.client.delete(*queue.client.keys(f"{queue.keys.deaths}:*"))
    assert [event["new"] for event in told(queue)] == [1]


def test_a_cause_that_dies_on_loses_its_pause_at_no_time(queue: Queue) -> None:
    die(queue, "a")
    told(queue)
    queue.pass_time(PAUSES[0])
    told(queue)
    die(queue, "b")
    assert [event["new"] for event in told(queue)] == [1]
    (kept,) = queue.client.keys(f"{queue.keys.deaths}:*")
    assert queue.client.ttl(kept) == -1


def test_of_many_causes_a_beat_tells_some_and_none_is_left_out(queue: Queue) -> None:
    names = [f"rejected:status_{400 + n}" for n in range(12)]
    for name in names:
        queue.client.zadd(queue.keys.deaths, {name: 1})
        queue.client.hset(queue.keys.deaths_of(name), "new", 7)
    found = [told(queue) for _ in range(4)]
    assert [len(events) for events in found] == [5, 5, 2, 0]
    assert Counter(e["group"] for events in found for e in events) == Counter(names)
    assert {e["new"] for events in found for e in events} == {7}


def test_a_death_whose_lead_is_gone_is_told_all_the_same(queue: Queue) -> None:
    die(queue, "a")
    queue.store().erase("a", {"by": "test"})
    (event,) = told(queue)
    assert (event["new"], event["dead"]) == (1, 0)
    assert not event["reason"]


def test_what_is_given_is_given_to_one_worker_and_kept_until_it_says_that_it_was_reported(
    queue: Queue,
) -> None:
    die(queue, "a")
    first = queue.store().beat({})
    assert [event["lead"] for event in first.events] == ["a"]
    die(queue, "b", group="invalid:phone")
    for worker in ("w1", "w2"):
        assert (queue.store(worker).beat({}).batch, queue.reports(worker)) == ("", [])
    after = queue.store().beat({}, reported=first.batch)
    assert [event["lead"] for event in after.events] == ["b"]
    assert queue.store().beat({}, reported=after.batch).batch == ""
    assert queue.dump().keys() & {f"{queue.keys.prefix}given"} == set()


def test_what_a_dead_worker_was_given_comes_again_as_it_was_and_nothing_else_is_lost(
    queue: Queue,
) -> None:
    die(queue, "a")
    lost = queue.store().beat({})
    die(queue, "b")
    queue.pass_time(AGAIN_SECONDS - 1)
    assert told(queue, "w2") == []
    queue.pass_time(2)
    again = queue.store("w2").beat({})
    assert (again.batch, again.events) == (lost.batch, lost.events)
    assert told(queue, "w3") == [], "the second has its time too"
    rest = queue.store("w2").beat({}, reported=again.batch).events
    assert [event["new"] for event in rest] == [1]
    assert rest[0]["lead"] == "b"


def test_a_batch_that_is_on_its_way_is_given_to_nobody_else_however_long_it_takes(
    queue: Queue,
) -> None:
    die(queue, "a")
    batch = queue.store().beat({}).batch
    for _ in range(3):
        queue.pass_time(AGAIN_SECONDS - 1)
        assert queue.store().beat({}, sending=batch).batch == ""
        assert queue.store("w2").beat({}, sending="another").batch == ""
    queue.pass_time(AGAIN_SECONDS + 1)
    assert queue.store("w2").beat({}).batch == batch


def due(queue: Queue, *names: str, new: int = 1) -> None:
    """So many have died in each of these groups."""
    for name in names:
        queue.client.zadd(queue.keys.deaths, {name: 1}, nx=True)
        queue.client.hincrby(queue.keys.deaths_of(name), "new", new)


def of_four_beats(queue: Queue) -> list[Mapping[str, Any]]:
    """What is told within as many seconds as it takes to tell all that is due."""
    return [event for _ in range(4) for event in told(queue)]


DIGESTS = ("invalid:unknown-", "invalid:email,unknown-", "rejected:status_422:other-")


def test_of_hundreds_of_causes_named_by_digests_a_few_are_told_and_the_rest_together(
    queue: Queue,
) -> None:
    names = [f"{DIGESTS[n % 3]}{n:06x}" for n in range(600)]
    due(queue, *names)
    due(queue, "invalid:email", new=3)
    first, *others = of_four_beats(queue)
    assert (first["group"], first["new"]) == ("invalid:email", 3), "what has a name comes first"
    news = Counter({each["group"]: each["new"] for each in others})
    assert len(others) == SAMPLES + 2
    assert sum(news[name] for name in names) == SAMPLES
    assert news.total() == 600
    assert min(news["invalid:other"], news["rejected:other"]) > 100
    assert queue.client.zcard(queue.keys.deaths) == SAMPLES + 3

    due(queue, *names)
    queue.pass_time(PAUSES[0])
    again = Counter({each["group"]: each["new"] for each in of_four_beats(queue)})
    assert again.keys() == news.keys(), "a cause that has an issue of its own keeps it"
    assert again.total() == 600


def test_ten_minutes_later_others_of_them_are_told_for_themselves(queue: Queue) -> None:
    for turn in range(3):
        names = [f"invalid:lead:{turn:03x}{n:03x}" for n in range(SAMPLES)]
        due(queue, *names[:3])
        assert len(of_four_beats(queue)) == 3
        queue.pass_time(PAUSES[-1] / 2)
        due(queue, *names[3:])
        assert [each["group"] for each in of_four_beats(queue)] == names[3:]
        due(queue, f"invalid:more-{turn:06x}")
        assert [each["group"] for each in of_four_beats(queue)] == ["invalid:other"]
        queue.pass_time(PAUSES[-1])


def test_with_memory_full_deaths_are_given_all_the_same(
    own_redis: StartRedis, namespace: str
) -> None:
    full = Queue(own_redis().url, namespace)
    die(full, "a")
    full.client.config_set("maxmemory", 1)
    assert [event["new"] for event in told(full)] == [1]
    full.client.config_set("maxmemory", 0)
    full.close()
