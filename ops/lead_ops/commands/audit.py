"""`leads audit`: prove from the data that no lead is lost."""

from __future__ import annotations

from typing import Any

import click

from lead_ops import context
from lead_ops.audit import AuditReport, Check, run_audit
from lead_ops.render import count_words, say, say_json

_MEANING = {
    "conservation": "all that was accepted is accounted for",
    "places": "each lead is in exactly one place",
    "indexes": "whatever an index lists has a record",
    "remains": "no raw lead or timeline is left behind",
    "keys": "each idempotency key and its lead name each other",
    "groups": "each dead letter is in the group of its cause",
    "api_ids": "each id that the API gave names a lead",
}


@click.command(short_help="Prove that no lead is lost.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def audit(as_json: bool) -> int:
    """Prove from the data that no lead is lost, while the queue goes on working.

    Whatever seems wrong is looked at twice. Exit code 0: all is well; 1: it is not.

    \b
      leads audit
      leads audit --json | jq .problem_count
    """
    report = run_audit(context.for_command().open_store())
    if as_json:
        say_json(report_json(report))
    else:
        for check in report.checks:
            _say_check(check)
    return 0 if report.ok else 1


def report_json(report: AuditReport) -> dict[str, Any]:
    """The report under stable keys."""
    return {
        "ok": report.ok,
        "namespace": report.namespace,
        "accepted": report.accepted,
        "accounted": report.accounted,
        "problem_count": sum(check.failed for check in report.checks),
        "checks": [
            {
                "name": check.name,
                "ok": not check.failed,
                "seen": check.seen,
                "failed": check.failed,
                "problems": [{"id": what, "problem": problem} for what, problem in check.problems],
            }
            for check in report.checks
        ],
    }


def _say_check(check: Check) -> None:
    meaning = _MEANING[check.name]
    if not check.failed:
        say(("ok     ", "bold green"), meaning, (f" ({check.seen:,} looked at)", "dim"))
        return
    say(("WRONG  ", "bold red"), f"{meaning}: not so for {check.failed:,} of {check.seen:,}")
    for what, problem in check.problems:
        say(f"         {what}: {problem}")
    if check.failed > len(check.problems):
        more = count_words(check.failed - len(check.problems), "more", "more")
        say(f"         and {more}")
