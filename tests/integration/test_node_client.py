"""Leads from Node: what the Python side finds of them is what it would have written itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from lead_ops.sandbox import SandboxServer
from lead_producers import LeadProducer, QueueUnavailable
from lead_producers.keys import Keys
from lead_producers.record import encode
from redis import Redis

from tests.conftest import StartRedis
from tests.integration.fleet import ONE_REDIS, Fleet, named
from tests.integration.node_client import NodeError, NodeProcess, NodeProducer
from tests.integration.producer_sight import LEAD, accepted, calls, raws, waiting
from tests.integration.producer_trouble import ended, stopped
from tests.integration.queues import Queue
from tests.integration.tcp_proxy import ReplyLosingProxy
from tests.integration.test_producer_tls import CERTIFICATE, tls_before


@pytest.fixture(scope="module")
def node() -> Iterator[NodeProcess]:
    """A process that all tests share."""
    with NodeProcess() as process:
        yield process


@pytest.fixture
def other(node: NodeProcess, redis_url: str, namespace: str) -> NodeProducer:
    """The producer in Node, on the shared Redis, in the namespace of `producer`."""
    return node.producer(redis_url, namespace)


LEADS: dict[str, Any] = {
    "plain": {"name": "Ana", "email": "ana@exemplo.example", "custom": {"n": 1, "ok": True}},
    "pt-BR": {"name": "João d'Ávila", "custom": {"observação": 'às 9h, "já" é tarde\n\tçã'}},
    "odd": {"name": "\x00\x1f\x7f\u2028 \\ / 😀", "list": [[], {}, None, -1.5], "": ""},
}


@pytest.mark.parametrize("lead", LEADS.values(), ids=LEADS)
@pytest.mark.parametrize(
    "options", [{}, {"key": "chave-é-1", "source": "página/7", "lane": "bulk"}], ids=["", "all"]
)
def test_a_lead_is_stored_to_the_byte_as_the_python_producer_stores_it(
    node: NodeProcess, redis_url: str, redis_client: Any, lead: Any, options: dict[str, Any]
) -> None:
    found = []
    for namespace in ("from-node", "from-python"):
        if namespace == "from-node":
            lead_id, _ = node.producer(redis_url, namespace).enqueue(lead, **options)
        else:
            with closing(LeadProducer.from_url(redis_url, namespace)) as python:
                lead_id = python.enqueue(lead, **options).lead_id
        found.append(without_ids(redis_client, namespace, lead_id))
    assert found[0] == found[1]
    assert encode(lead) in found[0].values()


def without_ids(client: Any, namespace: str, lead_id: str) -> dict[str, Any]:
    """All that is in a namespace of one lead, but its id and its instant, by the keys' names."""
    prefix = Keys(namespace).prefix
    found: dict[str, Any] = {}
    for key in client.scan_iter(f"{prefix}*"):
        name = key.decode().removeprefix(prefix).replace(lead_id, "ID")
        kind = client.type(key)
        if kind == b"hash":
            found[name] = {n: v for n, v in client.hgetall(key).items() if n != b"accepted_at"}
        elif kind == b"zset":
            found[name] = [m.replace(lead_id.encode(), b"ID") for m in client.zrange(key, 0, -1)]
        elif kind == b"list":
            found[name] = [m.replace(lead_id.encode(), b"ID") for m in client.lrange(key, 0, -1)]
        else:
            found[name] = client.get(key).replace(lead_id.encode(), b"ID")
    return found


def test_what_node_enqueued_is_claimed_and_delivered_in_its_order(
    queue: Queue, node: NodeProcess
) -> None:
    producer = node.producer(queue.url, queue.namespace)
    summary = producer.enqueue_many(3, lane="live")
    claimed = queue.claim()
    assert [lead.lead_id for lead in claimed] == summary["receipts"]
    assert [json.loads(lead.raw) for lead in claimed] == [{"n": 0}, {"n": 1}, {"n": 2}]
    for number, lead in enumerate(claimed):
        assert queue.deliver(lead, f"api-{number}") == "ok"


@ONE_REDIS
def test_a_worker_hears_the_bell_that_node_rings(
    fleet: Fleet, sandbox: SandboxServer, node: NodeProcess
) -> None:
    fleet.start_worker()
    producer = node.producer(fleet.redis_url, fleet.namespace)
    lead_id, _ = producer.enqueue(named(1), source="loja")
    fleet.wait_delivered(1)
    assert [lead["phone"] for lead in sandbox.leads] == ["+5511987654321"]
    assert fleet.record(lead_id)["source"] == "loja"


