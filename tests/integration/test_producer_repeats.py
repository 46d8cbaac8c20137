"""One lead and one receipt, whatever happens on the way: lost answers, restarts, forks, threads."""

from __future__ import annotations

import json
import os
import threading
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from lead_producers import (
    LeadProducer,
    QueueFull,
    QueueUnavailable,
    Receipt,
)
from lead_producers.connection import Line
from lead_producers.keys import Keys
from lead_producers.record import new_lead_id
from lead_producers.script import TRIES, EnqueueScript, Handed
from lead_producers.terms import Entry, Terms
from lead_producers.wire import Deadline
from redis import Redis

from tests.conftest import StartRedis
from tests.integration.producer_sight import LEAD, accepted, calls, line_of, raws, waiting
from tests.integration.tcp_proxy import ReplyLosingProxy


def test_a_producer_outlives_a_restart_of_redis(own_redis: StartRedis) -> None:
    redis = own_redis()
    with closing(LeadProducer.from_url(redis.url)) as producer:
        for step in range(3):
            producer.enqueue({"step": step})
            redis.kill()
            with pytest.raises(QueueUnavailable):
                producer.enqueue({"step": "while it is gone"})
            redis.start()
        with Redis.from_url(redis.url) as client:
            assert [lead["step"] for lead in raws(client, Keys())] == [0, 1, 2]


def test_a_lost_answer_costs_neither_the_receipt_nor_a_second_lead(own_redis: StartRedis) -> None:
    redis = own_redis(tcp=True)
    with (
        ReplyLosingProxy(redis.port, losses=2) as proxy,
        closing(LeadProducer.from_url(f"redis://127.0.0.1:{proxy.port}")) as producer,
        Redis.from_url(redis.url) as client,
    ):
        receipt = producer.enqueue(LEAD, key="k")
        assert [*proxy.lost.values()] == [2]
        assert not receipt.duplicate
        assert waiting(client, Keys()) == [receipt.lead_id]
        assert accepted(client, Keys()) == 1


def test_a_lost_answer_in_a_bulk_costs_no_receipt_and_no_second_lead(own_redis: StartRedis) -> None:
    redis = own_redis(tcp=True)
    receipts: dict[int, Receipt] = {}
    with (
        ReplyLosingProxy(redis.port) as proxy,
        closing(LeadProducer.from_url(f"redis://127.0.0.1:{proxy.port}")) as producer,
        Redis.from_url(redis.url) as client,
    ):
        summary = producer.enqueue_many(
            ({"n": n} for n in range(450)), on_receipt=receipts.__setitem__
        )
        assert [*proxy.lost.values()] == [1]
        assert (summary.accepted, summary.duplicates) == (450, 0)
        assert [receipts[n].lead_id for n in range(450)] == waiting(client, Keys(), "bulk")
        assert [lead["n"] for lead in raws(client, Keys(), "bulk")] == [*range(450)]


def test_a_call_that_was_carried_out_is_confirmed_though_memory_is_short_by_now(
    redis_url: str, redis_client: Any, keys: Keys
) -> None:
    line = Line(redis_url, timeout_seconds=2, max_connections=1)
    script = EnqueueScript(line, keys, 2)
    entries = [Entry(0, new_lead_id(), "", "", b"{}"), Entry(1, new_lead_id(), "", "", b"{}")]
    live = Terms("live")
    assert script.finish(script.begin(entries, live)) == Handed({})
    redis_client.set(keys.full, 1)
    assert script.finish(script.begin(entries, live)) == Handed({})
    with pytest.raises(QueueFull):
        script.finish(script.begin([*entries, Entry(2, new_lead_id(), "", "", b"{}")], live))
    assert accepted(redis_client, keys) == 2
    line.close()


