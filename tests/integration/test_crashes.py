"""What must hold when processes die and answers are lost: nothing lost, nothing sent twice."""

from __future__ import annotations

import os
import signal
import threading
from functools import partial
from typing import Any

import pytest
from lead_ops.embedded import EmbeddedRedis
from lead_ops.sandbox import Faults, SandboxServer
from lead_worker.core.lifecycle import State
from lead_worker.store.runner import SCRIPTS
from redis import Redis

from tests.conftest import StartRedis
from tests.integration.fleet import Fleet, MakeFleet, named, wait_until
from tests.integration.tcp_proxy import ReplyLosingProxy


def test_a_worker_killed_amid_200_leads_loses_none_and_repeats_only_those_in_flight(
    redis_url: str, make_fleet: MakeFleet, sandbox: SandboxServer
) -> None:
    fleet = make_fleet(redis_url)
    sandbox.set_faults(Faults(latency_seconds=0.05))
    for number in range(200):
        fleet.producer.enqueue(named(number))
    doomed = fleet.start_worker()
    sandbox.wait_for(lambda s: len(s.leads) >= 50)
    doomed.kill()
    in_flight = fleet.ids(State.LEASED)
    assert 0 < len(in_flight) <= 16

    fleet.start_worker()
    counts = fleet.wait_settled(200)

    assert counts.delivered == 200
    arrivals = fleet.arrivals()
    assert set(arrivals) == {f"lead {number}" for number in range(200)}
    twice = [name for name, times in arrivals.items() if times > 1]
    assert len(twice) <= len(in_flight)
    expired = {i for i in in_flight if fleet.timeline(i)[0]["event"] == "lease_expired"}
    assert expired == in_flight
    fleet.assert_audit_is_green()


def test_three_restarts_of_redis_under_load_lose_nothing_and_need_nobody(
    own_redis: StartRedis, make_fleet: MakeFleet, sandbox: SandboxServer
) -> None:
    redis = own_redis()
    fleet = make_fleet(redis.url)
    sandbox.set_faults(Faults(latency_seconds=0.02))
    worker = fleet.start_worker()
    fleet.producer.enqueue_many(map(named, range(900)), lane="live")
    for round_number in range(1, 4):
        already = len(sandbox.leads)
        enough = min(already + 150, 850)
        sandbox.wait_for(partial(has_leads, enough), 60)
        redis.kill()
        redis.start()
        fleet.producer.enqueue_many(
            map(named, range(800 + 100 * round_number, 900 + 100 * round_number))
        )

    counts = fleet.wait_settled(1200)

    assert counts.delivered == 1200
    assert worker.running
    assert fleet.arrivals() == {f"lead {number}": 1 for number in range(1200)}
    fleet.assert_audit_is_green()


def has_leads(number: int, sandbox: SandboxServer) -> bool:
    return len(sandbox.leads) >= number


def test_with_every_celery_message_thrown_away_all_leads_arrive(
    redis_url: str, make_fleet: MakeFleet, redis_client: Redis
) -> None:
    fleet = make_fleet(redis_url)
    bell = fleet.store.keys.bell
    over = threading.Event()

    def throw_away() -> None:
        while not over.is_set():
            redis_client.delete(bell)

    thief = threading.Thread(target=throw_away)
    thief.start()
    try:
        fleet.start_worker()
        for number in range(100):
            fleet.producer.enqueue(named(number))
        counts = fleet.wait_settled(100)
    finally:
        over.set()
        thief.join()

    assert counts.delivered == 100
    assert set(fleet.arrivals().values()) == {1}
    fleet.assert_audit_is_green()


def test_the_answer_of_each_script_lost_sends_no_lead_twice_and_leaves_none_stuck(
    own_redis: StartRedis, make_fleet: MakeFleet, sandbox: SandboxServer
) -> None:
    redis = own_redis(tcp=True)
    with ReplyLosingProxy(redis.port) as proxy:
        fleet = make_fleet(f"redis://127.0.0.1:{proxy.port}/0")
        sandbox.set_faults(Faults(status=429, retry_after="1", count=1))
        worker = fleet.start_worker()
        receipts = [fleet.producer.enqueue(named(number)) for number in range(150)]
        fleet.producer.enqueue({"name": "dies", "email": "no e-mail"})
        counts = fleet.wait_settled(151)
        worker.signal(signal.SIGTERM)
        worker.wait()

        assert (counts.delivered, counts.dead) == (150, 1)
        assert len({receipt.lead_id for receipt in receipts}) == 150
        assert set(fleet.arrivals().values()) == {1}
        used = {
            SCRIPTS[name].sha
            for name in ("open", "claim", "settle", "reclaim", "beat", "govern", "leave")
        }
        assert used <= set(proxy.lost)
        assert len(proxy.lost) >= len(used) + 1  # and enqueue.lua
    direct = Fleet(redis.url, fleet.namespace, sandbox, redis.data_dir)
    direct.assert_audit_is_green()
    direct.close()


def test_a_frozen_worker_that_wakes_late_does_not_send_what_its_lease_no_longer_covers(
    redis_url: str, make_fleet: MakeFleet, sandbox: SandboxServer
) -> None:
    fleet = make_fleet(redis_url)
    sandbox.set_faults(Faults(latency_seconds=0.3))
    frozen = fleet.start_worker(LEADS_CONCURRENCY="4")
    for number in range(40):
        fleet.producer.enqueue(named(number))
    sandbox.wait_for(lambda s: len(s.leads) >= 8)
    frozen.signal(signal.SIGSTOP)
    in_flight = fleet.ids(State.LEASED)
    fleet.start_worker()
    wait_until(lambda: fleet.settled(40))
    frozen.signal(signal.SIGCONT)
    before = len(sandbox.leads)
    for number in range(40, 60):
        fleet.producer.enqueue(named(number))
    counts = fleet.wait_settled(60)

    assert counts.delivered == 60
    twice = {name for name, times in fleet.arrivals().items() if times > 1}
    assert len(twice) <= len(in_flight)
    assert len(sandbox.leads) >= before + 20
    fleet.assert_audit_is_green()