@pytest.mark.parametrize("key", ["form-1", "inscrição é 😀", "\r\n"])
def test_a_key_is_one_key_in_both_languages(
    other: NodeProducer, producer: LeadProducer, redis_client: Any, keys: Keys, key: str
) -> None:
    first, _ = other.enqueue(LEAD, key=key)
    receipt = producer.enqueue({"name": "Eva"}, key=key)
    assert (receipt.lead_id, receipt.duplicate) == (first, True)
    second = producer.enqueue(LEAD, key=key + "b").lead_id
    assert other.enqueue({"name": "Eva"}, key=key + "b", lane="bulk") == (second, True)
    assert waiting(redis_client, keys) == [first, second]


def test_equal_content_is_one_lead_for_as_long_as_is_asked(
    other: NodeProducer, redis_client: Any, keys: Keys
) -> None:
    lead, turned = {"a": 1, "b": {"c": "é", "d": []}}, {"b": {"d": [], "c": "é"}, "a": 1}
    first, _ = other.enqueue(lead, dedupeSeconds=600)
    assert other.enqueue(turned, dedupeSeconds=600) == (first, True)
    assert other.enqueue({**lead, "a": 2}, dedupeSeconds=600)[1] is False
    assert other.enqueue(lead)[1] is False
    key = next(redis_client.scan_iter(f"{keys.prefix}same:*"))
    assert 0 < redis_client.pttl(key) <= 600_000


def test_a_bad_lead_is_refused_with_its_path_and_nothing_is_enqueued(
    other: NodeProducer, redis_client: Any
) -> None:
    with pytest.raises(NodeError, match=r"^utm\[0\]\.x: expected Unicode text, found a") as caught:
        other.enqueue({"name": "Joana Prado", "utm": [{"x": "Joana \ud83d"}]})
    assert (caught.value.name, caught.value.path) == ("BadLead", "utm[0].x")
    with pytest.raises(NodeError, match=r"^expected at most 262144 bytes of JSON, found 262147$"):
        other.enqueue({"x": "y" * 262_139})
    with pytest.raises(NodeError, match=r"^lane: expected one of live, bulk$"):
        other.enqueue({}, lane="express")
    assert redis_client.dbsize() == 0


def test_ten_thousand_leads_are_fifty_calls_and_never_more_than_two_chunks_in_memory(
    other: NodeProducer, redis_client: Any, keys: Keys
) -> None:
    other.enqueue_many(1, lane="live")
    calls(redis_client)
    summary = other.enqueue_many(10_000, source="import")
    assert calls(redis_client) == {"evalsha": 50}
    assert summary["most"] <= 400
    assert (summary["accepted"], summary["duplicates"], summary["refused"]) == (10_000, 0, [])
    assert waiting(redis_client, keys, "bulk") == summary["receipts"]
    assert [lead["n"] for lead in raws(redis_client, keys, "bulk")] == [*range(10_000)]


def test_leads_of_a_bulk_under_one_key_are_one(
    other: NodeProducer, redis_client: Any, keys: Keys
) -> None:
    summary = other.enqueue_many(300, keys=100)
    assert (summary["accepted"], summary["duplicates"]) == (100, 200)
    assert summary["receipts"] == waiting(redis_client, keys, "bulk") * 3


def test_calls_that_do_not_wait_for_each_other_share_one_connection(
    other: NodeProducer, redis_client: Any, keys: Keys
) -> None:
    other.enqueue({})
    before = redis_client.info("stats")["total_connections_received"]
    ids = other.enqueue_at_once([{"n": n, "note": "x" * 5000} for n in range(300)])
    assert redis_client.info("stats")["total_connections_received"] == before
    for number, lead_id in enumerate(ids):
        assert json.loads(redis_client.get(keys.raw(lead_id)))["n"] == number


def test_the_script_is_sent_where_redis_has_forgotten_it(
    other: NodeProducer, redis_client: Any, keys: Keys
) -> None:
    for step in range(3):
        other.enqueue({"step": step})
        redis_client.script_flush()
    assert [lead["step"] for lead in raws(redis_client, keys)] == [0, 1, 2]


def test_lost_answers_cost_neither_a_receipt_nor_a_second_lead(
    own_redis: StartRedis, node: NodeProcess
) -> None:
    redis = own_redis(tcp=True)
    with ReplyLosingProxy(redis.port, losses=2) as proxy, Redis.from_url(redis.url) as client:
        producer = node.producer(f"redis://127.0.0.1:{proxy.port}")
        lead_id, duplicate = producer.enqueue(LEAD, key="k")
        assert [*proxy.lost.values()] == [2]
        assert (waiting(client, Keys()), duplicate) == ([lead_id], False)
        proxy.lost.clear()
        summary = producer.enqueue_many(450)
        assert [*proxy.lost.values()] == [2]
        assert summary["receipts"] == waiting(client, Keys(), "bulk")
        assert accepted(client, Keys()) == 451


