"""A delivery goes on with the trace of the app that enqueued the lead."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sentry_sdk
from lead_ops.sandbox import SandboxServer
from lead_producers import LeadProducer
from lead_producers.keys import Keys
from redis import Redis

from tests.integration.fleet import ONE_REDIS, Fleet, named, wait_until
from tests.integration.sentry_listener import SentryListener

pytestmark = ONE_REDIS
PERSON = "joana.prado@cliente.example"


@pytest.fixture
def app(sentry: SentryListener) -> Any:
    """An app that has Sentry's SDK, and samples each of its requests."""
    scope = sentry_sdk.get_global_scope()
    before = scope.client
    sentry_sdk.init(
        dsn=sentry.dsn,
        traces_sample_rate=1.0,
        default_integrations=False,
        enable_backpressure_handling=False,  # a thread that would outlive the test
    )
    yield sentry_sdk
    sentry_sdk.flush()
    scope.set_client(before)


def transactions(sentry: SentryListener) -> list[dict[str, Any]]:
    found = [line for text in sentry.envelopes for line in text.splitlines()]
    items = [json.loads(line) for line in found if line.startswith('{"') and '"spans"' in line]
    return [item for item in items if item.get("transaction") == "deliver a lead"]


def test_a_sampled_request_and_its_delivery_are_one_trace(
    fleet: Fleet, sandbox: SandboxServer, sentry: SentryListener, app: Any
) -> None:
    fleet.start_worker(SENTRY_DSN=sentry.dsn, SENTRY_TRACES_SAMPLE_RATE="0.000001")
    with app.start_transaction(op="http.server", name=f"/thanks/{PERSON}") as request:
        (lead_id,) = fleet.enqueue(named(1))
    fleet.wait_delivered(1)
    wait_until(lambda: transactions(sentry) != [])

    (delivery,) = transactions(sentry)
    trace = delivery["contexts"]["trace"]
    assert (trace["trace_id"], trace["op"]) == (request.trace_id, "lead.deliver")
    assert trace["status"] == "ok"
    assert delivery["tags"]["lead_id"] == lead_id
    assert [span["op"] for span in delivery["spans"]] == ["queue.wait", "http.client"]
    values = [str(value) for value in named(1).values()]
    assert [value for value in (*values, PERSON) if value in json.dumps(delivery)] == []


def test_without_a_sampled_request_it_is_the_workers_own_rate(
    fleet: Fleet, sentry: SentryListener
) -> None:
    fleet.start_worker(SENTRY_DSN=sentry.dsn, SENTRY_TRACES_SAMPLE_RATE="1")
    fleet.enqueue(*map(named, range(3)))
    fleet.wait_delivered(3)
    wait_until(lambda: len(transactions(sentry)) == 3)
    assert len({each["contexts"]["trace"]["trace_id"] for each in transactions(sentry)}) == 3


def test_of_a_trace_only_what_sentry_needs_is_kept_in_the_record(
    producer: LeadProducer, redis_client: Redis, keys: Keys, app: Any
) -> None:
    with app.start_transaction(op="http.server", name=f"/thanks/{PERSON}"):
        traced = producer.enqueue({"name": "Ana"}).lead_id
    plain = producer.enqueue({"name": "Ana"}).lead_id
    kept = json.loads(redis_client.hget(keys.lead(traced), "trace") or b"")
    assert set(kept) == {"sentry-trace", "baggage"}
    assert "joana" not in kept["baggage"]
    assert "sentry-trace_id=" in kept["baggage"]
    assert redis_client.hget(keys.lead(plain), "trace") is None
