"""`leads enqueue --durable`: it says that leads are on Redis's disk, or that it cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lead_ops.embedded import EmbeddedRedis

from .conftest import Leads, Queue


def test_leads_are_accepted_by_a_redis_that_writes_each_to_its_disk(
    leads: Leads,
    own_redis: Callable[..., EmbeddedRedis],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    redis, path = own_redis(appendonly="yes", appendfsync="always"), tmp_path / "a.jsonl"
    path.write_text('{"name":"Ana"}\n')
    monkeypatch.setenv("LEADS_REDIS_URL", redis.url)
    ran = leads("enqueue", path, "--durable")
    assert (ran.code, ran.out) == (0, "1 lead accepted, 0 duplicates, 0 refused\n")


def test_a_redis_without_a_disk_is_given_none(leads: Leads, queue: Queue, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"name":"Ana"}\n')
    ran = leads("enqueue", path, "--durable", "--again")
    assert ran.code == 1
    error, stopped = ran.err.splitlines()
    assert error.startswith("leads: Redis at ")
    assert "set appendonly to yes" in error
    assert stopped == "stopped before the end: nothing was enqueued"
    assert queue.store.counts().accepted == 0
