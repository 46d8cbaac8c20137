"""The producer against a real Redis: what a call puts there, and what it refuses."""

from __future__ import annotations

import json
import uuid
from contextlib import closing
from typing import Any

import pytest
from lead_producers import (
    BadLead,
    FormatMismatch,
    LeadProducer,
    Receipt,
)
from lead_producers.bulk import CHUNK
from lead_producers.keys import FORMAT, Keys
from lead_producers.record import encode
from redis import Redis

from tests.conftest import StartRedis
from tests.integration.producer_sight import LEAD, accepted, calls, waiting


def test_a_receipt_means_a_record_its_raw_lead_and_a_place_in_the_queue(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    receipt = producer.enqueue(LEAD, source="form/7")
    record = redis_client.hgetall(keys.lead(receipt.lead_id))
    assert receipt == Receipt(receipt.lead_id, duplicate=False, spooled=False)
    assert record.pop(b"accepted_at") == b"%.6f" % redis_client.zscore(
        keys.due("live"), receipt.lead_id
    )
    assert record == {b"state": b"waiting", b"lane": b"live", b"source": b"form/7"}
    assert redis_client.get(keys.raw(receipt.lead_id)) == encode(LEAD)
    assert waiting(redis_client, keys) == [receipt.lead_id]
    assert accepted(redis_client, keys) == 1
    assert redis_client.hget(keys.meta, "format") == FORMAT.encode()


def test_each_key_in_redis_begins_with_the_namespace(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    producer.enqueue(LEAD, key="k")
    assert all(key.startswith(keys.prefix.encode()) for key in redis_client.scan_iter())


def test_an_enqueue_on_an_open_connection_is_one_command(
    producer: LeadProducer, redis_client: Any
) -> None:
    producer.enqueue(LEAD)
    calls(redis_client)
    producer.enqueue(LEAD, key="k", source="s", lane="bulk")
    assert calls(redis_client) == {"evalsha": 1}
    producer.enqueue_many([LEAD] * (2 * CHUNK + 1))
    assert calls(redis_client) == {"evalsha": 3}


def test_a_second_lead_under_a_key_is_not_enqueued_in_any_lane(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    first = producer.enqueue(LEAD, key="form-1")
    for lane in ("live", "bulk"):
        again = producer.enqueue({"name": "Eva"}, key="form-1", lane=lane)
        assert again == Receipt(first.lead_id, duplicate=True)
    summary = producer.enqueue_many([LEAD, LEAD], key=lambda *_: "form-1")
    assert (summary.accepted, summary.duplicates) == (0, 2)
    assert waiting(redis_client, keys) == [first.lead_id]
    assert waiting(redis_client, keys, "bulk") == []
    assert accepted(redis_client, keys) == 1


def test_a_key_is_not_readable_in_redis(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    receipt = producer.enqueue({}, key="ana@exemplo.example")
    found = b" ".join([*redis_client.scan_iter(), *redis_client.hvals(keys.lead(receipt.lead_id))])
    assert b"ana" not in found


BAD_ARGUMENTS: dict[str, dict[str, Any]] = {
    "lane": {"lane": "express"},
    "lane of no text": {"lane": ["live"]},
    "source": {"source": "s" * 101},
    "source with a newline": {"source": "a\nb"},
    "source with a surrogate": {"source": "\ud800"},
    "source of no text": {"source": 7},
    "key": {"key": ""},
    "key of no text": {"key": 7},
    "lead": {"raw": ["name"]},
    "number": {"raw": {"a": float("inf")}},
    "large": {"raw": {"a": "x" * 262_144}},
}


@pytest.mark.parametrize("arguments", BAD_ARGUMENTS.values(), ids=BAD_ARGUMENTS)
def test_with_a_bad_argument_nothing_is_enqueued(
    producer: LeadProducer, redis_client: Any, arguments: dict[str, Any]
) -> None:
    with pytest.raises(BadLead, match=r"expected"):
        producer.enqueue(**{"raw": {}, **arguments})
    assert redis_client.dbsize() == 0


@pytest.mark.parametrize("source", ["", "é" * 100, "form/7 ☎"])
def test_a_source_is_stored_as_given(
    producer: LeadProducer, redis_client: Any, keys: Keys, source: str
) -> None:
    receipt = producer.enqueue(LEAD, source=source)
    stored = redis_client.hget(keys.lead(receipt.lead_id), "source")
    assert (stored or b"").decode() == source


def test_a_namespace_of_another_format_is_left_alone(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    redis_client.hset(keys.meta, "format", "99")
    with pytest.raises(FormatMismatch, match="holds records of format '99'"):
        producer.enqueue(LEAD)
    assert redis_client.keys() == [keys.meta.encode()]


def test_the_database_the_name_and_the_options_of_the_url_are_obeyed(
    redis_url: str, redis_client: Any, namespace: str
) -> None:
    options = "client_name=shop&max_connections=2&decode_responses=true&protocol=3&timeout=1"
    url = f"{redis_url.replace('db=0', 'db=3')}&{options}"
    with closing(LeadProducer.from_url(url, namespace)) as producer:
        receipt = producer.enqueue(LEAD, key="k")
        assert producer.enqueue(LEAD, key="k") == Receipt(receipt.lead_id, duplicate=True)
        assert "shop" in {client["name"] for client in redis_client.client_list()}
        redis_client.select(3)
        assert waiting(redis_client, Keys(namespace)) == [receipt.lead_id]


def test_the_user_and_password_of_the_url_are_used(own_redis: StartRedis) -> None:
    redis = own_redis(tcp=True)
    with Redis.from_url(redis.url) as client:
        client.acl_setuser("shop", enabled=True, passwords=["+p/w"], keys=["*"], commands=["+@all"])
        client.config_set("requirepass", "só@eu")
        for user in ("shop:p%2Fw", ":s%C3%B3%40eu"):
            url = f"redis://{user}@127.0.0.1:{redis.port}/1"
            with closing(LeadProducer.from_url(url)) as producer:
                producer.enqueue(LEAD)
        client.select(1)
        assert accepted(client, Keys()) == 2


def test_a_raw_lead_is_stored_to_the_byte(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    lead = {"\r\n$3\r\nabc\r\n": "\0\r\n*1\r\n%s %b {} 😀 \u2028", "id": uuid.UUID(int=7)}
    receipt = producer.enqueue(lead, key="\r\n", source="*3 $1")
    assert redis_client.get(keys.raw(receipt.lead_id)) == encode(lead)
    assert json.loads(encode(lead)) == {**lead, "id": str(uuid.UUID(int=7))}
