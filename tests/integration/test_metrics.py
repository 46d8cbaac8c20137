"""What workers counted, in Redis: each flush once, read at a cost that no backlog adds to."""

from __future__ import annotations

import signal
from collections.abc import Mapping

import pytest
from lead_ops.exporter.collector import LeadsCollector
from lead_ops.sandbox import Faults
from lead_producers.keys import Keys
from lead_worker.core.lifecycle import State
from lead_worker.core.metrics import ATTEMPTS, DELIVERY_SECONDS, DIED, SETTLED
from lead_worker.core.tallies import counters, histograms, read_fields
from lead_worker.store import Store
from lead_worker.store.metrics import Metrics
from lead_worker.store.runner import connect
from prometheus_client import CollectorRegistry, generate_latest
from redis import Redis
from redis.exceptions import OutOfMemoryError

from tests.conftest import StartRedis
from tests.integration.fleet import ONE_REDIS, Fleet, named, wait_until
from tests.integration.queues import ENTRY, Queue, settlement

DELIVERED = "leads_settled_total|delivered|live"
FILL = """
for n = 1, ARGV[1], 1000 do
  local pairs = {}
  for id = n, n + 999 do
    pairs[#pairs + 1] = id
    pairs[#pairs + 1] = string.format('lead-%032d', id)
  end
  redis.call('ZADD', KEYS[1], unpack(pairs))
end
"""
"""As many ids as ARGV[1] says, in one index."""


def test_what_several_workers_flush_adds_up_and_when_is_kept(queue: Queue) -> None:
    one, other = Metrics(queue.store("w1")), Metrics(queue.store("w2"))
    assert one.read().flushed_at is None
    one.flush(1, {DELIVERED: 2})
    other.flush(1, {DELIVERED: 3, "leads_died_total|poison": 1})
    found = one.read()
    assert found.counted == {DELIVERED: 5, "leads_died_total|poison": 1}
    assert found.flushed_at is not None
    assert found.counts
    assert found.flushed_at <= found.counts.now_at


def test_a_flush_that_comes_again_or_late_adds_nothing(queue: Queue) -> None:
    metrics = Metrics(queue.store())
    for number in (1, 1, 2, 1, 2):
        metrics.flush(number, {DELIVERED: 1})
    assert metrics.read().counted == {DELIVERED: 2}


def test_a_flush_of_nothing_says_that_the_worker_counts(queue: Queue) -> None:
    Metrics(queue.store()).flush(1, {})
    assert Metrics(queue.store()).read().flushed_at


def test_where_memory_is_full_it_is_flushed_and_read_all_the_same(
    own_redis: StartRedis, namespace: str
) -> None:
    queue = Queue(own_redis().url, namespace)
    queue.client.set("ballast", b"x" * 2_000_000)
    queue.client.config_set("maxmemory", 1_500_000)
    with pytest.raises(OutOfMemoryError):
        queue.client.set("more", "x")
    metrics = Metrics(queue.store())
    for number in (1, 2):
        metrics.flush(number, {DELIVERED: number})
    assert metrics.read().counted == {DELIVERED: 3}
    queue.close()


@pytest.mark.parametrize("name", ["accepted", "forgotten", "duplicates"])
@pytest.mark.parametrize("text", ["abc", "", "nan", "inf", "-5", "1.5", "9" * 30])
def test_a_count_that_is_none_takes_only_the_counts_away(
    queue: Queue, name: str, text: str
) -> None:
    metrics = Metrics(queue.store())
    metrics.flush(1, {DELIVERED: 2})
    queue.accept("a")
    was = queue.client.hget(queue.keys.counts, name) or 0
    queue.client.hset(queue.keys.counts, name, text)
    found = metrics.read()
    assert (found.counts, found.unread, found.counted) == (None, ("counts",), {DELIVERED: 2})
    queue.client.hset(queue.keys.counts, name, was)


@pytest.mark.parametrize("text", ["nan", "inf", "abc"])
def test_an_instant_that_is_none_has_no_age(queue: Queue, text: str) -> None:
    queue.client.hset(queue.keys.counts, "calendar_at", text)
    found = Metrics(queue.store()).read()
    assert (found.calendar_at, found.unread) == (None, ("calendar",))
    assert found.counts


def test_what_somebody_damaged_is_left_out(queue: Queue) -> None:
    queue.client.hset(queue.keys.metrics, mapping={"a": "x", "b": 2, "flushed_at": "never"})
    found = Metrics(queue.store()).read()
    assert (found.counted, found.flushed_at) == ({"b": 2}, None)


def test_a_claimed_lead_says_when_it_was_enqueued_and_after_a_replay_since_when_it_waits(
    queue: Queue,
) -> None:
    queue.accept("a")
    accepted_at = float(queue.record("a")["accepted_at"])
    queue.pass_time(5.0)
    (lead,) = queue.claim()
    assert (lead.enqueued_at, lead.raw) == (accepted_at, b'{"name":"Ana"}')
    queue.settle(settlement(lead, State.DEAD))
    queue.pass_time(60.0)
    assert queue.store().replay("a", "act", ENTRY) == "ok"
    (again,) = queue.claim()
    assert again.enqueued_at == float(queue.record("a")["replayed_at"]) > accepted_at + 60
    assert queue.claim_again()[0].enqueued_at == again.enqueued_at


