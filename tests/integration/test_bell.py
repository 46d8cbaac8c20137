"""The bell: when it is rung, and that Celery takes it for one of its own messages."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from celery import Celery
from lead_producers import LeadProducer
from lead_producers.bell import BELL, ID_PLACEHOLDER, QUEUE, TASK
from lead_producers.keys import Keys

from tests.integration.producer_sight import LEAD

kombu: Any = import_module("kombu")  # it has no types


def bells(client: Any, keys: Keys) -> list[dict[str, Any]]:
    return [json.loads(message) for message in client.lrange(keys.bell, 0, -1)]


def bell_id(bell: dict[str, Any]) -> str:
    return str(bell["headers"]["id"])


@pytest.fixture
def celery_app(redis_url: str, keys: Keys) -> Iterator[Celery]:
    """An app that talks to the test's Redis as the worker does."""
    app = Celery("lead_worker", broker=redis_url.replace("unix://", "redis+socket://"))
    app.conf.broker_url = app.conf.broker_url.replace("?db=0", "?virtual_host=0")
    app.conf.broker_transport_options = {
        "global_keyprefix": keys.prefix,
        "socket_timeout": 10,
        "socket_keepalive": False,
    }
    app.conf.task_ignore_result = True
    yield app
    app.close()


def test_the_first_lead_rings_and_the_next_ones_do_not(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    first = producer.enqueue(LEAD)
    assert [bell_id(bell) for bell in bells(redis_client, keys)] == [first.lead_id]
    producer.enqueue(LEAD, lane="bulk")
    producer.enqueue_many([LEAD] * 500)
    assert [bell_id(bell) for bell in bells(redis_client, keys)] == [first.lead_id]


def test_each_bell_has_an_id_of_its_own_throughout(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    ids = set()
    for lane in ("live", "bulk", "live"):
        producer.enqueue_many([LEAD] * 3, lane=lane)
        (bell,) = bells(redis_client, keys)
        assert ID_PLACEHOLDER not in json.dumps(bell)
        properties, headers = bell["properties"], bell["headers"]
        ids |= {properties["delivery_tag"], properties["correlation_id"]}
        ids |= {headers["id"], headers["root_id"]}
        redis_client.delete(keys.bell)
    assert len(ids) == 3


def test_a_duplicate_rings_nobody(producer: LeadProducer, redis_client: Any, keys: Keys) -> None:
    producer.enqueue(LEAD, key="k")
    redis_client.delete(keys.bell)
    producer.enqueue(LEAD, key="k")
    assert bells(redis_client, keys) == []


@pytest.mark.parametrize(
    ("hold", "rung"),
    [
        ({"kind": "paused"}, 0),
        ({"kind": "paused", "until": "", "since": "1.0"}, 0),
        ({"kind": "not_before", "until": "99999999999.000000"}, 0),
        ({"kind": "not_before", "until": "1.000000"}, 1),
        ({"version": "7"}, 1),
    ],
)
def test_under_a_hold_nobody_is_rung_for(
    producer: LeadProducer, redis_client: Any, keys: Keys, hold: dict[str, str], rung: int
) -> None:
    redis_client.hset(keys.governor, mapping=hold)
    producer.enqueue(LEAD)
    assert len(bells(redis_client, keys)) == rung
    assert redis_client.zcard(keys.due("live")) == 1


def test_a_bell_says_nothing_of_a_lead(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    producer.enqueue({"name": "Joana Prado"}, key="joana", source="landing")
    (message,) = redis_client.lrange(keys.bell, 0, -1)
    body = base64.b64decode(json.loads(message)["body"])
    for word in (b"Joana", b"joana", b"landing"):
        assert word not in message + body


# What may differ, and what it then has to be: ours, and kombu's.
OWN_IDS = {"id", "root_id", "correlation_id", "delivery_tag"}
OWN_WORDS = {"origin", "reply_to"}


def shape(value: Any, name: str = "") -> Any:
    """A message with ids in one word each, and with its body decoded."""
    if name in OWN_IDS or name in OWN_WORDS:
        return type(value)
    if name == "body":
        return json.loads(base64.b64decode(value))
    if isinstance(value, dict):
        return {key: shape(inner, key) for key, inner in value.items()}
    return value


def test_the_ready_made_message_is_what_the_installed_kombu_would_send(
    celery_app: Celery, producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    celery_app.send_task(TASK, queue=QUEUE)
    (theirs,) = bells(redis_client, keys)
    redis_client.delete(keys.bell)
    producer.enqueue(LEAD)
    (ours,) = bells(redis_client, keys)
    # Celery says there of each task whether its result is wanted; nobody wants a bell's.
    theirs["headers"]["ignore_result"] = True
    assert shape(ours) == shape(theirs)
    assert json.dumps(json.loads(BELL), separators=(",", ":")) == BELL


@contextmanager
def consumer(app: Celery, received: list[Any]) -> Iterator[Any]:
    with app.connection_for_read() as connection, connection.channel() as channel:
        queue = kombu.Queue(QUEUE, channel=channel)
        with kombu.Consumer(channel, [queue], on_message=received.append, accept=["json"]):
            yield connection


def test_kombu_consumes_and_acknowledges_it(
    celery_app: Celery, producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    received: list[Any] = []
    with consumer(celery_app, received) as connection:
        for _ in range(2):
            lead_id = producer.enqueue(LEAD).lead_id
            connection.drain_events(timeout=10)
            message = received.pop()
            assert message.headers["task"] == TASK
            assert message.headers["id"] == lead_id == message.delivery_tag
            assert message.payload[:2] == [[], {}]
            assert redis_client.hexists(f"{keys.prefix}unacked", lead_id)
            message.ack()
            assert not redis_client.hexists(f"{keys.prefix}unacked", lead_id)
            assert bells(redis_client, keys) == []


def test_a_message_that_was_not_acknowledged_comes_back_as_it_was(
    celery_app: Celery, producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    received: list[Any] = []
    lead_id = producer.enqueue(LEAD).lead_id
    with consumer(celery_app, received) as connection:
        connection.drain_events(timeout=10)
        received.pop().requeue()
        connection.drain_events(timeout=10)
        message = received.pop()
        assert (message.headers["id"], message.headers["task"]) == (lead_id, TASK)
        message.ack()
    assert bells(redis_client, keys) == []
