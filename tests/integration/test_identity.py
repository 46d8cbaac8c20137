"""A key is one lead: whatever has become of it since, its receipt names the first."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from lead_producers import LeadProducer, Receipt
from lead_producers.keys import Keys
from lead_worker.core.lifecycle import State
from lead_worker.retention import retain
from lead_worker.settings import DAY_SECONDS, load
from redis import Redis

from tests.conftest import StartRedis
from tests.integration.dead_letters import REFUSED, claim_all, dead, edit
from tests.integration.producer_sight import LEAD, accepted, calls, waiting
from tests.integration.queues import ENTRY, Queue, settlement

ACT = {"event": "by hand"}
SETTINGS = load({"LEADS_KEEP_DELIVERED_DAYS": "1", "LEADS_KEEP_DEAD_DAYS": "90"})


def nothing(queue: Queue, lead_id: str) -> None:
    """It still waits."""


def claimed(queue: Queue, lead_id: str) -> None:
    assert [lead.lead_id for lead in claim_all(queue)] == [lead_id]


def delivered(queue: Queue, lead_id: str) -> None:
    queue.settle(*(settlement(lead, State.DELIVERED) for lead in claim_all(queue)))
    assert queue.state(lead_id) == "delivered"


def died(queue: Queue, lead_id: str) -> None:
    queue.settle(*(dead(lead, REFUSED) for lead in claim_all(queue)))
    assert queue.state(lead_id) == "dead"


def died_and_replayed(queue: Queue, lead_id: str) -> None:
    died(queue, lead_id)
    assert queue.store().replay(lead_id, "act", ACT) == "ok"


def died_and_edited(queue: Queue, lead_id: str) -> None:
    died(queue, lead_id)
    before = queue.client.get(queue.keys.raw(lead_id))
    assert queue.store().edit(lead_id, edit(before)) == "ok"


def died_edited_replayed_and_delivered(queue: Queue, lead_id: str) -> None:
    died_and_edited(queue, lead_id)
    assert queue.store().replay(lead_id, "act 2", ACT) == "ok"
    delivered(queue, lead_id)


def discarded(queue: Queue, lead_id: str) -> None:
    died(queue, lead_id)
    assert queue.store().discard(lead_id, "act", ACT) == "ok"


def became_unknown(queue: Queue, lead_id: str) -> None:
    queue.settle(*(settlement(lead, State.UNKNOWN) for lead in claim_all(queue)))
    assert queue.state(lead_id) == "unknown"


def erased(queue: Queue, lead_id: str) -> None:
    assert queue.store().erase(lead_id, ENTRY) == "ok"


def delivered_and_forgotten(queue: Queue, lead_id: str) -> None:
    delivered(queue, lead_id)
    queue.pass_time(2 * DAY_SECONDS)
    assert retain(queue.store(), SETTINGS) == 1
    assert queue.state(lead_id) == ""


FATES: list[Callable[[Queue, str], None]] = [
    nothing,
    claimed,
    delivered,
    died,
    died_and_replayed,
    died_and_edited,
    died_edited_replayed_and_delivered,
    discarded,
    became_unknown,
    erased,
    delivered_and_forgotten,
]


@pytest.mark.parametrize("fate", FATES, ids=lambda fate: fate.__name__)
def test_a_second_lead_under_a_key_gets_the_first_ones_receipt_whatever_became_of_that(
    queue: Queue, producer: LeadProducer, fate: Callable[[Queue, str], None]
) -> None:
    first = producer.enqueue({"email": "ana@exemplo.example"}, key="form-1", source="form/1")
    fate(queue, first.lead_id)
    before = queue.dump()
    same = Receipt(first.lead_id, duplicate=True)
    assert producer.enqueue({"email": "ana@exemplo.example"}, key="form-1") == same
    assert producer.enqueue({"x": 1}, key="form-1", source="form/2", lane="bulk") == same
    assert producer.enqueue({"x": 1}, key="form-1", dedupe_seconds=60) == same
    summary = producer.enqueue_many([{"x": n} for n in range(3)], key=lambda *_: "form-1")
    assert (summary.accepted, summary.duplicates) == (0, 3)
    assert queue.dump() == before
    assert not producer.enqueue({"x": 1}, key="form-2").duplicate


def test_a_key_is_known_for_as_long_as_the_settings_keep_the_longest_kept_lead(
    queue: Queue, producer: LeadProducer
) -> None:
    first = producer.enqueue(LEAD, key="form-1")
    delivered(queue, first.lead_id)
    queue.pass_time(2 * DAY_SECONDS)
    assert retain(queue.store(), SETTINGS) == 1
    (key,) = queue.client.keys(queue.keys.idempotency("*"))
    left_days = queue.client.pttl(key) / 1000 / DAY_SECONDS
    assert left_days == pytest.approx(89, abs=0.1)  # of 90, and one it had been kept for
    assert producer.enqueue(LEAD, key="form-1") == Receipt(first.lead_id, duplicate=True)
    queue.client.pexpire(key, 0)  # its time passes
    again = producer.enqueue(LEAD, key="form-1")
    assert not again.duplicate
    assert again.lead_id != first.lead_id


def test_a_key_outlives_a_crash_of_redis(own_redis: StartRedis) -> None:
    redis = own_redis()
    with closing(LeadProducer.from_url(redis.url)) as producer:
        first = producer.enqueue(LEAD, key="form-1")
        redis.kill()
        redis.start()
        assert producer.enqueue({"x": 1}, key="form-1") == Receipt(first.lead_id, duplicate=True)
    with Redis.from_url(redis.url) as client:
        assert accepted(client, Keys()) == 1


def test_a_key_costs_no_second_round_trip(producer: LeadProducer, redis_client: Any) -> None:
    producer.enqueue(LEAD)
    calls(redis_client)
    for _ in range(3):
        producer.enqueue(LEAD, key="form-1")
    assert calls(redis_client) == {"evalsha": 3}


def test_each_namespace_has_keys_of_its_own(
    redis_url: str, producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    first = producer.enqueue(LEAD, key="form-1")
    with closing(LeadProducer.from_url(redis_url, f"{keys.namespace}-2")) as other:
        assert not other.enqueue(LEAD, key="form-1").duplicate
    assert waiting(redis_client, keys) == [first.lead_id]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("form-1", "Form-1"),
        ("form-1", "form-1 "),
        ("é", "e\u0301"),
        ("0", "00"),
    ],
)
def test_keys_that_differ_in_a_byte_are_two(producer: LeadProducer, one: str, other: str) -> None:
    first = producer.enqueue(LEAD, key=one)
    assert not producer.enqueue(LEAD, key=other).duplicate
    assert producer.enqueue(LEAD, key=one) == Receipt(first.lead_id, duplicate=True)
