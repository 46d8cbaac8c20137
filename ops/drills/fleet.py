"""A queue with two workers on it: a real Redis of its own, real processes, and what they did.

It owns what it starts, and ends all of it, in whatever way the drill ends. Waiting is for
conditions, with a limit that means "this does not happen any more".
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

from lead_ops.audit import run_audit
from lead_ops.embedded import EmbeddedRedis
from lead_ops.sandbox import DEFAULT_TOKEN
from lead_producers import LeadProducer
from lead_worker.store import Counts, Store
from lead_worker.store.reading import Reading

from .report import Fact, Report, judge
from .stage import Stage
from .worker import Worker, clean_environ

NAMESPACE = "drill"
WORKERS = 2
START_SECONDS = 60.0
LOOK_SECONDS = 0.05
LEADS_COMMAND = (sys.executable, "-c", "from lead_ops.entry import main; main()")


class WorkerEndedError(Exception):
    """A worker ended that nobody had asked to."""


class Fleet:
    """Redis, a producer, and workers that deliver to one API.

    Args:
        stage: where its files go, and how long is waited.
        api_url: of a sandbox that accepts `DEFAULT_TOKEN`.
        settings: of the workers, over the defaults.
        name: of its folder, where a drill has several fleets.
    """

    def __init__(
        self,
        stage: Stage,
        api_url: str,
        settings: Mapping[str, str] | None = None,
        *,
        name: str = "fleet",
    ) -> None:
        self.limit_seconds = stage.limit_seconds
        self._folder = stage.folder / name
        self._redis = EmbeddedRedis(self._folder / "redis")
        self._env = {
            "LEADS_REDIS_URL": self._redis.url,
            "LEADS_NAMESPACE": NAMESPACE,
            "LEADS_API_URL": api_url,
            "LEADS_API_TOKEN": DEFAULT_TOKEN,
            **(settings or {}),
        }
        self.store = Store.from_url(self._redis.url, NAMESPACE)
        self.producer = LeadProducer.from_url(self._redis.url, NAMESPACE)
        self.lead_ids: list[str] = []
        self.workers: list[Worker] = []
        self._processes = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            stack.enter_context(self._redis)
            stack.callback(self.producer.close)
            stack.callback(self.store.client.close)
            stack.callback(self._end_workers)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def start_workers(self, number: int = WORKERS) -> None:
        """Start workers and wait until each of them is at work."""
        for _ in range(number):
            self.workers.append(self._new_process())
        reading = Reading(self.store)
        started = self.wait(lambda: len(reading.workers(0.0)) >= number, START_SECONDS)
        if not started:
            raise TimeoutError(f"the workers did not start within {START_SECONDS:g} s")

    def start_beat(self) -> None:
        """Start beat, and wait for nothing."""
        self.workers.append(self._new_process(beat=True))

    def replace(self, number: int, *, beat: bool = False) -> None:
        """Kill (SIGKILL) one of the processes, and start another in its place."""
        self.workers[number].kill()
        self.workers[number] = self._new_process(beat=beat)

    def _new_process(self, *, beat: bool = False) -> Worker:
        self._processes += 1
        name = "beat" if beat else "worker"
        return Worker(self._env, self._folder / f"{name}-{self._processes}.log", beat=beat)

    def kill_redis(self) -> None:
        """Kill Redis (SIGKILL), and start it again on its data."""
        self._redis.kill()
        self._redis.start()

    def stop_redis(self) -> None:
        """End Redis in order (SIGTERM), as for an update."""
        self._redis.stop()

    def start_redis(self) -> None:
        """Start it again on its data."""
        self._redis.start()

    def freeze_redis(self) -> None:
        """Let Redis hang (SIGSTOP): it accepts connections and answers nothing."""
        os.kill(self._redis.pid, signal.SIGSTOP)

    def thaw_redis(self) -> None:
        """Let it go on."""
        os.kill(self._redis.pid, signal.SIGCONT)

    @property
    def redis_url(self) -> str:
        return self._redis.url

    def command(self, *words: str) -> subprocess.Popen[str]:
        """Start the `leads` command on this queue."""
        return subprocess.Popen(
            [*LEADS_COMMAND, *words],
            env=clean_environ() | self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def enqueue(self, leads: Iterable[Mapping[str, Any]], lane: str = "live") -> None:
        """Enqueue leads in bulk, and keep their ids."""
        self.producer.enqueue_many(
            leads, lane, on_receipt=lambda _, receipt: self.lead_ids.append(receipt.lead_id)
        )

    def counts(self) -> Counts:
        """How many leads are where."""
        return self.store.counts()

    def wait(self, condition: Callable[[], bool], limit_seconds: float | None = None) -> bool:
        """Wait for a condition; gives whether it came about within the limit.

        Raises:
            WorkerEndedError: one of the workers is gone.
        """
        ends_at = time.monotonic() + (
            self.limit_seconds if limit_seconds is None else limit_seconds
        )
        while not condition():
            self._check_workers()
            if time.monotonic() > ends_at:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def settle(self, number: int, limit_seconds: float | None = None) -> Counts:
        """Wait until so many leads are where nothing more happens by itself, or for the limit."""

        def is_settled() -> bool:
            counts = self.counts()
            return counts.delivered + counts.dead + counts.parked >= number

        self.wait(is_settled, limit_seconds)
        return self.counts()

    def status(self) -> dict[str, Any]:
        """What `leads status --json` says."""
        run = subprocess.run(
            [*LEADS_COMMAND, "status", "--json"],
            env=clean_environ() | self._env,
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        status: dict[str, Any] = json.loads(run.stdout)
        return status

    def conclude(
        self, name: str, facts: Mapping[str, Fact], expected: Mapping[str, bool]
    ) -> Report:
        """Stop the workers, audit the queue, and judge all of it."""
        in_order = self._stop_workers()
        counts = self.counts()
        audit = run_audit(self.store)
        found: dict[str, Fact] = {
            **facts,
            **{n: getattr(counts, n) for n in ("accepted", "delivered", "waiting", "unknown")},
            **{n: getattr(counts, n) for n in ("parked", "dead")},
            "audit": "ok" if audit.ok else "; ".join(audit.problems[:3]),
        }
        usual = {"a green audit": audit.ok, "the workers to end in order at SIGTERM": in_order}
        return judge(name, found, {**expected, **usual})

    def _check_workers(self) -> None:
        for worker in self.workers:
            if not worker.running:
                raise WorkerEndedError(f"a worker ended: {worker.last_words()}")

    def _stop_workers(self) -> bool:
        for worker in self.workers:
            worker.ask_to_stop()
        in_order = [worker.stopped() for worker in self.workers]  # each is waited for
        return all(in_order)

    def _end_workers(self) -> None:
        """End what still runs; SIGTERM was enough for a drill that came to its conclusion."""
        for worker in self.workers:
            worker.kill()
