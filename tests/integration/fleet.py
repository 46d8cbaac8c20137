"""Real worker processes of a test's own, and what a test asks of them.

It owns the processes that it starts and ends them, by their id, when the test is over. Waiting is
for conditions only, with a limit that means "this hangs".
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from lead_ops.governing import change_governor
from lead_ops.sandbox import SandboxServer
from lead_producers import LeadProducer
from lead_worker.core.governor import Governor, Moment, Step, pause, resume
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Counts, Store, StoreError

from tests.conftest import SERVERS

ONE_REDIS = pytest.mark.parametrize("server_program", SERVERS[:1], indirect=True, ids=str)
"""For what real workers do whatever the version of Redis; tests of the store try each."""

HANGS_SECONDS = 60.0
QUICK = {
    "LEADS_BACKOFF_BASE_SECONDS": "0.1",
    "LEADS_BACKOFF_CAP_SECONDS": "1",
    "LEADS_DEADLINE_SECONDS": "1",
    "LEADS_CONNECT_TIMEOUT_SECONDS": "0.5",
    "LEADS_LEASE_SECONDS": "2",
    "LEADS_FIRST_LOOK_SECONDS": "0.2",
    "LEADS_SECOND_LOOK_SECONDS": "0.5",
}
"""Settings with which what takes minutes in production takes seconds in a test."""


MakeFleet = Callable[[str], "Fleet"]


def wait_until(condition: Callable[[], bool], timeout_seconds: float = HANGS_SECONDS) -> None:
    """Wait for a condition; a `StoreError` of it counts as not yet."""
    ends_at = time.monotonic() + timeout_seconds
    while True:
        try:
            if condition():
                return
        except StoreError:
            pass
        if time.monotonic() > ends_at:
            raise TimeoutError(f"waited {timeout_seconds:g} s for a condition")
        time.sleep(0.02)


class Worker:
    """One `celery worker` process."""

    def __init__(self, env: dict[str, str], log_path: Path, app: str) -> None:
        self.log_path = log_path
        command = [sys.executable, "-m", "celery", "-A", app, "worker"]
        command += ["-P", "threads", "-c", "1", "-l", "DEBUG", "-n", f"{log_path.stem}@%h"]
        clean = {n: v for n, v in os.environ.items() if not n.startswith(("LEADS_", "SENTRY_"))}
        with log_path.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=clean | env, stdout=log, stderr=log, start_new_session=True
            )

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait(self, timeout_seconds: float = HANGS_SECONDS) -> int:
        return self.process.wait(timeout_seconds)

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    @property
    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        if self.running:
            self.process.kill()
            self.process.wait()


def _sooner(governor: Governor, moment: Moment) -> Step:
    hold = governor.hold
    sooner = replace(hold, canary_at=moment.now_at) if hold else None
    return Step(replace(governor, hold=sooner))


class Fleet:
    """A namespace with a sandbox API behind it, and workers."""

    def __init__(
        self, redis_url: str, namespace: str, sandbox: SandboxServer, folder: Path
    ) -> None:
        self.redis_url = redis_url
        self.namespace = namespace
        self.sandbox = sandbox
        self.store = Store.from_url(redis_url, namespace)
        self.producer = LeadProducer.from_url(redis_url, namespace)
        self.workers: list[Worker] = []
        self._folder = folder

    def spawn_worker(self, *, app: str = "lead_worker.app", **settings: str) -> Worker:
        """Start a worker, and wait for nothing."""
        env = {
            "LEADS_REDIS_URL": self.redis_url,
            "LEADS_NAMESPACE": self.namespace,
            "LEADS_API_URL": self.sandbox.url,
            "LEADS_API_TOKEN": self.sandbox.token,
            **QUICK,
            **settings,
        }
        worker = Worker(env, self._folder / f"worker-{len(self.workers)}.log", app)
        self.workers.append(worker)
        return worker

    def start_worker(self, *, app: str = "lead_worker.app", **settings: str) -> Worker:
        """Start a worker and wait until it is listed."""
        return self.start_workers(1, app=app, **settings)[0]

    def start_workers(
        self, number: int = 2, /, *, app: str = "lead_worker.app", **settings: str
    ) -> list[Worker]:
        """Start workers side by side and wait until all are listed."""
        before = self.listed()
        workers = [self.spawn_worker(app=app, **settings) for _ in range(number)]
        for n, worker in enumerate(workers, 1):
            wait_until(partial(self._is_listed, worker, before + n))
            assert worker.running, worker.log[-2000:]
        return workers

    def _is_listed(self, worker: Worker, number: int) -> bool:
        return self.listed() >= number or not worker.running

    def enqueue(self, *leads: Mapping[str, object]) -> list[str]:
        """Enqueue leads one by one; gives their ids."""
        return [self.producer.enqueue(dict(lead)).lead_id for lead in leads]

    def listed(self) -> int:
        return int(self.store.client.zcard(self.store.keys.workers))

    def counts(self) -> Counts:
        return self.store.counts()

    def settled(self, number: int) -> bool:
        """Whether so many leads are in a place where nothing more happens by itself."""
        counts = self.counts()
        return counts.delivered + counts.dead + counts.parked >= number

    def wait_settled(self, number: int, timeout_seconds: float = HANGS_SECONDS) -> Counts:
        wait_until(lambda: self.settled(number), timeout_seconds)
        return self.counts()

    def wait_delivered(self, number: int) -> None:
        wait_until(lambda: self.counts().delivered == number)

    def ids(self, state: State) -> set[str]:
        """The ids in a state's index."""
        found = self.store.client.zrange(self.store.keys.index(state), 0, -1)
        return {lead_id.decode() for lead_id in found}

    def timeline(self, lead_id: str) -> list[dict[str, object]]:
        rows = self.store.client.lrange(self.store.keys.timeline(lead_id), 0, -1)
        return [json.loads(row) for row in rows]

    def events(self, name: str = "") -> list[dict[str, Any]]:
        """What the namespace's log tells of holds; with a name only such."""
        rows = map(json.loads, self.store.client.lrange(self.store.keys.log, 0, -1))
        return [row for row in rows if name in ("", row["event"])]

    def stands(self, kind: HoldKind) -> bool:
        """Whether a hold of this kind is in force, and suspected no longer."""
        hold = self.counts().hold
        return hold is not None and hold.kind is kind and not hold.suspected

    def pause(self, reason: str) -> None:
        """As `leads pause` does."""
        change_governor(self.store, lambda g, now: pause(g, reason, now), most_in_flight=256)

    def resume(self) -> None:
        """As `leads resume` does."""
        change_governor(self.store, resume, most_in_flight=256)

    def hasten_canary(self) -> None:
        """Let the next lead be tried now, under a hold for which that may take a minute."""
        change_governor(self.store, _sooner, most_in_flight=256)

    def bring_witnesses(self, dead: int) -> int:
        """Let other leads come, one by one, until so many are dead; gives how many had to.

        Where poisoned leads alone are left, nothing shows that the API is well.
        """
        for number in count():
            wait_until(lambda: self.counts().hold is not None or self.counts().dead >= dead)
            before = self.counts()
            if before.dead >= dead:
                return number
            self.enqueue({"name": f"witness {number}"})
            self.hasten_canary()
            self.wait_delivered(before.delivered + 1)
        raise AssertionError("not reached")

    def end_grace(self) -> None:
        """Let leases run out as in a fleet that has been at work for a while."""
        self.store.client.delete(self.store.keys.grace)

    def wait_beats(self, number: int) -> None:
        """Wait until each worker's heart has beaten so often."""
        beats = self._beats()
        wait_until(lambda: all(at > beats.get(n, 0) + number for n, at in self._beats().items()))

    def _beats(self) -> dict[bytes, float]:
        return dict(self.store.client.zrange(self.store.keys.workers, 0, -1, withscores=True))

    def record(self, lead_id: str) -> dict[str, str]:
        fields = self.store.client.hgetall(self.store.keys.lead(lead_id))
        return {name.decode(): value.decode() for name, value in fields.items()}

    def arrivals(self) -> Counter[str]:
        """How often each lead, by its name, was created in the API."""
        return Counter(str(lead["name"]) for lead in self.sandbox.leads)

    def assert_audit_is_green(self) -> None:
        from lead_ops.audit import run_audit

        report = run_audit(self.store)
        assert report.ok, report

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
        self.producer.close()
        self.store.client.close()


def named(number: int) -> dict[str, object]:
    """A lead that can be told from others by its name."""
    return {
        "name": f"lead {number}",
        "email": f"lead{number}@example.com",
        "phone": "(11) 98765-4321",
        "utm": {"source": "google", "campaign": "primavera"},
    }
