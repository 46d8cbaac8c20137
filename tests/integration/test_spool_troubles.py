"""A spool in trouble: Redis is used again as soon as it is back, whatever becomes of the spool."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from lead_ops.embedded import EmbeddedRedis
from lead_producers import LeadProducer, QueueUnavailable, SpoolError, homing
from lead_producers.connection import Line
from lead_producers.keys import Keys
from lead_producers.record import new_lead_id
from lead_producers.script import EnqueueScript
from lead_producers.spool_file import SpoolFile
from lead_producers.spool_rows import Parcel
from lead_producers.terms import Entry, Terms
from lead_producers.wire import Deadline
from redis import Redis

from tests.conftest import StartRedis
from tests.integration.fleet import ONE_REDIS, wait_until
from tests.integration.producer_sight import accepted, raws
from tests.integration.spool_sight import change, leads_in, wait_threads_end

pytestmark = ONE_REDIS
KEYS = Keys()


@pytest.fixture
def redis(own_redis: StartRedis) -> EmbeddedRedis:
    return own_redis()


@pytest.fixture
def client(redis: EmbeddedRedis) -> Iterator[Any]:
    with Redis.from_url(redis.url) as client:
        yield client


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(homing, "CAP_SECONDS", 0.2)
    monkeypatch.setattr(homing, "OTHERS_SECONDS", 0.2)


def away(redis: EmbeddedRedis, producer: LeadProducer, leads: int = 3) -> None:
    redis.kill()
    for n in range(leads):
        assert producer.enqueue({"n": n}).spooled


def fail(*_: object, **__: object) -> None:
    raise SpoolError("the spool cannot be used: database or disk is full")


@pytest.mark.parametrize("broken", ["head", "mark_tried", "remove", "put"])
def test_redis_is_used_again_though_the_spool_cannot_be(
    redis: EmbeddedRedis, client: Any, spool: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    with closing(LeadProducer.from_url(redis.url, spool=spool)) as producer:
        away(redis, producer)
        with monkeypatch.context() as patched:
            patched.setattr(SpoolFile, broken, fail)
            if broken == "put":
                with pytest.raises(QueueUnavailable, match="disk is full"):
                    producer.enqueue({"n": 3})
            redis.start()
            wait_until(lambda: not _is_spooled(producer))
        wait_until(lambda: leads_in(spool) == [])
        assert sorted(lead["n"] for lead in raws(client, KEYS) if "n" in lead) == [0, 1, 2]
    wait_threads_end()


def _is_spooled(producer: LeadProducer) -> bool:
    try:
        return producer.enqueue({"probe": 1}).spooled
    except QueueUnavailable:
        return True


def test_on_a_full_disk_leads_come_home_and_leave_when_there_is_room(
    redis: EmbeddedRedis, client: Any, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(LeadProducer.from_url(redis.url, spool=spool)) as producer:
        away(redis, producer, 450)
        with monkeypatch.context() as patched:
            patched.setattr(SpoolFile, "mark_tried", fail)
            patched.setattr(SpoolFile, "remove", fail)
            redis.start()
            wait_until(lambda: accepted(client, KEYS) == 450)
            assert len(leads_in(spool)) == 450
        wait_until(lambda: leads_in(spool) == [])
        assert accepted(client, KEYS) == 450
    wait_threads_end()


def test_redis_is_used_again_though_another_process_has_the_turn_for_ever(
    redis: EmbeddedRedis, client: Any, spool: Path
) -> None:
    with closing(LeadProducer.from_url(redis.url, spool=spool)) as producer:
        with SpoolFile(spool).turn() as ours:
            assert ours
            away(redis, producer)
            redis.start()
            wait_until(lambda: not _is_spooled(producer))
            assert len(leads_in(spool)) >= 3
        wait_until(lambda: leads_in(spool) == [])
    wait_threads_end()


def test_leads_of_a_clock_that_was_ahead_come_home(
    redis: EmbeddedRedis, client: Any, spool: Path
) -> None:
    with closing(LeadProducer.from_url(redis.url, spool=spool)) as producer:
        redis.kill()
        producer.enqueue({"n": 0}, dedupe_seconds=60)
        producer.enqueue({"n": 1})
        change(spool, "UPDATE spool SET spooled_at = spooled_at + 2592000")
        redis.start()
        wait_until(lambda: leads_in(spool) == [])
        assert [lead["n"] for lead in raws(client, KEYS)] == [0, 1]
        assert all(0 < client.ttl(key) <= 60 for key in client.keys(KEYS.alike("*")))
    wait_threads_end()


def test_leads_of_several_sources_keep_their_order(
    redis: EmbeddedRedis, client: Any, spool: Path
) -> None:
    with closing(LeadProducer.from_url(redis.url, spool=spool)) as producer:
        redis.kill()
        for n, source in enumerate("zyxzyx"):
            producer.enqueue({"n": n}, source=source)
        redis.start()
        wait_until(lambda: leads_in(spool) == [])
        assert [lead["n"] for lead in raws(client, KEYS)] == [*range(6)]
    wait_threads_end()


def test_without_a_thread_a_request_sends_on_no_more_than_a_calls_worth(
    redis: EmbeddedRedis, client: Any, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = SpoolFile(spool)
    entries = [Entry(n, new_lead_id(), "", "", b"{}") for n in range(500)]
    file.put(Parcel("leads", entries, Terms("live"), tried=False), Deadline(5))
    file.close()

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    line = Line(redis.url, timeout_seconds=2, max_connections=1)
    EnqueueScript(line, KEYS, 2).finish(EnqueueScript(line, KEYS, 2).begin([], Terms("live")))
    line.close()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with closing(LeadProducer.from_url(redis.url, spool=spool)) as producer:
            producer.enqueue({"n": 0})
            assert len(leads_in(spool)) in (300, 500 - 200)
    assert accepted(client, KEYS) == 201
