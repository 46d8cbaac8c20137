"""How what was found of stock Celery is shown: within 80 columns, and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .report import table
from .stock_trial import StockFound
from .trial import Asked


def lines(asked: Asked, found: StockFound) -> list[str]:
    """The report of a run of stock Celery."""
    rest = f"{found.drain_seconds:g} s" if found.drained else "never"
    facts = [
        ("receipts", f"{found.receipts:,}"),
        ("lost", f"{found.lost:,}"),
        ("in the broker still", f"{found.late:,}"),
        ("leads in the API", f"{found.in_the_api:,}"),
        ("duplicates", f"{found.duplicates:,}"),
        ("apps that hang", f"{found.stuck:,}"),
        ("slowest delay()", f"{found.slowest_call_seconds:.2f} s"),
        ("ended by themselves", f"{len(found.died):,}"),
        ("at rest after", rest),
    ]
    shown = [f"{name:<24}{value}" for name, value in facts]
    again = f"The same plan again: --against stock-celery --seed {asked.seed}"
    return [*table(found.rows), "", *shown, *found.problems, again]


def as_json(asked: Asked, found: StockFound) -> dict[str, Any]:
    """All of it, for programs."""
    value = asdict(found)
    value["rows"] = [{**asdict(row), "reached": row.reached} for row in found.rows]
    size = {"seconds": asked.size.seconds, "leads": asked.size.leads}
    return {"against": "stock-celery", "seed": asked.seed, **size, "held": found.held, **value}
