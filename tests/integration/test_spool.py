"""A spool in one process: what goes in while Redis is away, and how it comes home, once each."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from lead_ops.embedded import EmbeddedRedis
from lead_producers import LeadProducer, QueueFull, Receipt
from lead_producers.bulk import CHUNK
from lead_producers.connection import Line
from lead_producers.flushing import Flush, Flushed
from lead_producers.keys import Keys
from lead_producers.record import new_lead_id
from lead_producers.script import EnqueueScript
from lead_producers.spool_file import STALE_SECONDS, SpoolFile
from lead_producers.spool_rows import Parcel
from lead_producers.terms import Entry, Terms
from lead_producers.wire import Deadline
from redis import Redis

from tests.conftest import StartRedis
from tests.integration.fleet import ONE_REDIS, wait_until
from tests.integration.producer_sight import LEAD, accepted, raws, waiting
from tests.integration.spool_sight import (
    all_raws,
    change,
    leads_in,
    spooled_in,
    wait_home,
    wait_threads_end,
)
from tests.integration.tcp_proxy import ReplyLosingProxy

pytestmark = ONE_REDIS
KEYS = Keys()
SECRET = "joana.prado@cliente.example"


@pytest.fixture
def redis(own_redis: StartRedis) -> EmbeddedRedis:
    return own_redis(tcp=True)


@pytest.fixture
def client(redis: EmbeddedRedis) -> Iterator[Any]:
    with Redis.from_url(redis.url) as client:
        yield client


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


@pytest.fixture
def producer(redis: EmbeddedRedis, spool: Path) -> Iterator[LeadProducer]:
    with closing(LeadProducer.from_url(redis.url, spool=spool)) as producer:
        yield producer
    wait_threads_end()


def test_while_redis_answers_nothing_is_spooled(
    producer: LeadProducer, client: Any, spool: Path
) -> None:
    assert not producer.enqueue(LEAD).spooled
    assert producer.enqueue_many([LEAD] * 3).spooled == 0
    assert accepted(client, KEYS) == 4
    assert leads_in(spool) == []


def test_what_was_spooled_comes_home_in_order_under_its_ids_with_its_terms(
    redis: EmbeddedRedis, producer: LeadProducer, client: Any, spool: Path
) -> None:
    redis.kill()
    receipts = [producer.enqueue({"n": n}, source="form/7") for n in range(250)]
    bulk: dict[int, Receipt] = {}
    producer.enqueue_many(({"n": n} for n in range(250, 450)), on_receipt=bulk.__setitem__)
    assert all(receipt.spooled for receipt in [*receipts, *bulk.values()])
    assert leads_in(spool) == [{"n": n} for n in range(450)]
    redis.start()
    wait_home(client, KEYS, spool, 450)
    assert waiting(client, KEYS) == [receipt.lead_id for receipt in receipts]
    assert waiting(client, KEYS, "bulk") == [bulk[n].lead_id for n in range(200)]
    assert [lead["n"] for lead in all_raws(client, KEYS)] == [*range(450)]
    assert client.hget(KEYS.lead(receipts[0].lead_id), "source") == b"form/7"
    assert client.hget(KEYS.lead(bulk[0].lead_id), "source") is None
    wait_threads_end()
    wait_until(lambda: not producer.enqueue(LEAD).spooled)


def test_a_bulk_goes_into_the_spool_a_chunk_at_a_time(
    redis: EmbeddedRedis,
    producer: LeadProducer,
    client: Any,
    spool: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes: list[int] = []
    put = SpoolFile.put

    def counted(file: SpoolFile, parcel: Parcel, deadline: Deadline) -> Any:
        sizes.append(len(parcel.entries))
        return put(file, parcel, deadline)

    monkeypatch.setattr(SpoolFile, "put", counted)
    redis.kill()
    leads = [{"n": n} for n in range(5 * CHUNK)]
    leads[7] = {"n": {1}}  # type: ignore[dict-item]
    summary = producer.enqueue_many(leads, key=lambda n, _: "twice" if n < 2 else f"k{n}")
    assert (summary.spooled, summary.duplicates, summary.refused_count) == (5 * CHUNK - 2, 1, 1)
    assert (summary.accepted, summary.total) == (0, 5 * CHUNK)
    assert sizes == [CHUNK] * 4 + [CHUNK - 1]
    redis.start()
    wait_home(client, KEYS, spool, summary.spooled)
    assert accepted(client, KEYS) == summary.spooled


def test_keys_and_equal_content_are_known_within_the_spool(
    redis: EmbeddedRedis, producer: LeadProducer, client: Any, spool: Path
) -> None:
    redis.kill()
    first = producer.enqueue(LEAD, key="k")
    assert producer.enqueue({"other": 1}, key="k", lane="bulk") == Receipt(
        first.lead_id, duplicate=True, spooled=True
    )
    click = producer.enqueue({"a": 1, "b": 2}, dedupe_seconds=600)
    assert not click.duplicate
    again = producer.enqueue({"b": 2, "a": 1}, dedupe_seconds=600)
    assert again == Receipt(click.lead_id, duplicate=True, spooled=True)
    assert not producer.enqueue({"a": 1, "b": 3}, dedupe_seconds=600).duplicate
    assert not producer.enqueue({"b": 2, "a": 1}).duplicate
    change(spool, "UPDATE spool SET spooled_at = spooled_at - 700")
    assert not producer.enqueue({"a": 1, "b": 2}, dedupe_seconds=600).duplicate
    redis.start()
    wait_home(client, KEYS, spool, 5)
    assert accepted(client, KEYS) == 5


def test_a_key_that_redis_knows_already_is_dropped_on_the_way_home(
    redis: EmbeddedRedis, producer: LeadProducer, client: Any, spool: Path
) -> None:
    first = producer.enqueue(LEAD, key="k")
    click = producer.enqueue({"a": 1}, dedupe_seconds=600)
    redis.kill()
    assert producer.enqueue({"other": 1}, key="k").spooled
    assert producer.enqueue({"a": 1}, dedupe_seconds=600).spooled
    last = producer.enqueue({"last": 1})
    redis.start()
    wait_home(client, KEYS, spool, 3)
    assert waiting(client, KEYS) == [first.lead_id, click.lead_id, last.lead_id]


def test_a_lead_that_may_have_arrived_and_is_spooled_is_one_lead(
    redis: EmbeddedRedis, client: Any, spool: Path
) -> None:
    with closing(LeadProducer.from_url(redis.url, "other")) as other:
        other.enqueue(LEAD)  # Redis knows the script from now on
    with ReplyLosingProxy(redis.port, losses=3) as proxy:
        url = f"redis://127.0.0.1:{proxy.port}"
        with closing(LeadProducer.from_url(url, spool=spool)) as producer:
            receipt = producer.enqueue(LEAD, key="k", dedupe_seconds=60)
            assert receipt.spooled
            assert waiting(client, KEYS) == [receipt.lead_id]
            wait_home(client, KEYS, spool, 1)
            wait_threads_end()
            assert waiting(client, KEYS) == [receipt.lead_id]
            assert accepted(client, KEYS) == 1


def test_where_memory_is_short_leads_wait_in_the_spool_until_it_is_not(
    producer: LeadProducer, client: Any, spool: Path
) -> None:
    client.set(KEYS.full, 1)
    assert [producer.enqueue({"n": n}).spooled for n in range(3)] == [True] * 3
    assert accepted(client, KEYS) == 0
    client.delete(KEYS.full)
    wait_home(client, KEYS, spool, 3)
    assert [lead["n"] for lead in raws(client, KEYS)] == [0, 1, 2]


def test_what_redis_refused_is_not_marked_as_if_it_perhaps_had_it(
    redis: EmbeddedRedis, client: Any, spool: Path
) -> None:
    line = Line(redis.url, timeout_seconds=2, max_connections=1)
    with closing(SpoolFile(spool)) as file, closing(line):
        entry = Entry(0, new_lead_id(), "", "", b"{}")
        file.put(Parcel("leads", [entry], Terms("live"), tried=False), Deadline(2))
        flush = Flush(file, EnqueueScript(line, KEYS, 2))
        client.set(KEYS.full, 1)
        with pytest.raises(QueueFull):
            flush.chunk()
        assert [row.tried for row in file.head("leads", 10, 10_000)] == [False]
        client.delete(KEYS.full)
        assert flush.chunk() == Flushed(sent=1)


def test_what_may_have_arrived_long_ago_waits_for_a_person(
    redis: EmbeddedRedis, producer: LeadProducer, client: Any, spool: Path
) -> None:
    redis.kill()
    for n in range(3):
        producer.enqueue({"n": n})
    past = f"spooled_at = spooled_at - {STALE_SECONDS + 60}"
    change(spool, f"UPDATE spool SET {past}, tried = (seq = 2)")
    redis.start()
    wait_until(lambda: len(leads_in(spool)) == 1)
    wait_threads_end()
    assert leads_in(spool) == [{"n": 1}]
    assert [lead["n"] for lead in raws(client, KEYS)] == [0, 2]
    with closing(SpoolFile(spool)) as file:
        (contents,) = file.contents()
    assert (contents.leads, contents.stale) == (1, 1)
    # The next one passes it by.
    redis.kill()
    wait_until(lambda: producer.enqueue({"n": 3}).spooled)
    redis.start()
    wait_home_but(client, spool, {"n": 1})


def wait_home_but(client: Any, spool: Path, stays: Any) -> None:
    wait_until(lambda: leads_in(spool) == [stays])
    assert stays not in raws(client, KEYS)


def test_each_namespace_has_its_own_leads_in_a_spool_that_is_shared(
    redis: EmbeddedRedis, producer: LeadProducer, client: Any, spool: Path
) -> None:
    with closing(LeadProducer.from_url(redis.url, "other", spool=spool)) as other:
        redis.kill()
        assert not producer.enqueue({"of": "leads"}, key="k").duplicate
        assert not other.enqueue({"of": "other"}, key="k").duplicate
        redis.start()
        wait_home(client, KEYS, spool, 1)
        wait_home(client, Keys("other"), spool, 1)
    assert raws(client, KEYS) == [{"of": "leads"}]
    assert raws(client, Keys("other")) == [{"of": "other"}]


def test_nothing_of_a_lead_is_left_in_the_files_once_it_is_home(
    redis: EmbeddedRedis, producer: LeadProducer, client: Any, spool: Path
) -> None:
    redis.kill()
    for n in range(60):  # small ones, and some that fill pages of their own
        producer.enqueue({"email": SECRET, "n": n, "text": f"{SECRET} " * (300 if n % 7 else 1)})
    files = [*spool.parent.glob("spool.db*")]
    assert any(SECRET.encode() in file.read_bytes() for file in files)
    redis.start()
    wait_home(client, KEYS, spool, 60)
    wait_threads_end()
    files = [*spool.parent.glob("spool.db*")]
    assert [file.name for file in files if SECRET.encode() in file.read_bytes()] == []


def test_threads_share_a_producer_with_a_spool(
    redis: EmbeddedRedis, producer: LeadProducer, client: Any, spool: Path
) -> None:
    receipts: list[str] = []

    def work(thread: int) -> None:
        for n in range(40):
            receipts.append(producer.enqueue({"thread": thread, "n": n}).lead_id)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    redis.kill()
    for thread in threads:
        thread.start()
    wait_until(lambda: len(receipts) > 100)
    redis.start()
    for thread in threads:
        thread.join()
    wait_home(client, KEYS, spool, 320)
    assert sorted(waiting(client, KEYS)) == sorted(receipts)
    found = {(lead["thread"], lead["n"]) for lead in raws(client, KEYS)}
    assert len(found) == accepted(client, KEYS) == 320
    wait_threads_end()


def test_a_closed_producer_leaves_its_leads_where_the_next_one_finds_them(
    redis: EmbeddedRedis, client: Any, spool: Path
) -> None:
    redis.kill()
    with closing(LeadProducer.from_url(redis.url, spool=spool)) as producer:
        receipt = producer.enqueue(LEAD)
    wait_threads_end()
    with closing(SpoolFile(spool)) as file:
        assert spooled_in(file) == 1
    redis.start()
    with closing(LeadProducer.from_url(redis.url, spool=spool)):
        wait_home(client, KEYS, spool, 1)
    assert waiting(client, KEYS) == [receipt.lead_id]
