"""`leads doctor` on real servers: what is wrong is said, whatever else is wrong as well."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from lead_ops.doctor.namespace import CALENDAR
from lead_producers import LeadProducer
from lead_worker import app
from lead_worker.core.outcome import HoldKind
from lead_worker.settings import load
from lead_worker.store import Store
from lead_worker.store.vitals import read
from redis import Redis

from tests.conftest import StartRedis
from tests.integration.fleet import ONE_REDIS, Fleet, wait_until

from .conftest import Examine, Leads, OnTerminal, Queue, level


@ONE_REDIS
def test_a_fleet_that_works_has_nothing_bad(fleet: Fleet, leads: Leads, examine: Examine) -> None:
    fleet.start_worker()
    settings = {"LEADS_REDIS_URL": fleet.redis_url, "LEADS_NAMESPACE": fleet.namespace}
    with closing(app.make_app(load(settings))) as beat:
        beat.send_task("lead_worker.retain")
    wait_until(lambda: read(fleet.store).calendar_at is not None)
    fleet.enqueue({"name": "Ana"})
    fleet.wait_delivered(1)
    checks = examine()
    # The test's Redis has no file on the disk, and no other.
    assert {name for name, each in checks.items() if each["level"] == "bad"} == {"redis appendonly"}
    for name in ("release", "tokens", "settings", "workers", "beat"):
        assert level(checks, f"workers {name}") == "good", checks[f"workers {name}"]
    assert level(checks, "api token") == "good"
    assert level(checks, "clocks redis") == level(checks, "clocks api") == "good"
    assert len(fleet.sandbox.leads) == 1


def test_the_durable_redis_of_this_project_is_good(own_redis: StartRedis, examine: Examine) -> None:
    checks = examine(LEADS_REDIS_URL=own_redis(maxmemory="100mb").url)
    found = {name: each["level"] for name, each in checks.items() if name.startswith("redis ")}
    assert set(found.values()) == {"good"}, found


def test_a_redis_that_throws_leads_away_is_bad(own_redis: StartRedis, examine: Examine) -> None:
    redis = own_redis(appendfsync="no", maxmemory_policy="allkeys-lru", maxmemory="1mb")
    checks = examine(LEADS_REDIS_URL=redis.url)
    for name in ("appendfsync", "eviction", "memory"):
        assert level(checks, f"redis {name}") == "bad"
        assert checks[f"redis {name}"]["advice"]


def test_a_managed_redis_that_hides_its_settings_is_examined_all_the_same(
    own_redis: StartRedis, examine: Examine
) -> None:
    redis = own_redis(tcp=True)
    with closing(Redis.from_url(redis.url)) as admin:
        admin.acl_setuser(
            "leads",
            enabled=True,
            passwords=["+pass"],
            keys=["*"],
            categories=["+@all"],
            commands=["-config", "-info"],
        )
    checks = examine(LEADS_REDIS_URL=f"redis://leads:pass@127.0.0.1:{redis.port}/0")
    for name in ("appendonly", "appendfsync", "eviction", "version"):
        assert level(checks, f"redis {name}") == "warning"
        assert "cannot be seen" in checks[f"redis {name}"]["found"]
    assert level(checks, "queue delivery") == "good"


def test_a_wrong_password_is_said_and_the_rest_is_skipped(
    own_redis: StartRedis, examine: Examine
) -> None:
    redis = own_redis(tcp=True)
    with closing(Redis.from_url(redis.url)) as admin:
        admin.config_set("requirepass", "right")
    checks = examine(LEADS_REDIS_URL=f"redis://:wrong-one@127.0.0.1:{redis.port}/0")
    assert "refused the user or password" in checks["redis reach"]["found"]
    assert "wrong-one" not in json.dumps(checks)
    assert level(checks, "queue namespace") == level(checks, "workers workers") == "skipped"
    assert level(checks, "api token") == "good"


def test_without_redis_the_api_is_examined_all_the_same(examine: Examine) -> None:
    checks = examine(LEADS_REDIS_URL="redis://127.0.0.1:1/0")
    assert level(checks, "redis reach") == "bad"
    assert (level(checks, "clocks redis"), level(checks, "api token")) == ("skipped", "good")


@ONE_REDIS
def test_each_bad_setting_is_a_line_and_nothing_stops(examine: Examine) -> None:
    checks = examine(LEADS_LEASE_SECONDS="2", LEADS_CONCURENCY="3")
    assert "LEADS_LEASE_SECONDS" in checks["settings setting"]["found"]
    # Nobody has used it: said with a question, as its name may be mistyped.
    assert level(checks, "queue namespace") == "warning"
    away = examine(LEADS_REDIS_URL="redis://127.0.0.1:1/0")
    assert "cannot be reached" in away["redis reach"]["found"]
    assert "redis fault" not in away


def test_without_workers_it_says_how_to_start_one(examine: Examine) -> None:
    checks = examine()
    assert level(checks, "workers workers") == "bad"
    assert "celery -A lead_worker.app worker" in checks["workers workers"]["advice"]


def test_workers_that_differ_are_told(examine: Examine, queue: Queue) -> None:
    for name, release in (("w1", "leads-worker@1"), ("w2", "leads-worker@2")):
        about = {"release": release, "token_mark": name, "rate_per_minute": name}
        Store.from_url(queue.url, queue.namespace, name).beat(about)
    checks = examine()
    for name in ("release", "tokens", "settings"):
        assert level(checks, f"workers {name}") == "warning"
    assert "rate_per_minute" in checks["workers settings"]["found"]


def test_messages_of_strangers_in_celerys_lists_are_bad(examine: Examine, queue: Queue) -> None:
    client, prefix = queue.store.client, queue.store.keys.prefix
    queue.put()
    assert level(examine(), "queue bell") == "good"
    client.lpush(queue.store.keys.bell, json.dumps({"headers": {"task": "shop.mail"}}))
    client.set(f"{prefix}calendar", "x")
    checks = examine()
    assert level(checks, "queue bell") == level(checks, "queue calendar") == "bad"


def test_the_calendars_list_is_the_apps() -> None:
    assert CALENDAR == app.CALENDAR_QUEUE


def test_a_namespace_of_another_api_is_bad(examine: Examine, queue: Queue) -> None:
    queue.store.open("https://other.example/rest")
    assert level(examine(), "queue address") == "bad"


@ONE_REDIS
def test_records_of_another_format_say_nothing_of_delivery(examine: Examine, queue: Queue) -> None:
    queue.store.client.hset(queue.store.keys.meta, "format", "99")
    checks = examine()
    assert level(checks, "queue namespace") == "bad"
    assert level(checks, "queue delivery") == "skipped"


def test_a_hold_is_a_warning_that_says_what_to_do(examine: Examine, queue: Queue) -> None:
    queue.hold(HoldKind.PAUSED)
    found = examine()["queue delivery"]
    assert (found["level"], found["advice"]) == ("warning", "to go on: leads resume")


@ONE_REDIS
def test_a_spool_is_looked_at_and_left_as_it_is(examine: Examine, tmp_path: Path) -> None:
    path = tmp_path / "leads.spool"
    assert "none yet" in examine(LEADS_SPOOL=str(path))["spool spool"]["found"]
    assert not path.exists()
    away = "redis://127.0.0.1:1/0"
    with closing(LeadProducer.from_url(away, spool=path, timeout_seconds=0.2)) as producer:
        assert producer.enqueue({"name": "Ana Souza"}).spooled
    checks = examine()
    assert "1 lead waits for namespace leads" in checks["spool content"]["found"]
    assert "Ana" not in json.dumps(checks)
    path.chmod(0o644)
    assert level(examine(), "spool spool") == "bad"
    assert path.stat().st_mode & 0o777 == 0o644
    assert level(examine(LEADS_SPOOL=str(tmp_path / "no" / "x")), "spool spool") == "bad"


@ONE_REDIS
def test_on_a_terminal_each_line_fits_and_says_its_level(
    leads_on_terminal: OnTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADS_API_URL", "http://127.0.0.1:1/rest")
    lines = leads_on_terminal("doctor")
    assert max(map(len, lines)) <= 80
    assert lines[0] == "Settings"
    assert any(line.startswith("  BAD     workers      none") for line in lines)
    assert lines[-1].endswith(" skipped")
    assert not any("\x1b" in line for line in lines)
