"""`leads health`: one line and an exit code, soon, whatever Redis does."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator

import pytest
from lead_producers.keys import FORMAT
from lead_worker.core.outcome import HoldKind

from tests.conftest import StartRedis
from tests.integration.fleet import ONE_REDIS

from .conftest import Leads, OnTerminal, Queue

HOUR_SECONDS = 3600.0


@pytest.fixture
def silent_address() -> Iterator[str]:
    """Where connections are taken, and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def make_overdue(queue: Queue) -> None:
    """Let what waits have been due for an hour."""
    client, due = queue.store.client, queue.store.keys.due("live")
    for lead_id, at in client.zrange(due, 0, -1, withscores=True):
        client.zadd(due, {lead_id: at - HOUR_SECONDS})


def test_an_empty_queue_is_good(leads: Leads, queue: Queue) -> None:
    queue.store.client.hset(queue.store.keys.meta, "format", FORMAT)
    ran = leads("health")
    assert (ran.code, ran.out, ran.err) == (0, "good  no lead is due\n", "")


def test_a_namespace_that_nobody_has_used_is_good_and_named(leads: Leads, namespace: str) -> None:
    ran = leads("health")
    words = f"good  nobody has used namespace {namespace!r} yet: is that its name?"
    assert (ran.code, " ".join(ran.out.split())) == (0, " ".join(words.split()))
    assert json.loads(leads("health", "--json").out)["verdict"] == "unused"


def test_settings_that_cannot_be_used_are_json_too(
    leads: Leads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADS_NAMESPACE", "no such name {}")
    ran = leads("health", "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["good"], told["verdict"]) == (2, False, "unreadable")
    assert "LEADS_NAMESPACE" in told["reason"]


def test_a_fresh_lead_is_given_time(leads: Leads, queue: Queue) -> None:
    queue.put()
    ran = leads("health")
    assert ran.code == 0
    assert "a claim is expected" in ran.out


def test_leads_that_nobody_claims_are_bad_in_one_line(leads: Leads, queue: Queue) -> None:
    queue.put(name="Ana Souza")
    make_overdue(queue)
    ran = leads("health")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out == "BAD   1 lead is due for 60 min, nobody claims: no worker is alive\n"
    queue.lease()
    queue.put()
    assert leads("health").code == 0


def test_a_pause_is_good_and_said(leads: Leads, queue: Queue) -> None:
    queue.put()
    make_overdue(queue)
    queue.hold(HoldKind.PAUSED, "Ana asked for it")
    ran = leads("health")
    assert ran.code == 0
    assert ran.out.startswith("good  held: paused for ")
    assert "Ana" not in ran.out


def test_json_says_the_same(leads: Leads, queue: Queue, namespace: str) -> None:
    queue.put()
    make_overdue(queue)
    ran = leads("health", "--json")
    told = json.loads(ran.out)
    assert ran.code == 1
    assert (told["good"], told["verdict"], told["namespace"]) == (False, "stuck", namespace)
    assert (told["claimable"], told["workers_alive"], told["hold"]) == (1, 0, None)
    assert told["stood_seconds"] >= HOUR_SECONDS


def test_where_there_is_no_redis_it_is_bad_and_says_where_it_looked(
    leads: Leads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADS_REDIS_URL", "redis://:secret@127.0.0.1:1/0")
    ran = leads("health")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith("BAD   Redis at 127.0.0.1:1 cannot be reached")
    assert "secret" not in ran.out
    told = json.loads(leads("health", "--json").out)
    assert (told["good"], told["verdict"], told["claimable"]) == (False, "unreadable", None)


def test_a_redis_that_takes_the_call_and_says_nothing_is_given_up_on(
    leads: Leads, silent_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADS_REDIS_URL", silent_address)
    ran = leads("health", "--timeout-seconds", 0.2)
    assert ran.code == 1
    assert "did not answer" in ran.out


def test_a_redis_that_hangs_is_bad_and_one_that_goes_on_is_judged_again(
    leads: Leads, own_redis: StartRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis = own_redis()
    monkeypatch.setenv("LEADS_REDIS_URL", redis.url)
    os.kill(redis.pid, signal.SIGSTOP)
    hung = leads("health", "--timeout-seconds", 0.3)
    os.kill(redis.pid, signal.SIGCONT)
    assert hung.code == 1
    assert "did not answer" in hung.out
    assert leads("health").code == 0


def test_a_namespace_of_another_release_is_bad(leads: Leads, queue: Queue) -> None:
    queue.store.client.hset(queue.store.keys.meta, "format", "9")
    ran = leads("health")
    assert ran.code == 1
    assert "holds records of format '9'" in ran.out


def test_a_time_limit_that_is_none_is_a_mistake(leads: Leads) -> None:
    assert leads("health", "--timeout-seconds", 0).code == 2


@ONE_REDIS
def test_the_line_fits_a_terminal(leads_on_terminal: OnTerminal, queue: Queue) -> None:
    queue.put()
    make_overdue(queue)
    (line,) = leads_on_terminal("health")
    assert len(line) <= 80
