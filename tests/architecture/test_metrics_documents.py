"""The list of metrics, the dashboard and the alert rules go by the metrics that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lead_worker.core.metrics import METRICS, Kind, Metric

DEPLOY = Path(__file__).parents[2] / "ops" / "deploy"
RULES = (DEPLOY / "prometheus" / "rules.yml").read_text("utf-8")
RULES_TEST = (DEPLOY / "prometheus" / "rules_test.yml").read_text("utf-8")
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "leads.json").read_text("utf-8"))
NAME = re.compile(r"\bleads_[a-z0-9_]+")
SERIES = re.compile(r"\b(leads_[a-z0-9_]+)(?:\{([^}]*)\})?")
LABEL = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)\s*\"")
GROUPING = re.compile(r"\bby\s*\(([^)]*)\)")
ALWAYS = {"job", "instance", "le"}
LEFT_OUT = {
    "leads_bells_answered_total": "for the alert on bells that nobody answers",
    "leads_forgotten_total": "retention at its work; the books have it: leads status",
    "leads_exporter_info": "always 1",
}
"""Metrics that the dashboard does not show, and why."""


def metrics_table() -> str:
    """The table of metrics, as METRICS.md must have it."""
    lines = ["| metric | type | labels | what it says |", "|---|---|---|---|"]
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        lines.append(f"| `{metric.name}` | {metric.kind} | {labels} | {metric.meaning} |")
    return "\n".join(lines)


def exported() -> dict[str, Metric]:
    """Each name under which there are samples, and the metric that they are of."""
    found: dict[str, Metric] = {}
    for metric in METRICS:
        ends = ("_bucket", "_sum", "_count") if metric.kind is Kind.HISTOGRAM else ("",)
        found |= {metric.name + end: metric for end in ends}
    return found


def expressions() -> Iterator[str]:
    """What the dashboard and the rules ask Prometheus for."""
    for panel in DASHBOARD["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from re.findall(r"expr: (?:>-\n)?((?:.*\n)+?) +(?:for|labels):", RULES)


def test_the_list_of_metrics_is_that_of_the_metrics_that_there_are() -> None:
    listed = (DEPLOY / "METRICS.md").read_text("utf-8")
    assert metrics_table() in listed, f"put this into METRICS.md:\n{metrics_table()}"


def test_dashboard_and_rules_ask_for_nothing_that_is_not_there() -> None:
    asked = {name for expression in expressions() for name in NAME.findall(expression)}
    assert asked - exported().keys() == set()
    assert set(NAME.findall(RULES_TEST)) <= exported().keys()


def test_dashboard_and_rules_know_the_labels() -> None:
    for expression in expressions():
        known = set(ALWAYS)
        for name, selector in SERIES.findall(expression):
            known |= {*exported()[name].labels}
            assert {*LABEL.findall(selector)} <= {*exported()[name].labels} | ALWAYS, expression
        for grouped in GROUPING.findall(expression):
            assert {label.strip() for label in grouped.split(",")} <= known, expression


def test_the_dashboard_shows_each_metric_but_those_that_are_left_out() -> None:
    asked = {name for panel in DASHBOARD["panels"] for name in NAME.findall(json.dumps(panel))}
    shown = {exported()[name].name for name in asked}
    assert {metric.name for metric in METRICS} - shown == LEFT_OUT.keys()


def test_the_dashboard_is_one_that_grafana_takes_from_a_file() -> None:
    assert (DASHBOARD["id"], DASHBOARD["uid"]) == (None, "leads-worker")
    assert DASHBOARD["schemaVersion"] >= 36  # from which on a data source is an object
    variables = {each["name"]: each for each in DASHBOARD["templating"]["list"]}
    assert [*variables] == ["datasource", "instance"]
    assert variables["datasource"]["query"] == "prometheus"
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        source = {"type": "prometheus", "uid": "${datasource}"}
        for each in (panel, *panel.get("targets", ())):
            assert panel["type"] == "row" or each["datasource"] == source
        assert panel["title"]
        assert panel["type"] == "row" or panel["description"]


def test_no_two_panels_lie_upon_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_each_alert_is_made_to_fire_and_not_to_fire() -> None:
    for alert in re.findall(r"- alert: (\w+)", RULES):
        cases = RULES_TEST.split(f"alertname: {alert}\n")[1:]
        results = [case.split("exp_alerts:", 1)[1].lstrip(" ")[:2] for case in cases]
        assert {"[]", "\n "} <= set(results), alert


def test_each_alert_says_how_urgent_it_is_what_is_the_matter_and_what_to_do() -> None:
    alerts = RULES.split("- alert: ")[1:]
    assert len(alerts) > 15
    for alert in alerts:
        assert re.search(r"severity: (page|ticket)\n", alert), alert
        assert "          summary: " in alert
        assert "          description: " in alert
