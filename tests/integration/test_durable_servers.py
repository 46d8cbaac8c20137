"""`durable` where the server is an older one, and where there is a spool besides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lead_ops.embedded import EmbeddedRedis
from lead_producers import LeadProducer, NotDurable
from lead_producers.keys import Keys

from tests.conftest import StartRedis
from tests.integration.durable_redis import (
    assert_not_durable,
    client_of,
    producer_of,
    valkeys,
)
from tests.integration.fleet import ONE_REDIS
from tests.integration.producer_sight import LEAD, accepted, calls, waiting
from tests.integration.spool_sight import leads_in, wait_home, wait_threads_end

KEYS = Keys()


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    with valkeys(tmp_path / "valkey") as start:
        yield start(appendfsync="everysec")


@pytest.mark.parametrize("appendfsync", ["everysec", "no", "always"])
def test_an_older_server_is_trusted_where_it_writes_before_it_answers(
    own_redis: StartRedis, appendfsync: str
) -> None:
    redis = own_redis(appendfsync=appendfsync)
    with producer_of(redis) as producer, client_of(redis) as client:
        if "waitaof" in {name.lower() for name in client.command()}:
            pytest.skip("this one is no older server")
        if appendfsync != "always":
            assert_not_durable(producer, redis)
            assert client.keys() == []
            return
        receipt = producer.enqueue(LEAD, durable=True)
        calls(client)
        producer.enqueue(LEAD, durable=True)
        # Servers name the question after it in several ways, and one not at all.
        assert {name.partition("|")[0] for name in calls(client)} - {"config"} == {"evalsha"}
        redis.kill()
        redis.start()
        assert receipt.lead_id in waiting(client, KEYS)


@pytest.mark.parametrize(
    "options", [{"appendonly": "no"}, {"no_appendfsync_on_rewrite": "yes"}], ids=str
)
def test_an_older_server_that_does_not_always_write_is_given_no_lead(
    own_redis: StartRedis, options: dict[str, str]
) -> None:
    redis = own_redis(**options)
    with producer_of(redis) as producer, client_of(redis) as client:
        assert_not_durable(producer, redis)
        assert client.keys() == []


def test_a_user_who_may_not_ask_is_told_that_nothing_can_be_known(own_redis: StartRedis) -> None:
    redis = own_redis()
    with client_of(redis) as client:
        client.execute_command("ACL", "SETUSER", "shop", "on", ">pw", "~*", "+@all", "-config")
        url = redis.url.replace("unix://", "unix://shop:pw@")
        with closing(LeadProducer.from_url(url)) as producer:
            assert_not_durable(producer, redis)
            assert accepted(client, KEYS) == 0
            assert not producer.enqueue(LEAD).duplicate


def test_a_durable_lead_that_was_spooled_comes_home_durably(
    valkey: EmbeddedRedis, tmp_path: Path
) -> None:
    spool = tmp_path / "spool.db"
    with producer_of(valkey, spool=spool) as producer, client_of(valkey) as client:
        producer.enqueue({"n": 0}, durable=True)
        valkey.kill()
        receipt = producer.enqueue({"n": 1}, durable=True)
        assert receipt.spooled
        valkey.start()
        client.config_resetstat()
        wait_home(client, KEYS, spool, 2)
        assert waiting(client, KEYS)[1:] == [receipt.lead_id]
        assert calls(client)["waitaof"] >= 1
    wait_threads_end()


@ONE_REDIS
def test_a_server_that_cannot_tell_is_no_reason_to_spool(
    own_redis: StartRedis, tmp_path: Path
) -> None:
    redis, spool = own_redis(appendfsync="everysec"), tmp_path / "spool.db"
    with producer_of(redis, spool=spool) as producer, client_of(redis) as client:
        assert_not_durable(producer, redis)
        assert leads_in(spool) == []
        assert accepted(client, KEYS) == 0
        assert not producer.enqueue(LEAD).spooled


@ONE_REDIS
def test_durable_leads_come_home_to_a_redis_that_is_not_durable_and_hold_no_other_back(
    own_redis: StartRedis, tmp_path: Path
) -> None:
    redis, spool = own_redis(), tmp_path / "spool.db"
    with producer_of(redis, spool=spool) as producer, client_of(redis) as client:
        redis.kill()
        durable = producer.enqueue({"n": 0}, durable=True, lane="bulk")
        plain = producer.enqueue({"n": 1})
        redis.start()
        client.config_set("appendfsync", "everysec")
        wait_home(client, KEYS, spool, 2)
        assert waiting(client, KEYS) == [plain.lead_id]
        assert waiting(client, KEYS, "bulk") == [durable.lead_id]
        assert not producer.enqueue({"n": 2}).spooled
    wait_threads_end()


@ONE_REDIS
def test_a_server_that_is_set_otherwise_meanwhile_gives_no_more_receipts(
    own_redis: StartRedis,
) -> None:
    redis = own_redis()
    with producer_of(redis) as producer, client_of(redis) as client:
        producer.enqueue(LEAD, durable=True)
        client.config_set("appendfsync", "everysec")
        with pytest.raises(NotDurable) as caught:
            producer.enqueue(LEAD, durable=True)
        assert caught.value.maybe_enqueued
