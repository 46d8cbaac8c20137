"""How what was found is shown: a table within 80 columns, and JSON.

It owns wording and columns. It decides nothing.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from .checker import Problem
from .explain import Duplicate
from .found import Found
from .recovery import Row
from .trial import Asked

WIDTH = 80
SHOWN = 10


def lines(asked: Asked, found: Found) -> list[str]:
    """The report of a run of this project."""
    verdict = found.verdict
    explained, unexplained = verdict.explained.total(), sum(d.number for d in verdict.unexplained)
    places = ", ".join(f"{state} {n:,}" for state, n in sorted(verdict.places.items()))
    facts = [
        ("receipts", f"{verdict.receipts:,}, of them from a spool {verdict.spooled:,}"),
        ("leads", f"{verdict.leads:,}, of them without a receipt {verdict.unreceipted:,}"),
        ("where they are", places),
        ("in doubt meanwhile", f"{verdict.unanswered:,} unanswered, {verdict.expired:,} leases"),
        ("lost", f"{len(verdict.lost):,}"),
        ("in no final place", f"{len(verdict.unfinished):,}"),
        ("store and API differ", f"{len(verdict.mistaken):,}"),
        ("leads in the API", f"{verdict.in_the_api:,}"),
        ("duplicates", f"{explained:,} explained, {unexplained:,} unexplained"),
        *(("", f"{n:,} {why}") for why, n in sorted(verdict.explained.items())),
        ("leads audit", "ok" if not verdict.audit else f"{len(verdict.audit)} problems"),
        ("answers of the API", _answers(found)),
        ("the operator's acts", _acts(found)),
        ("slowest enqueue", f"{found.slowest_call_seconds:.2f} s"),
        ("ended by themselves", _died(found)),
        ("at rest after", f"{found.drain_seconds:g} s" if found.drained else "never"),
    ]
    told = [_wrapped(f"{name:<24}{value}", 24) for name, value in facts] + _worst(found)
    flat = [line for part in told for line in part]
    return [*table(found.rows), "", *flat, *conclusion(asked.seed, found)]


def table(rows: Iterable[Row]) -> list[str]:
    """A line for each kind of fault: how often, and how long it was felt after its end."""
    shown = [f"{'fault':<16}{'times':>6}{'measured':>10}{'median':>9}{'longest':>9}  bar"]
    for row in rows:
        bar = "" if row.bar is None else f"{row.bar:g} s: {_reached(row)}"
        never = f"  {row.never} never" if row.never else ""
        failed = f"  {row.missed} not done" if row.missed else ""
        times = f"{row.kind:<16}{row.times:>6}{row.measured:>10}"
        took = f"{_seconds(row.median):>9}{_seconds(row.longest):>9}"
        shown.append(f"{times}{took}  {bar}{never}{failed}".rstrip())
    return shown


def as_json(asked: Asked, found: Found) -> dict[str, Any]:
    """All of it, for programs."""
    verdict = found.verdict
    return {
        "seed": asked.seed,
        "seconds": asked.size.seconds,
        "leads": asked.size.leads,
        "policy": asked.policy,
        "held": found.held,
        "findings": found.findings,
        "too_gentle": found.too_gentle,
        "interrupted": found.interrupted,
        "drained": found.drained,
        "drain_seconds": found.drain_seconds,
        "receipts": verdict.receipts,
        "spooled": verdict.spooled,
        "leads_in_the_store": verdict.leads,
        "leads_in_the_api": verdict.in_the_api,
        "unanswered": verdict.unanswered,
        "leases_run_out": verdict.expired,
        "places": dict(verdict.places),
        "lost": [asdict(each) for each in verdict.lost],
        "unfinished": [asdict(each) for each in verdict.unfinished],
        "mistaken": [asdict(each) for each in verdict.mistaken],
        "duplicates_explained": dict(verdict.explained),
        "duplicates_unexplained": [asdict(each) for each in verdict.unexplained],
        "audit": verdict.audit,
        "answers": {str(status): number for status, number in found.answers.items()},
        "died": [asdict(life) for life in found.died],
        "acts": dict(found.acts),
        "failed_acts": found.failed_acts,
        "undone": found.undone,
        "not_done": found.not_done,
        "problems": found.problems,
        "faults": [{**asdict(row), "reached": row.reached} for row in found.rows],
    }


def _wrapped(line: str, indent: int) -> list[str]:
    return textwrap.wrap(
        line, WIDTH, subsequent_indent=" " * indent, drop_whitespace=True, break_on_hyphens=False
    )


def _reached(row: Row) -> str:
    return {True: "reached", False: "MISSED", None: "not measured"}[row.reached]


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


def _answers(found: Found) -> str:
    said = [f"{status or 'none'} {number:,}" for status, number in found.answers.items()]
    return ", ".join(said)


def _acts(found: Found) -> str:
    done = ", ".join(f"{name} {number:,}" for name, number in sorted(found.acts.items()))
    return f"{done or 'none'}; {found.failed_acts:,} failed"


def _died(found: Found) -> str:
    if not found.died:
        return "none"
    names = [f"{life.name} ({life.code})" for life in found.died]
    return f"{len(names)}: {', '.join(names)}"


def _worst(found: Found) -> list[list[str]]:
    """The first of what must not be, one by one."""
    verdict = found.verdict
    wrong: list[Problem | Duplicate] = [*verdict.lost, *verdict.mistaken, *verdict.unfinished]
    wrong += verdict.unexplained
    said = [_said(each) for each in wrong[:SHOWN]] + verdict.audit[:SHOWN] + found.problems
    more = [f"... and {len(wrong) - SHOWN:,} more"] if len(wrong) > SHOWN else []
    return [_wrapped(f"  {each}", 4) for each in said + more]


def _said(wrong: Problem | Duplicate) -> str:
    if isinstance(wrong, Problem):
        return f"{wrong.serial} {wrong.lead_id}: {wrong.why}"
    times = ", ".join(f"{creation.at:.3f}" for creation in wrong.creations)
    doubts = ", ".join(f"{doubt.at:.3f}" for doubt in wrong.doubts) or "none"
    return f"{wrong.serial} {wrong.lead_id}: in the API at {times}; in doubt at {doubts}"


def conclusion(seed: int, found: Found) -> list[str]:
    """What it comes to, and how to see it again."""
    said = [*(f"  {each}" for each in found.findings), _whether_it_held(found)]
    if found.too_gentle:
        said.append("Nothing was in doubt (0 unanswered, 0 leases): too gentle to show much.")
    said.append(f"The same plan again: --seed {seed}")
    return [line for each in said for line in _wrapped(each, 4 if each[0] == " " else 0)]


def _whether_it_held(found: Found) -> str:
    if found.interrupted:
        return "Interrupted: not everything came to rest."
    if not found.held:
        return "IT DID NOT HOLD."
    if found.findings:
        bars = sum(row.reached is False for row in found.rows)
        what = f"{bars} recovery bar{'s' * (bars != 1)} MISSED" if bars else "not all is well"
        return f"Nothing is lost, and each duplicate is explained; BUT {what}: see above."
    return "Nothing is lost, and each duplicate is explained."
