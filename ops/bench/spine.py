"""One worker process at 16 requests in flight beside stock Celery, on the same Redis and stand-in.

    .venv/bin/python ops/bench/spine.py [--leads 10000] [--rounds 3] [--json]

Rounds alternate; medians are quoted, with the least and the most. It measures rates of enqueueing
and of delivery, the latter also with the worker on a core of its own, as `ops/up` has it (and stock
Celery as well, to be fair). Figures of one machine on one day: compare within a run, not between.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lead_ops.embedded import EmbeddedRedis
from lead_producers import LeadProducer
from lead_worker.app import broker_url
from lead_worker.store import Store
from redis import Redis

HERE = Path(__file__).parent
IN_FLIGHT = 16
DELIVERIES = (("deliver", None), ("deliver, a core of its own", max(os.sched_getaffinity(0))))
LEAD = {
    "name": "Maria da Silva",
    "email": "maria@example.com",
    "phone": "(11) 98765-4321",
    "company": "Padaria Boa Vista Ltda",
    "site": "https://example.com/contato",
    "custom": {"cargo": "gerente", "origem": "landing page"},
    "utm": {"source": "google", "medium": "cpc", "campaign": "primavera"},
}


@contextmanager
def process(*command: str, core: int | None = None, **env: str) -> Iterator[subprocess.Popen[str]]:
    """Run a process for as long as the block lasts; on one core, where that is asked for."""
    running = subprocess.Popen(
        command,
        env=os.environ | env,
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    if core is not None:
        os.sched_setaffinity(running.pid, {core})
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()


def rate(number: int, work: Callable[[], Any]) -> float:
    """How many a second the work did of a number of things."""
    began = time.perf_counter()
    work()
    return number / (time.perf_counter() - began)


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, two minutes at the most."""
    ends_at = time.monotonic() + 120
    while not condition():
        if time.monotonic() > ends_at:
            raise TimeoutError("the leads did not arrive")
        time.sleep(0.01)


def celery(module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "celery", "-A", module, "worker", "-P", "threads", "-l", "ERROR")


def measure_ours(redis: EmbeddedRedis, api: str, leads: int) -> dict[str, float]:
    """Enqueue singly and in bulk, then deliver all with one process."""
    producer = LeadProducer.from_url(redis.url, "bench")
    store = Store.from_url(redis.url, "bench")
    settings = {
        "LEADS_REDIS_URL": redis.url,
        "LEADS_NAMESPACE": "bench",
        "LEADS_API_URL": api,
        "LEADS_API_TOKEN": "token",
        "LEADS_CONCURRENCY": str(IN_FLIGHT),
    }
    store.client.flushall()
    singly = leads // 4
    figures = {"enqueue": rate(singly, lambda: [producer.enqueue(LEAD) for _ in range(singly)])}
    for what, core in DELIVERIES:
        store.client.flushall()
        figures["enqueue in bulk"] = rate(
            leads, lambda: producer.enqueue_many(LEAD for _ in range(leads))
        )
        with process(*celery("lead_worker.app"), "-c", "1", core=core, **settings):
            until(lambda: store.counts().delivered > leads // 20)  # started, warm
            rest = leads - store.counts().delivered
            figures[what] = rate(rest, lambda: until(lambda: store.counts().delivered >= leads))
    store.client.close()
    return figures


def measure_stock(redis: EmbeddedRedis, api: str, leads: int) -> dict[str, float]:
    """The same for stock Celery; what it has taken from its queue counts as delivered."""
    env = {"BENCH_BROKER": broker_url(redis.url), "BENCH_API": api}
    os.environ.update(env)
    sys.path.insert(0, str(HERE))
    deliver = importlib.import_module("stock_celery").deliver
    figures: dict[str, float] = {}
    with Redis.from_url(redis.url) as client:
        for what, core in DELIVERIES:
            client.flushall()
            figures["enqueue"] = rate(leads, lambda: [deliver.delay(LEAD) for _ in range(leads)])
            workers = (*celery("stock_celery"), "-c", str(IN_FLIGHT))
            with process(*workers, core=core, **env):
                until(lambda: client.llen("stock") < leads * 19 // 20)
                before = client.llen("stock")
                figures[what] = rate(before, lambda: until(lambda: client.llen("stock") == 0))
    return figures


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--leads", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found: dict[str, list[float]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedRedis(Path(folder), options={"appendfsync": "everysec"}) as redis,
        process(sys.executable, "stand_in.py", "0", "0") as stand_in,
    ):
        port = stand_in.stdout.readline().strip() if stand_in.stdout else ""
        api = f"http://127.0.0.1:{port}/rest"
        for _ in range(asked.rounds):
            for name, figures in (
                ("ours", measure_ours(redis, api, asked.leads)),
                ("stock Celery", measure_stock(redis, api, asked.leads // 4)),
            ):
                for what, value in figures.items():
                    found.setdefault(f"{name}: {what}", []).append(value)
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    print(f"{'per second':<42}{'median':>9}{'least':>9}{'most':>9}")
    for what, values in found.items():
        middle = statistics.median(values)
        print(f"{what:<42}{middle:>9.0f}{min(values):>9.0f}{max(values):>9.0f}")


if __name__ == "__main__":
    main()
