"""A queue of the test's own with leads in any state, and the `leads` command on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from lead_ops import main
from lead_ops.sandbox import SandboxServer
from lead_producers import LeadProducer
from lead_worker.core.governor import Governor, Hold, Moment, Window, begin
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Claim, Claimed, Decision, Limits, Settlement, Store

from tests.conftest import SERVERS

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Try commands on one server: what differs between servers is tried where the scripts are."""
    once: list[pytest.Item] = []
    again: list[pytest.Item] = []
    for item in items:
        callspec = getattr(item, "callspec", None)
        server = callspec.params.get("server_program") if callspec else None
        is_again = server not in (None, SERVERS[0]) and HERE in item.path.parents
        (again if is_again else once).append(item)
    config.hook.pytest_deselected(items=again)
    items[:] = once


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


Leads = Callable[..., Ran]
OnTerminal = Callable[..., list[str]]
Examine = Callable[..., dict[str, Any]]
ATTEMPT = {"event": "attempt", "n": 1, "took": 0.2, "worker": "w"}
LOOKED = {"event": "looked", "n": 1, "took": 0.1, "worker": "w", "asked": "email"}
LIMITS = Limits(30.0)


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
        claimed = self._claim()
        return claimed.lead_id, claimed.token

    def next_claim(self, most: int = 1) -> Claim:
        """The worker's next request for leads."""
        self._claims += 1
        return Claim(self._claims, most)

    def _claim(self) -> Claimed:
        return self.store.turn([], self.next_claim(), LIMITS).claimed[0]

    def settle(self, to: State, entry: dict[str, object] | None = None, **record: str) -> str:
        """Enqueue a lead and move it to a state as a worker does."""
        return self._settle(to, entry or {}, record, due_seconds=600.0)

    def _settle(
        self, to: State, entry: dict[str, object], record: dict[str, str], *, due_seconds: float
    ) -> str:
        self.put(name="Ana Souza", email="ana.souza@example.com")
        lead_id, token = self.lease()
        api_id = "api-1" if to is State.DELIVERED else ""
        settlement = Settlement(
            lead_id,
            token,
            to,
            ATTEMPT | entry,
            due_seconds=due_seconds if to is State.UNKNOWN else 0.0,
            api_id=api_id,
            fields=record,
        )
        assert self.store.turn([settlement], None, LIMITS).verdicts == ("ok",)
        return lead_id

    def doubt(self, cause: str = "read_timeout") -> str:
        """Enqueue a lead and let its outcome be unknown; it is looked for at once."""
        entry: dict[str, object] = {"outcome": "unknown", "cause": cause}
        return self._settle(State.UNKNOWN, entry, {}, due_seconds=0.0)

    def look(self, found: str, to: State, api_id: str = "", **record: str) -> str:
        """Look for the next unknown lead as a worker does; gives its id."""
        lead = self._claim()
        assert lead.look
        entry = LOOKED | {"found": found, "n": lead.progress.looks + 1, "then": to.value}
        settlement = Settlement(
            lead.lead_id,
            lead.token,
            to,
            entry | ({"api_id": api_id} if api_id else {}),
            due_seconds=105.0 if to is State.UNKNOWN and found == "nothing" else 0.0,
            spends_attempt=False,
            api_id=api_id,
            look=True,
            fields=record,
        )
        assert self.store.turn([settlement], None, LIMITS).verdicts == ("ok",)
        return lead.lead_id

    def hold(self, kind: HoldKind, reason: str = "x", **fields: Any) -> float:
        """Put a hold in force as a worker does; gives the time of Redis's clock.

        Args:
            fields: of the hold; instants are seconds from now on.
        """
        standing = self.store.standing()
        instants = ("until_at", "canary_at", "trial_at")
        at = {n: standing.now_at + fields.pop(n) for n in instants if n in fields}
        moment = Moment(standing.now_at, "w", 0, 16)
        step = begin(standing.governor, Hold(kind, reason, **at, **fields), moment)
        self._govern(step.governor)
        return standing.now_at

    def narrow(self, size: float) -> None:
        """Let only so many requests be in flight."""
        self._govern(Governor(window=Window(size, size)))

    def _govern(self, governor: Governor) -> None:
        decision = Decision(governor, self.store.standing().version, uuid4().hex)
        assert self.store.govern(decision).replaced

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


@pytest.fixture
def leads_on_terminal(
    leads_process: Callable[..., subprocess.Popen[bytes]],
) -> Callable[..., list[str]]:
    """The command on a terminal of 80 columns; gives its lines, trailing blanks left out."""

    def run(*arguments: object) -> list[str]:
        reader, writer = os.openpty()
        environ = {"COLUMNS": "80", "TERM": "dumb", "NO_COLOR": "1"}
        process = leads_process(*arguments, stdout=writer, **environ)
        assert process.communicate()[1] == b""
        os.close(writer)
        lines = os.read(reader, 65_536).decode().splitlines()
        os.close(reader)
        return [line.rstrip() for line in lines]

    return run


@pytest.fixture
def examine(leads: Leads, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> Examine:
    """Run it on this test's queue and the sandbox; gives level, words and advice by name."""
    monkeypatch.setenv("LEADS_API_URL", sandbox.url)
    monkeypatch.setenv("LEADS_API_TOKEN", sandbox.token)

    def run(*options: str, **environ: str) -> dict[str, Any]:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        ran = leads("doctor", "--json", *options)
        told = json.loads(ran.out)
        assert ran.code == (0 if told["ok"] else 1)
        assert ran.err == ""
        for secret in ("LEADS_API_TOKEN", "SENTRY_DSN"):
            assert environ.get(secret, "absent") not in ran.out
        return {f"{each['section']} {each['name']}": each for each in told["checks"]}

    return run


def level(checks: dict[str, Any], name: str) -> str:
    found: str = checks[name]["level"]
    return found
