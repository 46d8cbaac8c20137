"""`durable`: a receipt only for what Redis has on its disk, and an error that says what is known.

A server is killed here, not its machine: that shows that what was confirmed had left the server's
memory, not that it was on the disk. That it was is what `WAITAOF` says, or `appendfsync always`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lead_ops.embedded import EmbeddedRedis
from lead_producers import (
    LeadProducer,
    NotDurable,
    QueueFull,
    QueueUnavailable,
    Receipt,
)
from lead_producers.keys import Keys

from tests.conftest import StartRedis
from tests.integration.durable_redis import (
    assert_not_durable,
    client_of,
    free_port,
    producer_of,
    valkeys,
)
from tests.integration.producer_sight import LEAD, accepted, calls, raws, waiting
from tests.integration.producer_trouble import ended
from tests.integration.tcp_proxy import ReplyLosingProxy

KEYS = Keys()
BOUND_SECONDS = 0.6


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartRedis]:
    with valkeys(tmp_path / "valkey") as start:
        yield start


@pytest.fixture
def valkey(start: StartRedis) -> EmbeddedRedis:
    """With the setting of most Redis: it writes to its disk once a second."""
    return start(appendfsync="everysec")


def test_a_receipt_is_given_once_the_disk_has_the_lead(valkey: EmbeddedRedis) -> None:
    with producer_of(valkey) as producer, client_of(valkey) as client:
        receipt = producer.enqueue(LEAD, durable=True)
        assert receipt == Receipt(receipt.lead_id)
        assert waiting(client, KEYS) == [receipt.lead_id]
        assert 0 < client.ttl(KEYS.touched) <= 60


def test_a_durable_call_is_one_round_trip_and_another_one_asks_nothing(
    valkey: EmbeddedRedis,
) -> None:
    with producer_of(valkey) as producer, client_of(valkey) as client:
        producer.enqueue(LEAD, durable=True)
        calls(client)
        producer.enqueue(LEAD, durable=True)
        assert calls(client) == {"evalsha": 1, "waitaof": 1}
        producer.enqueue(LEAD)
        assert calls(client) == {"evalsha": 1}


def test_what_has_a_receipt_outlives_the_server(valkey: EmbeddedRedis) -> None:
    receipts = []
    with producer_of(valkey, timeout_seconds=5) as producer:
        for n in range(3):
            receipts.append(producer.enqueue({"n": n}, durable=True).lead_id)
            valkey.kill()
            valkey.start()
    with client_of(valkey) as client:
        assert waiting(client, KEYS) == receipts
        assert [lead["n"] for lead in raws(client, KEYS)] == [0, 1, 2]


def test_a_disk_that_is_never_written_gives_no_receipt_not_even_for_a_repetition(
    start: StartRedis,
) -> None:
    """The trap: who repeats a call writes nothing, so its connection has nothing to wait for."""
    valkey = start(appendfsync="no")
    with client_of(valkey) as own:
        for _ in range(3):
            with producer_of(valkey, timeout_seconds=BOUND_SECONDS) as producer:
                with pytest.raises(QueueUnavailable) as caught:
                    producer.enqueue(LEAD, key="k", dedupe_seconds=60, durable=True)
                assert caught.value.maybe_enqueued
                text = f"did not write to its disk within {BOUND_SECONDS:g} s"
                assert str(caught.value).endswith(f"{text} (perhaps enqueued all the same)")
        with producer_of(valkey, timeout_seconds=BOUND_SECONDS) as producer:
            with pytest.raises(QueueUnavailable):
                producer.enqueue_many([LEAD] * 3, key=lambda *_: "k", durable=True)
            assert accepted(own, KEYS) == 1
            own.config_set("appendfsync", "always")
            first = producer.enqueue(LEAD, key="k", durable=True)
        assert first == Receipt(waiting(own, KEYS)[0], duplicate=True)


def test_memory_that_is_short_is_said_and_not_that_the_disk_is_slow(start: StartRedis) -> None:
    valkey = start(appendfsync="no")
    with producer_of(valkey, timeout_seconds=BOUND_SECONDS) as producer, client_of(valkey) as own:
        own.set(KEYS.full, 1)
        with pytest.raises(QueueFull):
            producer.enqueue(LEAD, durable=True)
        assert accepted(own, KEYS) == 0


def test_a_lead_whose_wait_was_broken_off_may_be_enqueued(start: StartRedis) -> None:
    """As a primary does when it becomes a replica: it has the lead by then."""
    valkey = start(appendfsync="no")
    broken: list[int] = []
    over = threading.Event()

    def break_off() -> None:
        with client_of(valkey) as breaking:
            while not over.wait(0.01):
                for each in breaking.client_list():
                    if each["cmd"] == "waitaof" and "b" in each["flags"]:
                        broken.append(breaking.client_unblock(int(each["id"]), error=True))

    breaker = threading.Thread(target=break_off)
    with producer_of(valkey, timeout_seconds=20) as producer, client_of(valkey) as own:
        breaker.start()
        error = ended(lambda: producer.enqueue(LEAD, durable=True))
        over.set()
        breaker.join()
        assert sum(broken) >= 1
        assert type(error) is QueueUnavailable
        assert error.maybe_enqueued
        assert accepted(own, KEYS) == 1


def test_a_server_without_a_file_is_given_no_lead(start: StartRedis) -> None:
    valkey = start(appendonly="no")
    with producer_of(valkey) as producer, client_of(valkey) as client:
        assert_not_durable(producer, valkey)
        assert client.keys() == []
        assert not producer.enqueue(LEAD).duplicate


def test_a_file_that_is_switched_off_between_two_calls_gives_no_receipt(
    valkey: EmbeddedRedis,
) -> None:
    with producer_of(valkey) as producer, client_of(valkey) as client:
        producer.enqueue({"n": 0}, durable=True)
        client.config_set("appendonly", "no")
        with pytest.raises(NotDurable) as caught:
            producer.enqueue({"n": 1}, durable=True)
        assert caught.value.maybe_enqueued
        assert str(caught.value).endswith("(enqueued all the same)")
        assert [lead["n"] for lead in raws(client, KEYS)] == [0, 1]


def test_a_bulk_is_durable_chunk_by_chunk(valkey: EmbeddedRedis) -> None:
    with producer_of(valkey, timeout_seconds=10) as producer:
        summary = producer.enqueue_many(({"n": n} for n in range(450)), durable=True)
        assert summary.accepted == 450
        valkey.kill()
        valkey.start()
    with client_of(valkey) as client:
        assert [lead["n"] for lead in raws(client, KEYS, "bulk")] == [*range(450)]


def test_the_first_call_on_a_connection_does_not_wait_for_the_disk_twice(
    valkey: EmbeddedRedis,
) -> None:
    with producer_of(valkey) as producer, client_of(valkey) as client:
        calls(client)
        producer.enqueue(LEAD, durable=True)
        assert calls(client) == {"eval": 1, "waitaof": 2}  # the other one asks whether it can tell
        producer.enqueue(LEAD, durable=True)
        assert calls(client) == {"evalsha": 1, "waitaof": 1}


def test_a_script_that_the_server_has_forgotten_is_sent_and_waited_for(
    valkey: EmbeddedRedis,
) -> None:
    with producer_of(valkey, timeout_seconds=10) as producer, client_of(valkey) as client:
        producer.enqueue({"n": 0}, durable=True)
        client.script_flush()
        calls(client)
        receipt = producer.enqueue({"n": 1}, durable=True)
        assert calls(client) == {"evalsha": 1, "eval": 1, "waitaof": 2}
        valkey.kill()
        valkey.start()
        assert waiting(client, KEYS)[1:] == [receipt.lead_id]


def test_an_answer_that_was_lost_costs_neither_the_receipt_nor_a_second_lead(
    start: StartRedis,
) -> None:
    port = free_port()
    valkey = start(appendfsync="everysec", port=str(port))
    with (
        ReplyLosingProxy(port) as proxy,
        closing(
            LeadProducer.from_url(f"redis://127.0.0.1:{proxy.port}", timeout_seconds=10)
        ) as producer,
        client_of(valkey) as client,
    ):
        first = producer.enqueue(LEAD, durable=True)
        assert proxy.lost == {}
        receipt = producer.enqueue(LEAD, key="k", durable=True)
        assert [*proxy.lost.values()] == [1]
        assert not receipt.duplicate
        assert waiting(client, KEYS) == [first.lead_id, receipt.lead_id]
