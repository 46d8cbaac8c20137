"""Many leads in one call: chunks, order, keys, and what goes wrong in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from lead_producers import (
    BadLead,
    LeadProducer,
    Receipt,
)
from lead_producers.bulk import CHUNK, REFUSED_KEPT
from lead_producers.keys import Keys

from tests.integration.producer_sight import LEAD, accepted, calls, raws, waiting


def test_large_leads_make_smaller_chunks(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    producer.enqueue(LEAD)
    calls(redis_client)
    producer.enqueue_many([{"x": "y" * 200_000}] * 12)
    assert calls(redis_client) == {"evalsha": 2}
    assert accepted(redis_client, keys) == 13


def test_two_leads_of_one_batch_under_one_key_are_one(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    receipts: dict[int, Receipt] = {}
    summary = producer.enqueue_many(
        [{"n": n} for n in range(300)],
        key=lambda _, lead: f"k{lead['n'] % 100}",
        on_receipt=receipts.__setitem__,
    )
    assert (summary.accepted, summary.duplicates) == (100, 200)
    assert [lead["n"] for lead in raws(redis_client, keys, "bulk")] == [*range(100)]
    for n in range(300):
        assert receipts[n] == Receipt(receipts[n % 100].lead_id, duplicate=n >= 100)


def test_a_bulk_keeps_its_order_and_goes_on_past_what_it_refuses(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    receipts: dict[int, Receipt] = {}
    leads: list[Any] = [{"n": n} for n in range(500)]
    leads[0], leads[250], leads[499] = "Ana", {"n": {1, 2}}, {"n": float("nan")}
    summary = producer.enqueue_many(iter(leads), source="import", on_receipt=receipts.__setitem__)
    assert (summary.accepted, summary.duplicates) == (497, 0)
    assert summary.refused == [
        (0, "expected a lead as a dict, found a value of type str"),
        (250, "n: expected a JSON value, found a value of type set"),
        (499, "n: expected a JSON value, found NaN or an infinity"),
    ]
    stored = [lead["n"] for lead in raws(redis_client, keys, "bulk")]
    assert stored == sorted(receipts) == [n for n in range(1, 499) if n != 250]
    assert redis_client.hget(keys.lead(receipts[7].lead_id), "source") == b"import"


def test_a_key_that_is_none_in_a_bulk_refuses_its_lead_alone(producer: LeadProducer) -> None:
    summary = producer.enqueue_many([{}, {}, 7], key=lambda *_: "")  # type: ignore[list-item]
    assert [index for index, _ in summary.refused] == [0, 1, 2]
    assert summary.refused[0][1] == "key: expected a text that is not empty, or None"


def test_an_empty_bulk_calls_nothing(producer: LeadProducer, redis_client: Any) -> None:
    calls(redis_client)
    assert producer.enqueue_many([]).accepted == 0
    assert calls(redis_client) == {}


def test_what_was_sent_is_settled_though_the_iterable_fails(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    def leads() -> Iterator[Mapping[str, Any]]:
        yield from ({"n": n} for n in range(CHUNK + 7))
        raise OSError("the file is gone")

    receipts: dict[int, Receipt] = {}
    with pytest.raises(OSError, match="the file is gone"):
        producer.enqueue_many(leads(), on_receipt=receipts.__setitem__)
    assert sorted(receipts) == [*range(CHUNK)]
    assert len(waiting(redis_client, keys, "bulk")) == CHUNK
    calls(redis_client)
    producer.enqueue(LEAD)
    assert calls(redis_client) == {"evalsha": 1}  # the connection is in order


def test_a_callback_that_fails_leaves_the_producer_in_order(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    def refuse(*_: object) -> None:
        raise KeyError("callback")

    for leads in ([LEAD], [LEAD] * (3 * CHUNK)):
        with pytest.raises(KeyError):
            producer.enqueue_many(leads, on_receipt=refuse)
    assert accepted(redis_client, keys) == 1 + CHUNK
    producer.enqueue(LEAD)
    assert accepted(redis_client, keys) == 2 + CHUNK


@pytest.mark.parametrize("arguments", [{"lane": "express"}, {"source": ""}, {"source": "\x00"}])
def test_a_bulk_looks_at_its_arguments_before_it_reads_a_lead(
    producer: LeadProducer, arguments: dict[str, Any]
) -> None:
    leads = iter([LEAD])
    if arguments == {"source": ""}:
        assert producer.enqueue_many(leads, **arguments).accepted == 1
        return
    with pytest.raises(BadLead):
        producer.enqueue_many(leads, **arguments)
    assert next(leads) == LEAD


def test_a_lead_whose_key_cannot_be_made_is_refused_alone_and_without_its_values(
    producer: LeadProducer,
) -> None:
    leads: list[Any] = [{"order": "1"}, {"Ana": "Souza"}, None, {"order": "4"}]
    summary = producer.enqueue_many(leads, key=lambda _, lead: str(lead["order"]))
    assert summary.accepted == 2
    assert summary.refused == [
        (1, "key: expected an idempotency key, found KeyError while it was made"),
        (2, "expected a lead as a dict, found a value of type NoneType"),
    ]


@pytest.mark.parametrize("one", [{"name": "Ana"}, "Ana", b"Ana"], ids=["lead", "text", "bytes"])
def test_one_lead_in_place_of_many_is_a_mistake_that_is_told(
    producer: LeadProducer, one: Any
) -> None:
    with pytest.raises(BadLead, match="`enqueue` takes one"):
        producer.enqueue_many(one)


def test_a_summary_keeps_only_the_first_reasons_and_who_wants_all_is_told_all(
    producer: LeadProducer,
) -> None:
    bad: list[Any] = [None] * (REFUSED_KEPT + 5)
    summary = producer.enqueue_many(bad)
    assert (summary.refused_count, len(summary.refused)) == (REFUSED_KEPT + 5, REFUSED_KEPT)
    told: list[int] = []
    summary = producer.enqueue_many(bad, on_refused=lambda index, _: told.append(index))
    assert told == [*range(REFUSED_KEPT + 5)]
    assert (summary.refused_count, summary.refused) == (REFUSED_KEPT + 5, [])


def test_progress_is_told_after_each_round_trip(producer: LeadProducer) -> None:
    totals: list[int] = []
    leads = ({"n": n} for n in range(2 * CHUNK + 1))
    producer.enqueue_many(leads, on_progress=lambda summary: totals.append(summary.total))
    assert totals == [CHUNK, 2 * CHUNK, 2 * CHUNK + 1]
