"""Redis away under load, and processes that die meanwhile: each lead is in the queue once."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lead_ops.embedded import EmbeddedRedis
from lead_producers import LeadProducer, QueueUnavailable, SpoolError
from lead_producers.connection import Line
from lead_producers.flushing import Flush, Flushed
from lead_producers.keys import Keys
from lead_producers.script import EnqueueScript
from lead_producers.spool_file import SpoolFile
from redis import Redis

from tests.conftest import StartRedis
from tests.integration.fleet import ONE_REDIS, wait_until
from tests.integration.producer_sight import LEAD, accepted, raws, waiting
from tests.integration.producer_trouble import server
from tests.integration.spool_sight import (
    NOWHERE,
    SpoolProcess,
    StartProcess,
    leads_in,
    wait_home,
    wait_threads_end,
)

KEYS = Keys()
BOUND_SECONDS = 1.0


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture
def client(redis: EmbeddedRedis) -> Iterator[Any]:
    with Redis.from_url(redis.url, socket_timeout=5) as client:
        yield client


@pytest.fixture
def redis(own_redis: StartRedis) -> EmbeddedRedis:
    return own_redis()


@pytest.fixture
def start(tmp_path: Path, spool: Path) -> Iterator[StartProcess]:
    """Start an app that shares the spool: who it is, its Redis, how many leads and how fast."""
    with ExitStack() as stack:

        def start(who: str, url: str, count: int, pause_seconds: float) -> SpoolProcess:
            numbers = count, pause_seconds, BOUND_SECONDS
            process = SpoolProcess(tmp_path, who, url, "leads", spool, *numbers)
            stack.callback(process.kill)
            return process

        yield start


def freeze(redis: EmbeddedRedis) -> Callable[[], None]:
    os.kill(redis.pid, signal.SIGSTOP)
    return lambda: os.kill(redis.pid, signal.SIGCONT)


def kill(redis: EmbeddedRedis) -> Callable[[], None]:
    redis.kill()
    return redis.start


@ONE_REDIS
@pytest.mark.parametrize("take_away", [kill, freeze])
def test_while_redis_is_away_each_call_ends_in_its_bound_and_no_lead_is_lost(
    redis: EmbeddedRedis,
    client: Any,
    spool: Path,
    start: StartProcess,
    take_away: Callable[[EmbeddedRedis], Callable[[], None]],
) -> None:
    """Some three seconds of an outage at fifty leads a second."""
    app = start("app", redis.url, 220, 0.02)
    app.begin()
    app.wait_told(20)
    bring_back = take_away(redis)
    app.wait_told(150, spooled=True)
    bring_back()
    app.wait_told(220)
    wait_home(client, KEYS, spool, 220)
    told = app.told()
    assert app.end() == 0
    assert sorted(waiting(client, KEYS)) == sorted({each.lead_id for each in told})
    assert Counter(lead["n"] for lead in raws(client, KEYS)) == Counter(range(220))
    assert accepted(client, KEYS) == 220
    # The one that was under way waited for its bound; of the 150 after it none asked Redis.
    waited = [each for each in told if each.seconds > BOUND_SECONDS / 2]
    assert len(waited) <= 3
    assert max(each.seconds for each in told) < 3 * BOUND_SECONDS


@ONE_REDIS
def test_four_processes_share_a_spool_and_two_of_them_are_killed(
    redis: EmbeddedRedis, client: Any, spool: Path, start: StartProcess
) -> None:
    apps = [start(f"app-{n}", redis.url, 150, 0.01) for n in range(4)]
    redis.kill()
    for app in apps:
        app.begin()
    for app in apps:
        app.wait_told(30, spooled=True)
    doomed, living = apps[:2], apps[2:]
    random.shuffle(doomed)
    doomed[0].kill()
    redis.start()
    doomed[1].kill()
    for app in living:
        app.wait_told(150)
    receipts = {told.lead_id for app in apps for told in app.told()}
    wait_home(client, KEYS, spool, len(receipts))
    assert [app.end() for app in living] == [0, 0]
    found = Counter((lead["who"], lead["n"]) for lead in raws(client, KEYS))
    assert set(found.values()) == {1}
    assert receipts <= set(waiting(client, KEYS))
    # Whoever is killed may not have got the receipt of its last lead, which is there all the same.
    assert len(receipts) <= len(found) == accepted(client, KEYS) <= len(receipts) + 2


@ONE_REDIS
def test_who_is_killed_while_it_sends_leads_on_is_followed_by_another(
    redis: EmbeddedRedis, client: Any, spool: Path, start: StartProcess
) -> None:
    redis.kill()
    with closing(LeadProducer.from_url(redis.url, spool=spool)) as producer:
        producer.enqueue_many([{"n": n} for n in range(4000)])
    wait_threads_end()
    redis.start()
    for number in range(3):
        doomed = start(f"doomed-{number}", redis.url, 0, 0.0)
        doomed.begin()
        wait_until(partial(has_sent, client, spool, accepted(client, KEYS)))
        doomed.kill()
    with closing(LeadProducer.from_url(redis.url, spool=spool)):
        wait_home(client, KEYS, spool, 4000)
    assert [lead["n"] for lead in raws(client, KEYS, "bulk")] == [*range(4000)]
    assert accepted(client, KEYS) == 4000


def has_sent(client: Any, spool: Path, before: int) -> bool:
    return accepted(client, KEYS) > before or not leads_in(spool)


@ONE_REDIS
def test_a_lead_is_marked_as_perhaps_sent_before_it_is_and_not_before_redis_answers(
    redis: EmbeddedRedis, client: Any, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis.kill()
    with closing(LeadProducer.from_url(redis.url, spool=spool)) as producer:
        producer.enqueue(LEAD)
    wait_threads_end()
    line = Line(redis.url, timeout_seconds=2, max_connections=1)
    file = SpoolFile(spool)
    flush = Flush(file, EnqueueScript(line, KEYS, 2))
    with pytest.raises(QueueUnavailable):
        flush.chunk()
    assert [row.tried for row in file.head("leads", 9, 9999)] == [False]
    redis.start()
    with monkeypatch.context() as patched:
        patched.setattr(SpoolFile, "remove", die)
        assert flush.chunk() == Flushed(sent=1)
        assert [row.tried for row in file.head("leads", 9, 9999)] == [True]
        with pytest.raises(SpoolError):
            flush.chunk()
    another = Flush(file, EnqueueScript(line, KEYS, 2))
    assert another.chunk() == Flushed(sent=1)
    assert another.chunk() is flush.chunk() is None
    assert accepted(client, KEYS) == 1
    file.close()
    line.close()


def die(*_: object) -> None:
    raise SpoolError("the process died before it let go of the lead")


def test_eight_processes_may_make_the_same_new_spool_at_once(
    spool: Path, start: StartProcess
) -> None:
    apps = [start(f"app-{n}", NOWHERE, 5, 0.0) for n in range(8)]
    for app in apps:
        app.begin()
    for app in apps:
        app.wait_told(5, spooled=True)
    assert [app.end() for app in apps] == [0] * 8
    found = Counter((lead["who"], lead["n"]) for lead in leads_in(spool))
    assert found == Counter((app.who, n) for app in apps for n in range(5))


def test_a_redis_that_hangs_is_asked_a_few_times_however_many_requests_there_are(
    spool: Path,
) -> None:
    seen: list[int] = []

    def hang(_: object, over: threading.Event) -> None:
        seen.append(1)
        over.wait()

    with server(hang) as port:
        url = f"redis://127.0.0.1:{port}"
        with closing(LeadProducer.from_url(url, spool=spool, timeout_seconds=0.2)) as producer:
            receipts = [producer.enqueue(LEAD) for _ in range(500)]
            asked = len(seen)
        assert all(receipt.spooled for receipt in receipts)
        assert 1 <= asked <= 10
    wait_threads_end()
