"""Equal content within a time: a double click is one lead, and who comes back later is another."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from lead_producers import BadLead, LeadProducer, Receipt
from lead_producers.bulk import CHUNK
from lead_producers.keys import Keys
from lead_producers.record import content_digest
from lead_worker.core.lifecycle import State

from tests.integration.dead_letters import claim_all, dead
from tests.integration.fleet import wait_until
from tests.integration.producer_sight import accepted, calls, raws, waiting
from tests.integration.queues import ENTRY, Queue, settlement
from tests.integration.tcp_proxy import ReplyLosingProxy

A_B: Mapping[str, Any] = {"a": 1, "b": {"c": [1, 2], "d": "é"}}
B_A: Mapping[str, Any] = {"b": {"d": "é", "c": (1, 2)}, "a": 1}


def test_the_same_said_in_another_order_is_the_same_lead_in_any_lane_and_source(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    first = producer.enqueue(A_B, dedupe_seconds=60)
    again = Receipt(first.lead_id, duplicate=True)
    assert not first.duplicate
    assert producer.enqueue(A_B, dedupe_seconds=60) == again
    assert producer.enqueue(B_A, dedupe_seconds=5) == again
    assert producer.enqueue(UserDict(B_A), lane="bulk", source="x", dedupe_seconds=60) == again
    assert producer.enqueue(MappingProxyType(A_B), dedupe_seconds=604_800) == again
    assert waiting(redis_client, keys) == [first.lead_id]
    assert waiting(redis_client, keys, "bulk") == []
    assert accepted(redis_client, keys) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"a": 2, "b": {"c": [1, 2], "d": "é"}},
        {"a": 1, "b": {"c": [2, 1], "d": "é"}},
        {"a": 1, "b": {"c": [1, 2], "d": "e\u0301"}},
        {"a": "1", "b": {"c": [1, 2], "d": "é"}},
        {"a": True, "b": {"c": [1, 2], "d": "é"}},
        {"a": 1, "b": {"c": [1, 2], "d": "é"}, "e": None},
        {"a": 1},
        {},
    ],
    ids=repr,
)
def test_what_says_something_else_is_another_lead(
    producer: LeadProducer, other: dict[str, Any]
) -> None:
    producer.enqueue(A_B, dedupe_seconds=60)
    assert not producer.enqueue(other, dedupe_seconds=60).duplicate
    assert producer.enqueue(other, dedupe_seconds=60).duplicate


def test_what_is_written_alike_is_alike(producer: LeadProducer) -> None:
    first = producer.enqueue({"on": date(2024, 1, 2), "sum": Decimal("1.50")}, dedupe_seconds=60)
    again = producer.enqueue({"sum": "1.50", "on": "2024-01-02"}, dedupe_seconds=60)
    assert again == Receipt(first.lead_id, duplicate=True)


def test_who_does_not_ask_for_it_is_not_held_back_nor_looked_for(producer: LeadProducer) -> None:
    assert not producer.enqueue(A_B).duplicate
    assert not producer.enqueue(A_B, dedupe_seconds=60).duplicate
    assert not producer.enqueue(A_B).duplicate


def test_after_its_time_the_same_is_a_lead_again(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    first = producer.enqueue(A_B, dedupe_seconds=1)
    alike = keys.alike(content_digest(A_B))
    assert 0 < redis_client.pttl(alike) <= 1000
    assert producer.enqueue(B_A, dedupe_seconds=60) == Receipt(first.lead_id, duplicate=True)
    assert redis_client.pttl(alike) <= 1000  # a duplicate does not begin the time anew
    wait_until(lambda: not redis_client.exists(alike))
    again = producer.enqueue(A_B, dedupe_seconds=1)
    assert not again.duplicate
    assert waiting(redis_client, keys) == [first.lead_id, again.lead_id]


@pytest.mark.parametrize(("seconds", "ms"), [(0.001, 1), (1.5, 1500), (604_800, 604_800_000)])
def test_the_time_is_kept_to_the_millisecond(
    producer: LeadProducer, redis_client: Any, keys: Keys, seconds: float, ms: int
) -> None:
    producer.enqueue(A_B, dedupe_seconds=seconds)
    left = redis_client.pttl(keys.alike(content_digest(A_B)))
    assert left <= ms
    assert ms < 2000 or left > ms - 60_000


def test_who_was_erased_may_come_again(queue: Queue, producer: LeadProducer) -> None:
    first = producer.enqueue(A_B, dedupe_seconds=600)
    queue.store().erase(first.lead_id, ENTRY)
    again = producer.enqueue(A_B, dedupe_seconds=600)
    assert not again.duplicate
    assert producer.enqueue(A_B, dedupe_seconds=600) == Receipt(again.lead_id, duplicate=True)


def test_a_lead_that_is_forgotten_holds_nobody_back(queue: Queue, producer: LeadProducer) -> None:
    first = producer.enqueue(A_B, dedupe_seconds=600)
    queue.settle(*(settlement(lead, State.DELIVERED) for lead in claim_all(queue)))
    assert producer.enqueue(A_B, dedupe_seconds=600) == Receipt(first.lead_id, duplicate=True)
    assert queue.store().forget(State.DELIVERED, 0.0) == 1
    assert not producer.enqueue(A_B, dedupe_seconds=600).duplicate


def test_a_dead_letter_is_still_the_first_one(queue: Queue, producer: LeadProducer) -> None:
    first = producer.enqueue(A_B, dedupe_seconds=600)
    queue.settle(*map(dead, claim_all(queue)))
    assert producer.enqueue(A_B, dedupe_seconds=600) == Receipt(first.lead_id, duplicate=True)


def test_in_a_bulk_equal_leads_are_one_within_a_chunk_and_across(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    receipts: dict[int, Receipt] = {}
    leads = [{"n": n % 150, "as": "ever"} for n in range(2 * CHUNK)]
    summary = producer.enqueue_many(leads, dedupe_seconds=60, on_receipt=receipts.__setitem__)
    assert (summary.accepted, summary.duplicates) == (150, 2 * CHUNK - 150)
    assert [lead["n"] for lead in raws(redis_client, keys, "bulk")] == [*range(150)]
    for n in range(2 * CHUNK):
        assert receipts[n] == Receipt(receipts[n % 150].lead_id, duplicate=n >= 150)
    again = producer.enqueue_many(leads[:150], lane="live", dedupe_seconds=60)
    assert (again.accepted, again.duplicates) == (0, 150)


def test_it_costs_no_second_round_trip(producer: LeadProducer, redis_client: Any) -> None:
    producer.enqueue(A_B)
    calls(redis_client)
    for _ in range(3):
        producer.enqueue(A_B, dedupe_seconds=60)
    producer.enqueue_many([A_B] * CHUNK, dedupe_seconds=60)
    assert calls(redis_client) == {"evalsha": 4}


def test_a_key_counts_before_the_content(producer: LeadProducer) -> None:
    first = producer.enqueue(A_B, key="k1", dedupe_seconds=60)
    second = producer.enqueue({"x": 1}, key="k2", dedupe_seconds=60)
    assert producer.enqueue({"x": 1}, key="k1", dedupe_seconds=60) == Receipt(
        first.lead_id, duplicate=True
    )
    assert producer.enqueue(A_B, key="k3", dedupe_seconds=60) == Receipt(
        first.lead_id, duplicate=True
    )
    # Who comes back under that key, after whatever time, still means the first.
    assert producer.enqueue({"y": 1}, key="k3") == Receipt(first.lead_id, duplicate=True)
    assert producer.enqueue({"x": 1}, key="k2") == Receipt(second.lead_id, duplicate=True)


def test_a_call_that_is_made_again_is_no_double_click(
    own_redis: Any,
) -> None:
    redis = own_redis(tcp=True)
    with closing(LeadProducer.from_url(redis.url)) as direct:
        direct.enqueue({"warm": 1})
    with (
        ReplyLosingProxy(redis.port) as proxy,
        closing(LeadProducer.from_url(f"redis://127.0.0.1:{proxy.port}")) as producer,
    ):
        receipt = producer.enqueue(A_B, dedupe_seconds=60)
        assert [*proxy.lost.values()] == [1]
        assert not receipt.duplicate


def test_the_content_is_not_readable_in_redis_beside_the_lead(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    receipt = producer.enqueue({"email": "ana@exemplo.example"}, dedupe_seconds=60)
    redis_client.delete(keys.raw(receipt.lead_id))
    for key in redis_client.scan_iter():
        assert b"ana" not in key + (redis_client.dump(key) or b"")


def test_with_a_time_that_is_none_nothing_is_enqueued(
    producer: LeadProducer, redis_client: Any
) -> None:
    for seconds in (0, -1, 700_000, True, float("nan"), "60"):
        with pytest.raises(BadLead, match="dedupe_seconds: expected"):
            producer.enqueue(A_B, dedupe_seconds=seconds)  # type: ignore[arg-type]
        with pytest.raises(BadLead, match="dedupe_seconds: expected"):
            producer.enqueue_many([A_B], dedupe_seconds=seconds)  # type: ignore[arg-type]
    assert redis_client.dbsize() == 0
