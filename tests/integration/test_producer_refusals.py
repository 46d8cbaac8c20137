"""Redis answers, but not with yes: what is said then, and that nothing is enqueued."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from lead_ops.embedded import EmbeddedRedis
from lead_ops.embedded.programs import Server
from lead_producers import LeadProducer, QueueFull, QueueUnavailable
from lead_producers.keys import Keys
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.retry import Retry

from tests.conftest import StartRedis
from tests.integration.producer_sight import LEAD, accepted, waiting
from tests.integration.producer_trouble import (
    GUARD_SECONDS,
    PASSWORD,
    ended,
    given_up,
    refusal,
)


def test_a_wrong_password_is_said_and_not_shown(own_redis: StartRedis) -> None:
    redis = own_redis(tcp=True)
    at = f"127.0.0.1:{redis.port}"
    assert "without any password configured" in refusal(f"redis://:{PASSWORD}@{at}/0")
    with Redis.from_url(redis.url) as client:
        client.config_set("requirepass", "another")
    refused = f"Redis at {at} refused the user or password (not enqueued)"
    assert refusal(f"redis://:{PASSWORD}@{at}/0") == refused
    assert refusal(f"redis://{PASSWORD}:{PASSWORD}@{at}/0") == refused
    assert "wants a password" in refusal(f"redis://{at}/0")


def test_a_database_that_is_not_there_is_said(redis_url: str) -> None:
    assert "DB index is out of range" in refusal(redis_url.replace("db=0", "db=999"))


def test_a_user_who_may_not_run_scripts_is_told(own_redis: StartRedis) -> None:
    redis = own_redis(tcp=True)
    with Redis.from_url(redis.url) as client:
        for name, commands in (("a", ["+@all", "-evalsha"]), ("b", ["+@all", "-hset"])):
            client.acl_setuser(
                name, enabled=True, passwords=[f"+{PASSWORD}"], keys=["*"], commands=commands
            )
    for name in "ab":
        url = f"redis://{name}:{PASSWORD}@127.0.0.1:{redis.port}/0"
        assert "user" in refusal(url)
        assert "name" not in refusal(url)  # a field of the lead


def test_a_read_only_replica_is_named_so_and_a_new_primary_is_taken(own_redis: StartRedis) -> None:
    redis = own_redis()
    with closing(LeadProducer.from_url(redis.url)) as producer, Redis.from_url(redis.url) as client:
        producer.enqueue(LEAD)
        client.replicaof("127.0.0.1", "1")
        assert "is a read-only replica: use the primary's address" in refusal(redis.url)
        assert type(ended(lambda: producer.enqueue(LEAD))) is QueueUnavailable
        client.replicaof("NO", "ONE")
        producer.enqueue(LEAD)
        assert accepted(client, Keys()) == 2


def test_a_redis_without_its_replicas_is_named_so(own_redis: StartRedis) -> None:
    redis = own_redis(min_replicas_to_write="1")
    assert "has too few replicas to take writes (not enqueued)" in refusal(redis.url)


def test_a_disk_that_cannot_be_written_is_said(own_redis: StartRedis) -> None:
    redis = own_redis()
    with Redis.from_url(redis.url) as client:
        client.config_set("save", "3600 1")
        (redis.data_dir / "dump.rdb" / "in the way").mkdir(parents=True)
        client.bgsave()
        while client.info("persistence")["rdb_bgsave_in_progress"]:
            pass
        assert client.info("persistence")["rdb_last_bgsave_status"] == "err"
        assert "cannot write to its disk" in refusal(redis.url)
        shutil.rmtree(redis.data_dir / "dump.rdb")
        client.config_set("stop-writes-on-bgsave-error", "no")
        with closing(LeadProducer.from_url(redis.url)) as producer:
            producer.enqueue(LEAD)


def test_a_redis_that_loads_its_data_is_waited_for_within_the_bound(
    own_redis: StartRedis, server_program: Server
) -> None:
    if server_program.version < (7,):
        pytest.skip("this one says nothing while it loads: as a server that hangs")
    redis = own_redis()
    with closing(LeadProducer.from_url(redis.url)) as producer, Redis.from_url(redis.url) as client:
        producer.enqueue_many([LEAD] * 500)
        client.bgrewriteaof()  # to a snapshot: while that is loaded it answers
        while client.info("persistence")["aof_rewrite_in_progress"]:
            pass
    redis.kill()
    with loading_slowly(redis.data_dir, server_program) as url:
        assert "is still loading its data (not enqueued)" in given_up(url)
        assert answer(url) is BusyLoadingError
        with closing(LeadProducer.from_url(url, timeout_seconds=GUARD_SECONDS)) as producer:
            producer.enqueue(LEAD)
        assert answer(url) is bool


@contextmanager
def loading_slowly(folder: Path, program: Server) -> Iterator[str]:
    """Start a server on a folder, at a millisecond for each key; gives its address at once."""
    options = {"key-load-delay": "1000", "loading-process-events-interval-bytes": "1024"}
    redis, over = EmbeddedRedis(folder, program.path, options=options), threading.Event()

    def run() -> None:
        with redis:  # the server ends with the thread that began it
            over.wait(GUARD_SECONDS)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        while thread.is_alive() and answer(redis.url) is not BusyLoadingError:
            pass
        yield redis.url
    finally:
        over.set()
        thread.join()


def answer(url: str) -> type:
    """The type of the answer to a PING, or of the error."""
    with Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as client:
        try:
            return type(client.ping())
        except RedisError as error:
            return type(error)


def test_a_redis_that_is_full_takes_nothing_and_all_again_when_there_is_room(
    own_redis: StartRedis,
) -> None:
    redis = own_redis()
    with closing(LeadProducer.from_url(redis.url)) as producer, Redis.from_url(redis.url) as client:
        producer.enqueue(LEAD)
        client.config_set("maxmemory", "1")
        for call in (
            lambda: producer.enqueue(LEAD, key="k"),
            lambda: producer.enqueue_many([LEAD] * 300),
        ):
            with pytest.raises(QueueFull, match="is out of memory: free or add some"):
                call()
        assert client.dbsize() == 6  # format, count, bell, and the first lead's three
        client.config_set("maxmemory", "0")
        assert producer.enqueue(LEAD, key="k").duplicate is False
        assert producer.enqueue_many([LEAD] * 300).accepted == 300


def test_the_first_lead_of_a_full_redis_leaves_nothing_behind(own_redis: StartRedis) -> None:
    redis = own_redis(maxmemory="1")
    with closing(LeadProducer.from_url(redis.url)) as producer, Redis.from_url(redis.url) as client:
        with pytest.raises(QueueFull):
            producer.enqueue(LEAD, key="k", source="s")
        assert client.dbsize() == 0


def test_the_flag_of_the_heartbeat_refuses_leads_before_memory_runs_out(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    redis_client.set(keys.full, 1)
    with pytest.raises(QueueFull, match="is short of memory: free or add some"):
        producer.enqueue(LEAD)
    with pytest.raises(QueueFull):
        producer.enqueue_many([LEAD] * 300)
    assert redis_client.dbsize() == 1
    redis_client.delete(keys.full)
    receipt = producer.enqueue(LEAD)
    assert waiting(redis_client, keys) == [receipt.lead_id]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:6379",
        "http://localhost",
        f"redis://:{PASSWORD}/x@localhost:6379/0",
        f"redis://:{PASSWORD}#x@localhost:6379/0",
        f"redis://:{PASSWORD}?x@localhost:6379/0",
        f"redis://:{PASSWORD}@localhost:{PASSWORD}/0",
        f"redis://localhost:6379/0?passwort={PASSWORD}",
        f"redis://:{PASSWORD}@localhost:6379/0?db={PASSWORD}",
        f"redis://:{PASSWORD}@localhost:6379/0?max_connections=0",
        f"redis://:{PASSWORD}@localhost:6379/0?protocol=9",
        None,
        7,
    ],
)
def test_an_address_that_is_none_is_refused_when_the_producer_is_made(url: Any) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        LeadProducer.from_url(url)
    assert PASSWORD not in f"{caught.value}{caught.value.__context__}"


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 3601])
def test_a_bound_that_is_none_is_refused_when_the_producer_is_made(seconds: float) -> None:
    with pytest.raises(ValueError, match=r"^timeout_seconds: expected more than 0"):
        LeadProducer.from_url("redis://localhost", timeout_seconds=seconds)


def test_a_producer_needs_a_connection() -> None:
    with pytest.raises(ValueError, match=r"^max_connections: expected at least 1"):
        LeadProducer.from_url("redis://localhost", max_connections=0)
