"""The rights that the runbook gives to users of Redis are enough for each program, and no more."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lead_ops import main, redis_users
from lead_producers import LeadProducer
from lead_worker.core.lifecycle import State
from lead_worker.store.vitals import read
from redis import Redis
from redis.exceptions import NoPermissionError

from tests.conftest import StartRedis
from tests.integration.fleet import Fleet, MakeFleet, named, wait_until
from tests.integration.test_exporter import get, running
from tests.integration.test_sentry_fleet import beat_running

OPS = Path(__file__).parents[2] / "ops"
SAMPLES = OPS / "samples" / "leads.jsonl"
PASSWORD = "a-password-of-this-test"
ROLES = {
    "leads-app": redis_users.APP,
    "leads-worker": redis_users.WORKER,
    "leads-watch": redis_users.WATCH,
}
LeadsAs = Callable[..., int]


@dataclass(frozen=True, slots=True)
class Server:
    """A Redis with a user for each kind of program, and none without rights."""

    admin: Any
    port: int

    def url(self, user: str) -> str:
        return f"redis://{user}:{PASSWORD}@127.0.0.1:{self.port}/0"

    def refused(self) -> list[tuple[str, str]]:
        """What was refused since the last time, and to whom.

        Left out is that redis-py may not name itself to a 6.2, which it bears.
        """
        found = [(_text(e["object"]), _text(e["username"])) for e in self.admin.acl_log()]
        self.admin.acl_log_reset()
        return [(command, user) for command, user in found if command != "client"]


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.fixture
def server(own_redis: StartRedis, namespace: str) -> Iterator[Server]:
    redis = own_redis(tcp=True)
    admin: Any = Redis.from_url(redis.url)
    with closing(admin):
        for user, rights in ROLES.items():
            grant = redis_users.grant(user, rights, namespace, password=PASSWORD)
            admin.execute_command(*grant.split())
        yield Server(admin, redis.port)


@pytest.fixture
def leads_as(server: Server, namespace: str, monkeypatch: pytest.MonkeyPatch) -> LeadsAs:
    """A `leads` command as a user, in this process; gives its exit code."""

    def run(user: str, *arguments: str) -> int:
        monkeypatch.setenv("LEADS_REDIS_URL", server.url(user))
        monkeypatch.setenv("LEADS_NAMESPACE", namespace)
        return main.run(list(arguments))

    return run


def test_an_app_may_enqueue_and_nothing_else(server: Server, namespace: str) -> None:
    url = server.url("leads-app")
    with closing(LeadProducer.from_url(url, namespace)) as producer:
        assert not producer.enqueue(named(1), key="k").duplicate
        assert producer.enqueue(named(1), key="k").duplicate
        assert not producer.enqueue(named(2), dedupe_seconds=60).duplicate
        assert producer.enqueue(named(2), dedupe_seconds=60).duplicate
        producer.enqueue_many(named(n) for n in range(300))
    assert server.refused() == []
    other = f"{{{namespace}-other}}:meta"
    client: Any = Redis.from_url(url)
    with closing(client):
        for command in (("KEYS", "*"), ("FLUSHALL",), ("CONFIG", "GET", "*"), ("GET", other)):
            with pytest.raises(NoPermissionError):
                client.execute_command(*command)


def test_a_durable_receipt_needs_two_rights_more(server: Server, namespace: str) -> None:
    version = tuple(map(int, server.admin.info("server")["redis_version"].split(".")[:2]))
    known = [right for right in redis_users.APP_DURABLE.split() if right != "+waitaof"]
    rights = redis_users.APP_DURABLE.split() if version >= (7, 2) else known
    server.admin.execute_command("ACL", "SETUSER", "leads-app", *rights)
    with closing(LeadProducer.from_url(server.url("leads-app"), namespace)) as producer:
        assert producer.enqueue(named(1), durable=True).lead_id


@pytest.fixture
def worked(make_fleet: MakeFleet, server: Server, tmp_path: Path) -> Iterator[Fleet]:
    """A worker and beat as their user: leads delivered, calendar work done."""
    fleet = make_fleet(server.url("leads-worker"))
    worker = fleet.start_worker()
    with beat_running(fleet, tmp_path / "beat.log"):
        fleet.enqueue(*(named(n) for n in range(3)), {"email": "none"})
        assert fleet.wait_settled(4).dead == 1
        wait_until(lambda: read(fleet.store).calendar_at is not None)
        wait_until(lambda: fleet.store.client.llen(f"{fleet.store.keys.prefix}calendar") == 0)
        yield fleet
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0


def test_a_worker_beat_and_people_may_all_that_they_do(
    worked: Fleet, server: Server, leads_as: LeadsAs, tmp_path: Path
) -> None:
    (dead,) = worked.ids(State.DEAD)
    export = str(tmp_path / "dead.jsonl")
    for command in (
        *(("status",), ("health",), ("show", dead), ("dead",), ("dead", "list"), ("log",)),
        *(("dead", "show", dead), ("dead", "export", export), ("unknown", "list")),
        *(("pause", "--reason", "test"), ("resume",), ("rate", "600"), ("rate", "default")),
        ("dead", "edit", dead, "--set", "email=ana@example.com"),
        ("replay", "start", "--group", "invalid:email", "--yes", "--because", "mended"),
        *(("replay", "status"), ("enqueue", str(SAMPLES)), ("audit",)),
    ):
        assert leads_as("leads-worker", *command) == 0, command
    worked.wait_settled(24)
    assert leads_as("leads-worker", "erase", dead, "--yes") == 0
    assert server.refused() == []


def test_who_watches_may_look_and_change_nothing(
    worked: Fleet, server: Server, leads_as: LeadsAs, capfd: pytest.CaptureFixture[str]
) -> None:
    for command in (("status",), ("health",), ("dead",), ("log",), ("audit",)):
        assert leads_as("leads-watch", *command) == 0, command
    capfd.readouterr()
    leads_as("leads-watch", "doctor", "--json")
    checks = json.loads(capfd.readouterr().out)["checks"]
    seen = [each for each in checks if each["section"] in ("redis", "queue", "workers")]
    assert not [each for each in seen if "allow" in each["found"] or "cannot" in each["found"]]
    with running(server.url("leads-watch"), namespace=worked.namespace) as (_, address):
        text = get(address)[1]
    assert "leads_up 1.0" in text
    assert "leads_exporter_unread_parts 0.0" in text
    assert server.refused() == []
    with running(server.url("leads-app"), namespace=worked.namespace) as (process, address):
        assert "leads_exporter_unread_parts 0.0" not in get(address)[1]
        process.terminate()
        errors = process.communicate(timeout=30)[1]
    assert "or this user not allowed to (ops/runbook.md)?" in errors
    capfd.readouterr()
    for act in (["pause", "--reason", "test"], ["enqueue", str(SAMPLES)]):
        assert leads_as("leads-watch", *act) == 1, act
        errors = capfd.readouterr().err
        assert "does not allow this to its user leads-watch: ACL SETUSER" in errors
        assert "script" not in errors.replace("+@scripting", "")
    assert worked.counts().hold is None


def test_the_runbook_has_the_lines_that_are_tried_here() -> None:
    runbook = (OPS / "runbook.md").read_text("utf-8")
    for user, rights in ROLES.items():
        assert redis_users.grant(user, rights, "leads", password="PASSWORD") in runbook
    for right in redis_users.APP_DURABLE.split():
        assert f"`{right}`" in runbook