def test_the_script_is_sent_where_redis_has_forgotten_it(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    for step in range(3):
        producer.enqueue({"step": step})
        producer.enqueue_many([{"step": step}])
        redis_client.script_flush()
    assert [lead["step"] for lead in raws(redis_client, keys)] == [0, 1, 2]
    assert [lead["step"] for lead in raws(redis_client, keys, "bulk")] == [0, 1, 2]


@pytest.mark.parametrize("has_poll", [True, False], ids=["poll", "no poll, as under eventlet"])
def test_connections_that_redis_closed_meanwhile_are_not_used_again(
    producer: LeadProducer,
    redis_client: Any,
    keys: Keys,
    monkeypatch: pytest.MonkeyPatch,
    has_poll: bool,
) -> None:
    if not has_poll:
        monkeypatch.setattr("lead_producers.wire.select", SimpleNamespace())
    producer.enqueue(LEAD)
    warm(producer, 2 * TRIES)
    for client in redis_client.client_list():
        if client["cmd"] in ("NULL", "eval", "evalsha"):
            redis_client.client_kill_filter(_id=client["id"])
    calls(redis_client)
    producer.enqueue(LEAD)
    assert calls(redis_client) == {"evalsha": 1}
    assert accepted(redis_client, keys) == 2


def test_connections_to_a_primary_that_was_demoted_are_not_used_again(
    own_redis: StartRedis, tmp_path: Path
) -> None:
    old, new, address = own_redis(), own_redis(), tmp_path / "primary.sock"
    address.symlink_to(old.socket_path)
    with closing(LeadProducer.from_url(f"unix://{address}")) as producer:
        warm(producer, 2 * TRIES)
        with Redis.from_url(old.url) as client:
            client.replicaof("127.0.0.1", "1")
        address.unlink()
        address.symlink_to(new.socket_path)
        producer.enqueue(LEAD)
    with Redis.from_url(new.url) as client:
        assert accepted(client, Keys()) == 1


def warm(producer: LeadProducer, count: int) -> None:
    """Open so many connections, and leave them idle."""
    line = line_of(producer)
    wires = [line.borrow(Deadline(10)) for _ in range(count)]
    for wire in wires:
        line.give_back(wire)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_producer_can_be_used_on_both_sides_of_a_fork(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    producer.enqueue({"by": "before", "n": 0})
    first, is_first = os.pipe()
    seen, is_seen = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - it ends in _exit
        try:
            producer.enqueue({"by": "child", "n": 0})
            os.write(is_first, b"!")
            os.read(seen, 1)
            for n in range(1, 100):
                producer.enqueue({"by": "child", "n": n})
        finally:
            os._exit(0)
    assert os.read(first, 1) == b"!"
    # Replies look alike, so that a socket were shared might show in nothing but this.
    assert sum(c["cmd"] in ("eval", "evalsha") for c in redis_client.client_list()) == 2
    os.write(is_seen, b"!")
    for n in range(100):
        producer.enqueue({"by": "parent", "n": n})
    os.waitpid(child, 0)
    for end in (first, is_first, seen, is_seen):
        os.close(end)
    found = [(lead["by"], lead["n"]) for lead in raws(redis_client, keys)]
    both = {(by, n) for by in ("parent", "child") for n in range(100)}
    assert {*found} == both | {("before", 0)}
    assert len(found) == 201


def test_a_producer_can_be_shared_by_threads(redis_url: str, redis_client: Any, keys: Keys) -> None:
    receipts: list[dict[int, str]] = [{} for _ in range(16)]

    def work(thread: int) -> None:
        for n in range(100):
            receipts[thread][n] = shared.enqueue({"thread": thread, "n": n}).lead_id
        shared.enqueue_many(
            ({"thread": thread, "n": n} for n in range(100, 200)),
            lane="live",
            on_receipt=lambda n, receipt: receipts[thread].update({n + 100: receipt.lead_id}),
        )

    with closing(
        LeadProducer.from_url(redis_url, keys.namespace, max_connections=8, timeout_seconds=60)
    ) as shared:
        threads = [threading.Thread(target=work, args=(thread,)) for thread in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(c["cmd"] == "evalsha" for c in redis_client.client_list()) <= 8
    assert accepted(redis_client, keys) == 3200
    for number, found in enumerate(receipts):
        for n, lead_id in found.items():
            raw = redis_client.get(keys.raw(lead_id))
            assert json.loads(raw or b"") == {"thread": number, "n": n}
