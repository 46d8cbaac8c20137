"""Who takes part: how each is started, how it enqueues, and how much it is given to do.

It owns what is fair; `README.md` beside this file says why it is so.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from .places import bullmq_program, peers_python

IN_FLIGHT, IN_FLIGHT_WITH_LATENCY = 16, 64
"""Requests in flight for each worker process: of an API that answers at once, and of one that
takes its time."""


class Pool(Enum):
    """What a worker process has for each request in flight."""

    THREADS = "threads"
    CHILDREN = "a child process each"
    EVENT_LOOP = "one event loop"


@dataclass(frozen=True, slots=True)
class Work:
    """What one of some worker processes is to do."""

    index: int
    in_flight: int
    redis_url: str


@dataclass(frozen=True, slots=True)
class Contender:
    """One that takes part.

    Args:
        name: for `--only`, and in the tables.
        about: what it is, in a few words.
        worker: the command of one worker process; `{in_flight}`, `{index}` and `{redis}` are
            filled in.
        producer: the command that enqueues, without its arguments; none for the bare loop.
        per_second: leads that one worker process may deliver; how many it is given depends on it.
        singly_per_second, bulk_per_second: the same for enqueueing.
        most_in_flight: more are of no use to it.
    """

    name: str
    about: str
    pool: Pool
    worker: Sequence[str]
    producer: Sequence[str]
    per_second: int
    singly_per_second: int = 0
    bulk_per_second: int = 0
    environ: Mapping[str, str] = field(default_factory=dict)
    most_in_flight: int = IN_FLIGHT_WITH_LATENCY

    def command(self, work: Work) -> list[str]:
        """How to start one worker process."""
        facts = {"in_flight": work.in_flight, "index": work.index}
        return [word.format(**facts, redis=work.redis_url) for word in self.worker]

    def in_flight(self, latency_ms: float) -> int:
        """Requests that one worker process has in flight at such a latency of the API."""
        wanted = IN_FLIGHT_WITH_LATENCY if latency_ms else IN_FLIGHT
        return min(wanted, self.most_in_flight)

    def guess_per_second(self, processes: int, latency_ms: float) -> float:
        """What it may deliver at the most."""
        most = float(self.per_second * processes)
        if latency_ms:
            most = min(most, self.in_flight(latency_ms) * processes * 1000 / latency_ms)
        return most


OURS = "ours"
BARE = "bare"
BULLMQ = "bullmq"
NAMES = (
    *(OURS, "celery", "celery-threads", "celery-session", "celery-both"),
    *("dramatiq", "rq", BULLMQ, BARE),
)


def contenders(names: Sequence[str]) -> list[Contender]:
    """Those of these names, in their order, less those that this machine cannot run.

    Raises:
        BenchError: the packages of one could not be installed.
    """
    python = str(peers_python()) if set(names) - {OURS, BARE, BULLMQ} else ""
    found = [_ours(), *_celery(python), _dramatiq(python), _rq(python), *_bullmq(names), _bare()]
    return [each for each in found if each.name in names]


def _ours() -> Contender:
    words = ("-m", "celery", "-A", "lead_worker.app", "worker", "-P", "threads", "-c", "1")
    return Contender(
        OURS,
        "this project",
        Pool.THREADS,
        (sys.executable, *words, "-n", "ours{index}@%h"),
        _producer(sys.executable, "bench.peers.ours"),
        *(3000, 9000, 100_000),
        environ={"LEADS_NAMESPACE": "bench", "LEADS_API_TOKEN": "token"},
    )


def _celery(python: str) -> list[Contender]:
    app = "bench.peers.stock_celery"
    worker = (python, "-m", "celery", "-A", app, "worker", "-n", "stock{index}@%h")
    prefork = (*worker, "-c", "{in_flight}")
    threads = (*prefork, "-P", "threads")
    producer = _producer(python, app)
    session = {"BENCH_SESSION": "yes"}
    post, kept = "Celery, requests.post", "Celery, a session"
    figures = (700, 2200, 2200)
    return [
        Contender("celery", post, Pool.CHILDREN, prefork, producer, *figures),
        Contender("celery-threads", post, Pool.THREADS, threads, producer, *figures),
        Contender("celery-session", kept, Pool.CHILDREN, prefork, producer, *figures, session),
        Contender("celery-both", kept, Pool.THREADS, threads, producer, *figures, session),
    ]


def _dramatiq(python: str) -> Contender:
    actor = "bench.peers.dramatiq_actor"
    worker = (python, "-m", "dramatiq", actor, "-p", "1", "-t", "{in_flight}")
    return Contender(
        "dramatiq",
        "Dramatiq",
        Pool.THREADS,
        worker,
        _producer(python, actor),
        *(700, 3500, 3500),
    )


def _rq(python: str) -> Contender:
    # A process for each request in flight, and a fork for each job: it is bound by that long before
    # sixteen are too few, and sixty-four take longer to start than to measure.
    rq = python.removesuffix("python") + "rq"
    return Contender(
        "rq",
        "RQ",
        Pool.CHILDREN,
        (rq, "worker-pool", "-q", "-n", "{in_flight}", "-u", "{redis}"),
        _producer(python, "bench.peers.rq_job"),
        *(15, 2000, 5000),
        most_in_flight=16,
    )


def _bullmq(names: Sequence[str]) -> list[Contender]:
    program = bullmq_program() if BULLMQ in names else None
    if program is None:
        return []
    node = (str(shutil.which("node")), str(program))
    figures = (3000, 4000, 15_000)
    return [Contender(BULLMQ, "BullMQ, fetch", Pool.EVENT_LOOP, (*node, "work"), node, *figures)]


def _bare() -> Contender:
    command = (sys.executable, "-m", "bench.peers.bare_loop", "{in_flight}")
    return Contender(BARE, "a bare loop", Pool.THREADS, command, (), 4000)


def _producer(python: str, module: str) -> tuple[str, ...]:
    return (python, "-m", "bench.producing", module)