def test_a_restarted_redis_gives_the_leases_of_living_workers_time(
    own_redis: StartRedis, make_fleet: MakeFleet, sandbox: SandboxServer
) -> None:
    redis: EmbeddedRedis = own_redis()
    fleet = make_fleet(redis.url)
    sandbox.set_faults(Faults(latency_seconds=0.5))
    fleet.start_worker()
    for number in range(16):
        fleet.producer.enqueue(named(number))
    sandbox.wait_for(lambda s: len(s.journal) >= 16)
    redis.kill()
    threading.Event().wait(6)  # longer than the leases, and than a gap in the pulse: it must pass
    redis.start()
    counts = fleet.wait_settled(16)

    assert counts.delivered == 16
    assert fleet.arrivals() == {f"lead {number}": 1 for number in range(16)}
    assert all(
        entry["event"] == "attempt"
        for i in fleet.ids(State.DELIVERED)
        for entry in fleet.timeline(i)
    )


def test_a_worker_that_starts_while_redis_is_away_waits_for_it(
    own_redis: StartRedis, make_fleet: MakeFleet
) -> None:
    redis = own_redis()
    fleet = make_fleet(redis.url)
    fleet.producer.enqueue(named(1))
    redis.kill()
    worker = fleet.spawn_worker()
    wait_until(lambda: "waiting for Redis" in worker.log)
    redis.start()
    assert fleet.wait_settled(1).delivered == 1


def test_a_worker_that_waits_for_redis_stops_when_it_is_asked_to(
    own_redis: StartRedis, make_fleet: MakeFleet
) -> None:
    redis = own_redis()
    fleet = make_fleet(redis.url)
    redis.kill()
    worker = fleet.spawn_worker()
    wait_until(lambda: "waiting for Redis" in worker.log)
    worker.signal(signal.SIGTERM)
    worker.wait(15)


def test_sigterm_ends_a_worker_in_time_while_redis_is_away_and_nothing_is_lost(
    own_redis: StartRedis, make_fleet: MakeFleet, sandbox: SandboxServer
) -> None:
    redis = own_redis()
    fleet = make_fleet(redis.url)
    sandbox.set_faults(Faults(latency_seconds=0.3))
    worker = fleet.start_worker(LEADS_CONCURRENCY="4")
    for number in range(8):
        fleet.producer.enqueue(named(number))
    sandbox.wait_for(lambda s: len(s.journal) >= 4)
    redis.kill()
    worker.signal(signal.SIGTERM)
    worker.wait(15)
    redis.start()
    fleet.start_worker()

    assert fleet.wait_settled(8).delivered == 8
    assert len(fleet.arrivals()) == 8
    fleet.assert_audit_is_green()


def test_sigterm_ends_a_worker_in_time_while_redis_is_frozen(
    own_redis: StartRedis, make_fleet: MakeFleet
) -> None:
    redis = own_redis()
    fleet = make_fleet(redis.url)
    worker = fleet.start_worker()
    os.kill(redis.pid, signal.SIGSTOP)
    try:
        worker.signal(signal.SIGTERM)
        worker.wait(20)  # Celery alone would wait for its socket's 30 s
    finally:
        os.kill(redis.pid, signal.SIGCONT)


def test_a_namespace_that_redis_lost_still_knows_its_api_and_says_which_leads_are_gone(
    redis_url: str, make_fleet: MakeFleet, sandbox: SandboxServer, redis_client: Redis
) -> None:
    fleet = make_fleet(redis_url)
    sandbox.set_faults(Faults(latency_seconds=0.5))
    worker = fleet.start_worker()
    lead_id = fleet.producer.enqueue(named(1)).lead_id
    sandbox.wait_for(lambda s: len(s.journal) == 1)
    redis_client.flushall()
    wait_until(lambda: f"lead {lead_id} is gone from Redis; the API has it as" in worker.log)
    wait_until(lambda: redis_client.hget(fleet.store.keys.meta, "api_url") is not None)

    with pytest.raises(AssertionError, match="delivers to http"):
        fleet.start_worker(LEADS_API_URL="http://127.0.0.1:9/rest")


def test_malformed_bells_from_before_a_worker_began_are_in_nobodys_way(
    redis_url: str, make_fleet: MakeFleet, redis_client: Redis
) -> None:
    fleet = make_fleet(redis_url)
    redis_client.lpush(fleet.store.keys.bell, *["not json"] * 5)
    fleet.producer.enqueue(named(1))
    fleet.start_worker()
    assert fleet.wait_settled(1).delivered == 1


def test_a_hold_of_a_kind_that_only_a_newer_release_knows_is_obeyed(
    redis_url: str, make_fleet: MakeFleet, sandbox: SandboxServer, redis_client: Redis
) -> None:
    fleet = make_fleet(redis_url)
    hold: dict[Any, Any] = {
        "kind": "tea_time",
        "until": "",
        "since": "1",
        "reason": "?",
        "by": "?",
        "version": "1",
    }
    redis_client.hset(fleet.store.keys.governor, mapping=hold)
    fleet.producer.enqueue(named(1))
    worker = fleet.start_worker()
    wait_until(lambda: fleet.counts().waiting == 1 and " ready." in worker.log)
    assert sandbox.journal == []
    redis_client.delete(fleet.store.keys.governor)
    assert fleet.wait_settled(1).delivered == 1
