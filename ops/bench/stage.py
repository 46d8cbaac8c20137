"""What a measurement runs on: one Redis, the stand-in API, and the processes of a contender.

It owns that each measurement begins on an empty Redis, and that nothing is left running.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lead_ops.embedded import EmbeddedRedis
from redis import Redis

from .api import StandInApi
from .contenders import Contender, Work
from .places import OPS, BenchError
from .processes import Tree, cpu_seconds_of, stop_all

REDIS_OPTIONS = {"appendfsync": "everysec", "auto-aof-rewrite-percentage": "0"}
"""A rewrite in the background would take a core from whoever has enqueued the most by then."""

LOOK_SECONDS = 0.02
STALLED_SECONDS = 60.0
"""Nothing has happened for so long: it does not happen any more."""


class Stage:
    """A Redis of its own, on a TCP port of loopback as all contenders can use it, and an API.

    Args:
        folder: where data and logs go.
        api: of which it owns nothing.
    """

    def __init__(self, folder: Path, api: StandInApi) -> None:
        self.api = api
        self._folder = folder
        port = _free_port()
        self.redis = EmbeddedRedis(folder / "redis", port=port, options=REDIS_OPTIONS)
        self.redis_url = f"redis://127.0.0.1:{port}/0"
        self.client = Redis(host="127.0.0.1", port=port)

    @contextmanager
    def running(self) -> Iterator[Stage]:
        """Redis runs for as long as the block lasts."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self.redis, self.client:
            yield self

    def clear(self) -> None:
        """Empty Redis, its append-only file as well, and wait until it is at rest."""
        self.rest()
        self.client.flushall()
        self.client.bgrewriteaof()
        self.rest()

    def rest(self) -> None:
        """Wait until Redis rewrites its append-only file no more."""
        until(lambda: not self._rewriting(), "Redis to end its rewrite")

    def _rewriting(self) -> bool:
        info = self.client.info("persistence")
        return bool(info["aof_rewrite_in_progress"] or info["aof_rewrite_scheduled"])

    def redis_cpu_seconds(self) -> float:
        """The CPU time of Redis until now, without that of its rewrites."""
        return cpu_seconds_of(self.redis.pid)

    def redis_bytes(self) -> int:
        """What Redis holds in memory now."""
        return int(self.client.info("memory")["used_memory"])

    def environ(self, contender: Contender, in_flight: int) -> dict[str, str]:
        """The environment of a contender's processes."""
        own = {n: v for n, v in os.environ.items() if not n.startswith(("LEADS_", "SENTRY_"))}
        return {
            **own,
            "PYTHONPATH": str(OPS),
            "BENCH_REDIS": self.redis_url,
            "BENCH_API": self.api.url,
            "BENCH_IN_FLIGHT": str(in_flight),
            "LEADS_REDIS_URL": self.redis_url,
            "LEADS_API_URL": self.api.url,
            "LEADS_CONCURRENCY": str(in_flight),
            **contender.environ,
        }

    def produce(self, contender: Contender, how: str, number: int, *more: str) -> float:
        """Enqueue with the contender's own program; gives seconds.

        Raises:
            BenchError: it failed.
        """
        run = subprocess.run(
            [*contender.producer, how, str(number), *more],
            env=self.environ(contender, contender.in_flight(0)),
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            words = " | ".join(run.stderr.strip().splitlines()[-2:])
            raise BenchError(f"{contender.name}: expected to enqueue {number}, found: {words}")
        return float(run.stdout)

    @contextmanager
    def workers(
        self, contender: Contender, processes: int, latency_ms: float, *, bound: bool
    ) -> Iterator[list[Tree]]:
        """Its worker processes, for as long as the block lasts; bound to a core each, or free."""
        cores = sorted(os.sched_getaffinity(0), reverse=True)
        in_flight, trees = contender.in_flight(latency_ms), list[Tree]()
        try:
            for index in range(processes):
                command = contender.command(Work(index, in_flight, self.redis_url))
                log = self._folder / f"{contender.name}-{index}.log"
                core = cores[index % len(cores)] if bound else None
                trees.append(Tree(command, self.environ(contender, in_flight), log, core))
            yield trees
        finally:
            stop_all(trees)


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition.

    Raises:
        BenchError: it does not come about.
    """
    ends_at = time.monotonic() + STALLED_SECONDS
    while not condition():
        if time.monotonic() > ends_at:
            raise BenchError(f"expected {what} within {STALLED_SECONDS:g} s")
        time.sleep(LOOK_SECONDS)


def _free_port() -> int:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        port: int = asking.getsockname()[1]
        return port
