"""A real Prometheus that scrapes a real fleet has an answer to each question of the dashboard."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from lead_ops.sandbox import Faults, Kind, SandboxServer

from tests.conftest import StartRedis
from tests.integration.fleet import ONE_REDIS, Fleet, MakeFleet, named, wait_until
from tests.integration.test_exporter import running

DASHBOARD = Path(__file__).parents[2] / "ops" / "deploy" / "grafana" / "leads.json"

CONFIG = """
global: {scrape_interval: 500ms, scrape_timeout: 500ms}
scrape_configs: [{job_name: leads, static_configs: [{targets: ["%s"]}]}]
"""


@pytest.fixture(scope="module")
def program() -> str:
    """Debian's package `prometheus` has it."""
    path = shutil.which("prometheus")
    if path:
        return path
    if os.environ.get("CI"):
        pytest.fail("expected prometheus under CI, found none: install prometheus")
    pytest.skip("no prometheus on this machine: install prometheus")


@contextmanager
def prometheus(program: str, target: str, folder: Path) -> Iterator[str]:
    """Run one that scrapes a target; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    config = folder / "prometheus.yml"
    config.write_text(CONFIG % target)
    options = ("--config.file", config, "--storage.tsdb.path", folder / "data")
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [program, *map(str, options), "--web.listen-address", address], stdout=log, stderr=log
        )
    try:
        yield f"http://{address}"
    finally:
        process.kill()
        process.wait()


def questions(target: str) -> list[str]:
    """What the dashboard asks, as Grafana would put it."""
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    asked = [each["expr"] for panel in panels for each in panel.get("targets", ())]
    filled = [each.replace("$instance", target) for each in asked]
    return [each.replace("$__rate_interval", "1m") for each in filled]


def answers(url: str, question: str) -> list[Any]:
    """The series that answer it now; none while Prometheus starts."""
    try:
        with urllib.request.urlopen(f"{url}/api/v1/query?{urlencode({'query': question})}") as told:
            found: list[Any] = json.load(told)["data"]["result"]
            return found
    except urllib.error.URLError:
        return []


@ONE_REDIS
def test_each_question_has_an_answer(
    program: str,
    make_fleet: MakeFleet,
    own_redis: StartRedis,
    sandbox: SandboxServer,
    tmp_path: Path,
) -> None:
    fleet = make_fleet(own_redis(maxmemory="100mb").url)
    with running(fleet.redis_url, namespace=fleet.namespace) as (_, address):
        target = urlsplit(address).netloc
        with prometheus(program, target, tmp_path) as url:
            fleet.start_worker(LEADS_RATE_PER_MINUTE="6000")
            fleet.store.calendar_done()  # beat's part: it would take a minute
            wait_until(lambda: answers(url, "leads_up") != [])
            for number in range(3):  # a rate needs two scrapes that differ
                live(fleet, sandbox, 100 * number)
            wait_until(lambda: [q for q in questions(target) if not answers(url, q)] == [])


def live(fleet: Fleet, sandbox: SandboxServer, first: int) -> None:
    """Let leads be delivered, refused, and looked for."""
    before = fleet.counts()
    fleet.enqueue(*(named(n) for n in range(first, first + 5)), {"email": "none"})
    fleet.wait_settled(before.delivered + before.dead + 6)
    sandbox.set_faults(Faults(kind=Kind.DROP))
    fleet.enqueue(named(first + 50))
    wait_until(lambda: fleet.counts().unknown > 0)
    sandbox.clear_faults()
    fleet.wait_settled(before.delivered + before.dead + 7)
