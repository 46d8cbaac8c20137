"""Prometheus's own tool judges the alert rules, the dashboard's questions, and a scrape."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from lead_ops.exporter.collector import LeadsCollector
from lead_worker.store.metrics import Metrics
from prometheus_client import CollectorRegistry, generate_latest

from tests.integration.fleet import ONE_REDIS
from tests.integration.queues import Queue

DEPLOY = Path(__file__).parents[2] / "ops" / "deploy"
PROMETHEUS = DEPLOY / "prometheus"


@pytest.fixture(scope="module")
def promtool() -> str:
    """The program; Debian's package `prometheus` has it."""
    path = shutil.which("promtool")
    if path:
        return path
    if os.environ.get("CI"):
        pytest.fail("expected promtool under CI, found none: install prometheus")
    pytest.skip("no promtool on this machine: install prometheus")


def run(*command: str, stdin: str = "") -> str:
    """Run it in the folder of the rules; gives what it says, and fails where it does."""
    done = subprocess.run(
        command,
        check=False,
        cwd=PROMETHEUS,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_each_alert_fires_when_it_should_and_only_then(promtool: str) -> None:
    assert "SUCCESS" in run(promtool, "test", "rules", "rules_test.yml")


def test_the_example_of_a_configuration_is_one(promtool: str) -> None:
    assert "is valid" in run(promtool, "check", "config", "prometheus.yml")


def test_each_question_of_the_dashboard_can_be_asked(promtool: str, tmp_path: Path) -> None:
    dashboard = json.loads((DEPLOY / "grafana" / "leads.json").read_text("utf-8"))
    asked = [t["expr"] for panel in dashboard["panels"] for t in panel.get("targets", ())]
    rules = [
        {"record": f"asked:{number}", "expr": expression.replace("$__rate_interval", "1m")}
        for number, expression in enumerate(asked)
    ]
    file = tmp_path / "asked.yml"  # JSON is YAML
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(asked)} rules found" in run(promtool, "check", "rules", str(file))


@ONE_REDIS
def test_a_scrape_has_the_names_units_and_helps_that_prometheus_asks_for(
    promtool: str, queue: Queue
) -> None:
    Metrics(queue.store()).flush(1, {"leads_settled_total|delivered|live": 1})
    registry = CollectorRegistry()
    registry.register(LeadsCollector(Metrics(queue.store()).read, queue.namespace))
    assert run(promtool, "check", "metrics", stdin=generate_latest(registry).decode()) == ""
