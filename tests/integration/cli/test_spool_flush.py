"""`leads spool flush`: each lead reaches Redis once, and what is stopped can be repeated."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lead_ops.audit import run_audit
from lead_ops.embedded import EmbeddedRedis
from lead_producers.spool_file import SpoolFile
from redis import Redis

from .conftest import Leads, Queue
from .spools import fill, fill_stale, left

Start = Callable[..., "subprocess.Popen[bytes]"]
MANY = 2000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.spool"


def ids(queue: Queue) -> list[str]:
    """The ids of the leads that wait in `live`, in their order."""
    return [
        each.decode() for each in queue.store.client.zrange(queue.store.keys.due("live"), 0, -1)
    ]


def test_all_leads_are_sent_on_in_order_and_it_is_said_where_to(
    leads: Leads, queue: Queue, path: Path, namespace: str
) -> None:
    queue.put()
    expected = fill(path, namespace, 450)
    ran = leads("spool", "flush", path)
    assert (ran.code, ran.out) == (0, "450 leads sent on, 0 duplicates\n")
    begins = f"sending 450 leads of namespace {namespace} from {path} to Redis at "
    assert ran.err.startswith(begins)
    assert ids(queue)[1:] == expected
    assert left(path) == 0
    assert run_audit(queue.store).ok
    again = leads("spool", "flush", path)
    assert (again.code, again.err) == (0, "")
    assert again.out == f"no lead of namespace {namespace} waits in {path}\n"


def test_what_redis_has_already_is_a_duplicate(
    leads: Leads, queue: Queue, path: Path, namespace: str
) -> None:
    queue.producer.enqueue({"name": "Ana"}, key="form-1")
    fill(path, namespace, 3, key="form")
    told = json.loads(leads("spool", "flush", path, "--json").out)
    assert told.pop("redis")
    assert told == {
        "file": str(path),
        "namespace": namespace,
        "sent": 2,
        "duplicates": 1,
        "by_another": 0,
        "left": 0,
        "stale": 0,
        "complete": True,
        "others": [],
    }


def test_other_namespaces_stay_and_are_named(
    leads: Leads, queue: Queue, path: Path, namespace: str
) -> None:
    queue.put()
    fill(path, namespace, 1)
    fill(path, "fair", 2)
    ran = leads("spool", "flush", path)
    assert ran.code == 0
    assert "2 leads of namespace fair stayed" in ran.out
    assert left(path) == 2


def test_a_namespace_that_redis_has_never_seen_is_asked_about(
    leads: Leads, queue: Queue, path: Path, namespace: str
) -> None:
    fill(path, namespace, 2)
    ran = leads("spool", "flush", path)
    assert ran.code == 2
    assert f"this Redis has never had a lead of namespace {namespace}" in ran.err
    assert "nothing was sent on: expected --yes" in ran.err
    assert (left(path), queue.store.client.keys(f"{{{namespace}}}*")) == (2, [])
    assert leads("spool", "flush", path, "--yes").code == 0
    assert queue.store.counts().accepted == 2


def test_one_that_could_arrive_twice_is_told_as_one(
    leads: Leads, queue: Queue, path: Path, namespace: str
) -> None:
    queue.put()
    fill_stale(path, namespace, 1)
    fill(path, namespace, 1)
    assert "1 lead needs a look and stayed where it is" in leads("spool", "flush", path).out


def test_what_could_arrive_twice_stays_until_it_is_asked_for(
    leads: Leads, queue: Queue, path: Path, namespace: str
) -> None:
    queue.put()
    stale = fill_stale(path, namespace, 2)
    fresh = fill(path, namespace, 1)
    ran = leads("spool", "flush", path)
    assert ran.code == 1
    assert ran.out.startswith("1 lead sent on, 0 duplicates\n2 leads need a look")
    assert ids(queue)[1:] == fresh
    ran = leads("spool", "flush", path, "--stale")
    assert ran.code == 2
    assert "2 leads could arrive a second time" in ran.err
    assert left(path) == 2
    assert leads("spool", "flush", path, "--stale", "--yes").code == 0
    assert ids(queue)[2:] == stale


def test_without_redis_it_is_one_line_and_nothing_is_lost(
    leads: Leads, path: Path, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(path, namespace, 3)
    monkeypatch.setenv("LEADS_REDIS_URL", "redis://:s3cret@127.0.0.1:1/0")
    ran = leads("spool", "flush", path)
    assert (ran.code, ran.out) == (1, "")
    _, error = ran.err.splitlines()
    assert error.startswith("leads: Redis at 127.0.0.1:1 ")
    assert "nothing was sent on, 3 wait in the spool" in error
    assert "s3cret" not in ran.err
    assert left(path) == 3
    told = json.loads(leads("spool", "flush", path, "--json").out)
    assert (told["complete"], told["sent"], told["left"]) == (False, 0, 3)


def test_a_wrong_password_is_named_and_not_shown(
    leads: Leads,
    own_redis: Callable[..., EmbeddedRedis],
    path: Path,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    redis = own_redis(tcp=True)
    with Redis.from_url(redis.url) as client:
        client.config_set("requirepass", "right")
    fill(path, namespace, 1)
    monkeypatch.setenv("LEADS_REDIS_URL", f"redis://:wr0ng@127.0.0.1:{redis.port}/0")
    ran = leads("spool", "flush", path)
    assert ran.code == 1
    assert "refused the user or password" in ran.err
    assert "wr0ng" not in ran.err
    assert left(path) == 1


def test_a_full_redis_takes_none_and_loses_none(
    leads: Leads, queue: Queue, path: Path, namespace: str
) -> None:
    queue.put()
    queue.store.client.set(queue.store.keys.full, "1")
    fill(path, namespace, 2)
    ran = leads("spool", "flush", path)
    assert ran.code == 1
    assert "is short of memory" in ran.err
    assert "nothing was sent on, 2 wait in the spool" in ran.err
    assert left(path) == 2


def test_it_waits_while_another_process_sends_the_spool_on(
    leads_process: Start, queue: Queue, path: Path, namespace: str
) -> None:
    queue.put()
    fill(path, namespace, 5)
    with SpoolFile(path).turn() as ours:
        assert ours
        process = leads_process("spool", "flush", path)
        assert process.stderr
        assert b"sending 5 leads" in process.stderr.readline()
        assert b"another process is sending this spool on" in process.stderr.readline()
        assert queue.store.counts().accepted == 1
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, b"5 leads sent on, 0 duplicates\n")
    assert queue.store.counts().accepted == 6


def test_ctrl_c_says_how_far_it_got_and_the_rest_stays(
    leads_process: Start, queue: Queue, path: Path, namespace: str
) -> None:
    queue.put()
    fill(path, namespace, 20_000)
    process = leads_process("spool", "flush", path, "--json")
    wait_for(lambda: queue.store.counts().accepted > 1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    told = json.loads(out)
    assert process.returncode == 130
    assert b"leads: interrupted; " in err
    assert told["complete"] is False
    assert told["left"] == left(path) > 0
    assert told["sent"] == 20_000 - told["left"]
    again = leads_process("spool", "flush", path)
    again.communicate(timeout=60)
    assert again.returncode == 0
    assert queue.store.counts().accepted == 20_001


def test_a_redis_that_goes_away_amid_it_costs_nothing(
    leads_process: Start, own_redis: Callable[..., EmbeddedRedis], path: Path, namespace: str
) -> None:
    redis = own_redis()
    queue = Queue(redis.url, namespace)
    queue.put()
    fill(path, namespace, 20_000)
    process = leads_process("spool", "flush", path, LEADS_REDIS_URL=redis.url)
    wait_for(lambda: queue.store.counts().accepted > 1)
    redis.kill()
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert len(err.splitlines()) == 2
    assert b"the same command goes on, and enqueues nothing twice" in err
    redis.start()
    again = leads_process("spool", "flush", path, LEADS_REDIS_URL=redis.url)
    again.communicate(timeout=60)
    assert again.returncode == 0
    assert queue.store.counts().accepted == 20_001
    assert run_audit(queue.store).ok
    queue.producer.close()
    queue.store.client.close()


def test_each_lead_is_enqueued_once_however_often_it_is_killed(
    leads_process: Start, queue: Queue, path: Path, namespace: str
) -> None:
    queue.put()
    expected = fill(path, namespace, MANY)
    for seed in range(4):
        more = random.Random(seed).randrange(1, 400)
        kill_after(leads_process("spool", "flush", path), queue, more)
    last = leads_process("spool", "flush", path)
    last.communicate(timeout=60)
    assert last.returncode == 0
    assert ids(queue)[1:] == expected
    assert queue.store.counts().accepted == MANY + 1
    assert left(path) == 0


def kill_after(process: subprocess.Popen[bytes], queue: Queue, more: int) -> None:
    """Kill a command when it has enqueued so many leads more, or has ended."""
    goal = queue.store.counts().accepted + more
    wait_for(lambda: queue.store.counts().accepted >= goal or process.poll() is not None)
    process.kill()
    process.communicate()


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait for a condition, with a limit that means that this hangs."""
    give_up_at = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < give_up_at, "waited 60 s for a condition"
        time.sleep(0.002)