@ONE_REDIS
def test_a_fleet_counts_what_its_leads_came_to_and_flushes_the_rest_at_its_end(
    fleet: Fleet,
) -> None:
    metrics = Metrics(fleet.store)
    fleet.sandbox.set_faults(Faults(status=503, count=3))
    workers = fleet.start_workers(2)
    fleet.enqueue(*map(named, range(20)), {"email": "nobody"})
    wait_until(lambda: metrics.read().counted.get(DELIVERED) == 20)
    fleet.enqueue(*map(named, range(20, 25)))
    fleet.wait_settled(26)
    for worker in workers:
        worker.signal(signal.SIGTERM)
    assert [worker.wait() for worker in workers] == [0, 0]
    found = read_fields(metrics.read().counted)
    settled = counters(SETTLED, found[SETTLED.name])
    assert (settled[("delivered", "live")], settled[("dead", "live")]) == (25, 1)
    assert settled[("waiting", "live")] == 3
    attempts = counters(ATTEMPTS, found[ATTEMPTS.name])
    assert attempts[("delivered", "delivered")] == 25
    assert attempts[("retry", "status_503")] == 3
    assert counters(DIED, found[DIED.name])[("invalid",)] == 1
    deliveries = histograms(DELIVERY_SECONDS, found[DELIVERY_SECONDS.name])[("live",)]
    assert deliveries.buckets[-1] == ("+Inf", 25)
    assert deliveries.sum_seconds > 0


@ONE_REDIS
def test_a_scrape_costs_as_many_commands_with_a_million_leads_as_with_a_thousand(
    own_redis: StartRedis,
) -> None:
    redis = own_redis(appendonly="no")
    client, keys = connect(redis.url, timeout_seconds=60.0), Keys("n")
    store = Store(connect(redis.url, timeout_seconds=60.0), "n", "w1")
    store.open("https://api.example/rest")
    store.beat({"concurrency": 16})
    Metrics(store).flush(1, {DELIVERED: 1})
    costs = [commands_of_a_scrape(client, keys, store, leads) for leads in (1000, 1_000_000)]
    assert costs[0] == costs[1]
    assert sum(costs[0].values()) < 40
    for each in (client, store.client):
        each.close()


def commands_of_a_scrape(client: Redis, keys: Keys, store: Store, leads: int) -> Mapping[str, int]:
    """How often a scrape runs each command, those within scripts included."""
    client.eval(FILL, 1, keys.due("live"), leads)
    metrics = Metrics(store)
    metrics.read()  # the scripts are loaded
    client.config_resetstat()
    counts = metrics.read().counts
    assert counts
    assert counts.waiting == leads
    stats = client.info("commandstats")
    return {name: each["calls"] for name, each in stats.items() if "resetstat" not in name}


@pytest.mark.parametrize(
    ("name", "unread", "absent", "told"),
    [
        ("metrics", {"metrics"}, "leads_settled_total", "leads_in_state"),
        ("bell", {"bell"}, "leads_bells", "leads_settled_total"),
        ("workers", {"workers"}, "leads_workers", "leads_in_state"),
        ("delivered", {"counts"}, "leads_in_state", "leads_settled_total"),
        ("due:live", {"counts", "live"}, "leads_in_state", "leads_redis_memory_used_bytes"),
    ],
)
def test_a_key_that_is_broken_takes_only_its_own_metrics_away(
    queue: Queue, name: str, unread: set[str], absent: str, told: str
) -> None:
    metrics = Metrics(queue.store())
    metrics.flush(1, {DELIVERED: 2})
    key = f"{queue.keys.prefix}{name}"
    queue.client.delete(key)
    queue.client.set(key, "x")
    assert set(metrics.read().unread) == unread
    registry = CollectorRegistry()
    registry.register(LeadsCollector(metrics.read, queue.namespace))
    text = generate_latest(registry).decode()
    assert "leads_up 1.0" in text
    assert f"leads_exporter_unread_parts {len(unread)}.0" in text
    assert f"# TYPE {absent} " not in text
    assert f"# TYPE {told} " in text
    queue.client.delete(key)


@pytest.mark.parametrize("name", ["metrics", "metered"])
def test_metrics_that_somebody_damaged_end_no_heartbeat(queue: Queue, name: str) -> None:
    from tests.integration.test_heartbeat import IdleCourier, beat

    key = queue.keys.metrics if name == "metrics" else queue.keys.metered("w1")
    queue.client.lpush(key, "no hash")
    beat(queue, IdleCourier())
    assert queue.client.zcard(queue.keys.workers) == 1
    queue.client.delete(key)