def test_a_server_that_hangs_is_given_up_in_the_words_of_python_and_used_again(
    own_redis: StartRedis, node: NodeProcess
) -> None:
    redis = own_redis(tcp=True)
    bound_seconds = 0.4
    for url in (redis.url, f"redis://127.0.0.1:{redis.port}/0"):
        producer = node.producer(url, timeout_seconds=bound_seconds)
        python = LeadProducer.from_url(url, timeout_seconds=bound_seconds)
        producer.enqueue(LEAD)
        with stopped(redis):
            error = ended(partial(producer.enqueue, LEAD))
            same = ended(partial(python.enqueue, LEAD))
            bulk = ended(partial(producer.enqueue_many, 10_000))
        assert (error.name, error.maybe_enqueued) == ("QueueUnavailable", True)
        assert type(same) is QueueUnavailable
        assert str(error) == str(bulk) == str(same)
        with Redis.from_url(redis.url) as client:
            assert client.ping()
        producer.enqueue(LEAD)
        python.close()


def test_a_producer_outlives_a_restart_of_redis(own_redis: StartRedis, node: NodeProcess) -> None:
    redis = own_redis()
    producer = node.producer(redis.url)
    for step in range(3):
        producer.enqueue({"step": step})
        redis.kill()
        with pytest.raises(NodeError, match=r"cannot be reached: [A-Z]+ ") as caught:
            producer.enqueue({"step": "while it is gone"})
        assert caught.value.name == "QueueUnavailable"
        redis.start()
    with Redis.from_url(redis.url) as client:
        assert [lead["step"] for lead in raws(client, Keys())] == [0, 1, 2]


def test_a_redis_that_is_full_and_a_namespace_of_another_format_take_nothing(
    own_redis: StartRedis, node: NodeProcess
) -> None:
    redis = own_redis()
    producer = node.producer(redis.url)
    with Redis.from_url(redis.url) as client:
        for change, undo in ((b"1", b"0"), (None, None)):
            client.config_set("maxmemory", change) if change else client.set(Keys().full, 1)
            with pytest.raises(NodeError, match=r"memory: free or add some$") as caught:
                producer.enqueue(LEAD, key="k")
            assert caught.value.name == "QueueFull"
            client.config_set("maxmemory", undo) if undo else client.delete(Keys().full)
            assert client.dbsize() == 0
        client.hset(Keys().meta, "format", "99")
        with pytest.raises(NodeError, match="holds records of format '99'") as caught:
            producer.enqueue(LEAD)
        assert caught.value.name == "FormatMismatch"
        assert client.keys() == [Keys().meta.encode()]


def test_the_user_the_password_and_the_database_of_the_url_are_used(
    own_redis: StartRedis, node: NodeProcess
) -> None:
    redis = own_redis(tcp=True)
    with Redis.from_url(redis.url) as client:
        client.acl_setuser("shop", enabled=True, passwords=["+p/w"], keys=["*"], commands=["+@all"])
        client.config_set("requirepass", "só@eu")
        for user in ("shop:p%2Fw", ":s%C3%B3%40eu"):
            node.producer(f"redis://{user}@127.0.0.1:{redis.port}/1").enqueue(LEAD)
        client.select(1)
        assert accepted(client, Keys()) == 2
    for user, words in (("shop:no", "refused the user or password"), (":x", "refused the user")):
        with pytest.raises(NodeError, match=rf"{words}.*\(not enqueued\)$"):
            node.producer(f"redis://{user}@127.0.0.1:{redis.port}/1").enqueue(LEAD)
    with pytest.raises(NodeError, match=r"wants a password: put it into the URL \(not enqueued\)$"):
        node.producer(f"redis://127.0.0.1:{redis.port}").enqueue(LEAD)


def test_leads_go_through_tls_where_the_certificate_is_vouched_for(
    redis_url: str, redis_client: Any, node: NodeProcess, keys: Keys
) -> None:
    with tls_before(unquote(urlsplit(redis_url).path)) as port:
        url = f"rediss://localhost:{port}/0"
        trusted = f"{url}?ssl_ca_certs={CERTIFICATE}"
        node.producer(trusted, keys.namespace).enqueue({"note": "x" * 250_000})
        with pytest.raises(NodeError, match=r"SELF_SIGNED_CERT \(not enqueued\)$"):
            node.producer(url, keys.namespace).enqueue(LEAD)
    assert accepted(redis_client, keys) == 1
