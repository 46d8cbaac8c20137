"""`leads doctor`: what is wrong, or may be some day, and what to do about it.

It owns the words around the findings and the exit code. What is looked at is `lead_ops.doctor`'s.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import click

from lead_ops.doctor.case import read_case
from lead_ops.doctor.exam import Section, examine
from lead_ops.doctor.finding import Finding, Level
from lead_ops.render import say, say_json

STYLES = {
    Level.GOOD: ("good", "green"),
    Level.WARNING: ("WARNING", "bold yellow"),
    Level.BAD: ("BAD", "bold red"),
    Level.SKIPPED: ("skipped", "dim"),
}
LEVEL_WIDTH, NAME_WIDTH = 8, 13
INDENT = 2 + LEVEL_WIDTH + NAME_WIDTH


@click.command(short_help="What is wrong, or may be some day, and what to do.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--send-test-event", is_flag=True, help="Send an event to Sentry.")
def doctor(as_json: bool, send_test_event: bool) -> int:
    """Look at Redis, the queue, workers and beat, the API, Sentry, the clocks and the spool.

    Each line is good, a WARNING or BAD, and says what to do. Run it where a worker runs, with its
    environment. It changes nothing and creates no lead; of the API it asks one question.

    Exit code 0: nothing is bad; 1: something is.

    \b
      leads doctor
      leads doctor --json | jq '.checks[] | select(.level == "bad")'
    """
    sections = []
    for section in examine(read_case(os.environ), send_test_event=send_test_event):
        sections.append(section)
        if not as_json:
            _say_section(section)
    counts = Counter(each.level for section in sections for each in section.findings)
    if as_json:
        say_json(doctor_json(sections, counts))
    else:
        _say_summary(counts)
    return 1 if counts[Level.BAD] else 0


def doctor_json(sections: list[Section], counts: Counter[Level]) -> dict[str, Any]:
    """What was found under stable keys."""
    return {
        "ok": not counts[Level.BAD],
        **{level.value: counts[level] for level in Level},
        "checks": [
            {
                "section": section.title.lower(),
                "name": each.name,
                "level": each.level.value,
                "found": each.found,
                "advice": each.advice or None,
            }
            for section in sections
            for each in section.findings
        ],
    }


def _say_section(section: Section) -> None:
    say((section.title, "bold"))
    for finding in section.findings:
        _say_finding(finding)


def _say_finding(finding: Finding) -> None:
    word, style = STYLES[finding.level]
    quiet = "dim" if finding.level in (Level.GOOD, Level.SKIPPED) else ""
    head = f"  {word:<{LEVEL_WIDTH}}"
    say((head, style), f"{finding.name:<{NAME_WIDTH}}", (finding.found, quiet), indent=INDENT)
    if finding.advice:
        say(" " * INDENT, (f"> {finding.advice}", "bold"), indent=INDENT + 2)


def _say_summary(counts: Counter[Level]) -> None:
    bad, warnings = counts[Level.BAD], counts[Level.WARNING]
    style = "bold red" if bad else "bold yellow" if warnings else "bold green"
    words = f"{bad} bad, {warnings} {'warning' if warnings == 1 else 'warnings'}"
    skipped = f", {counts[Level.SKIPPED]} skipped" if counts[Level.SKIPPED] else ""
    say((words, style), f", {counts[Level.GOOD]} good{skipped}")
