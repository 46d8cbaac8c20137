"""A queue of the test's own with leads in any state, and the `leads` command on it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from lead_ops import main
from lead_producers import LeadProducer
from lead_worker.core.lifecycle import State
from lead_worker.store import Claim, Settlement, Store


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


Leads = Callable[..., Ran]
ATTEMPT = {"event": "attempt", "n": 1, "took": 0.2, "worker": "w"}


class Queue:
    """Leads in the states that a test needs."""

    def __init__(self, url: str, namespace: str) -> None:
        self.url = url
        self.namespace = namespace
        self.store = Store.from_url(url, namespace, "w")
        self.producer = LeadProducer.from_url(url, namespace)
        self._claims = 0

    def put(self, **fields: Any) -> str:
        """Enqueue a lead of these fields."""
        return self.producer.enqueue(fields or {"name": "Ana"}, source="site").lead_id

    def lease(self) -> tuple[str, str]:
        """Claim the next lead; gives its id and token."""
        self._claims += 1
        claimed = self.store.turn([], Claim(self._claims, 1), 30.0).claimed[0]
        return claimed.lead_id, claimed.token

    def settle(self, to: State, entry: dict[str, object] | None = None, **record: str) -> str:
        """Enqueue a lead and move it to a state as a worker does."""
        self.put(name="Ana Souza", email="ana.souza@example.com")
        lead_id, token = self.lease()
        api_id = "api-1" if to is State.DELIVERED else ""
        settlement = Settlement(
            lead_id,
            token,
            to,
            ATTEMPT | (entry or {}),
            due_seconds=600.0 if to is State.UNKNOWN else 0.0,
            api_id=api_id,
            fields=record,
        )
        assert self.store.turn([settlement], None, 30.0).verdicts == ("ok",)
        return lead_id

    def die(self, reason: str = "rejected", **record: str) -> str:
        """Enqueue a lead and let it die."""
        entry: dict[str, object] = {"outcome": reason, "message": "no such agent: Ana"}
        return self.settle(State.DEAD, entry, reason=reason, cause="status_422", **record)


@pytest.fixture
def queue(redis_url: str, namespace: str) -> Iterator[Queue]:
    """An empty queue."""
    queue = Queue(redis_url, namespace)
    yield queue
    queue.producer.close()
    queue.store.client.close()


@pytest.fixture
def leads(
    redis_url: str,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Leads:
    """The command on this test's queue, in this process."""
    monkeypatch.setenv("LEADS_REDIS_URL", redis_url)
    monkeypatch.setenv("LEADS_NAMESPACE", namespace)

    def run(*arguments: object) -> Ran:
        capfd.readouterr()
        code = main.run([str(argument) for argument in arguments])
        return Ran(code, *capfd.readouterr())

    return run


@pytest.fixture
def leads_process(redis_url: str, namespace: str) -> Callable[..., subprocess.Popen[bytes]]:
    """The command on this test's queue, in a process of its own; its streams are pipes."""

    def start(
        *arguments: object,
        stdin: int = subprocess.PIPE,
        stdout: int = subprocess.PIPE,
        **environ: str,
    ) -> subprocess.Popen[bytes]:
        known = {"LEADS_REDIS_URL": redis_url, "LEADS_NAMESPACE": namespace}
        return subprocess.Popen(
            [sys.executable, "-m", "lead_ops.main", *map(str, arguments)],
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env=os.environ | known | environ,
        )

    return start
