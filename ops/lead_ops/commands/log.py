"""`leads log`: what people and the governor did to the fleet, the newest last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
from lead_worker.core.outcome import HoldKind
from lead_worker.store.reading import Reading

from lead_ops import context
from lead_ops.rates import number_words
from lead_ops.render import say, say_json, span, table, when

MOST = 1000
"""So many entries are kept."""

_OF_HOLDS = {"hold_began": "held", "hold_ended": "ended", "resumed": "resumed"}


@click.command(short_help="What was held, resumed and set, and by whom.")
@click.option(
    "--limit", type=click.IntRange(1, MOST), default=20, show_default=True, help="How many."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def log(limit: int, as_json: bool) -> None:
    """Show what people and the governor did to the whole fleet, the newest last.

    That is pauses, holds and their ends, and rates that were set. What happened to one lead is on
    its timeline: leads show ID.

    \b
      leads log
      leads log --limit 1000 --json | jq '.[] | select(.event == "paused")'
    """
    entries = Reading(context.for_command().open_store()).log(limit)
    if as_json:
        say_json(entries)
    elif entries:
        table(("when", "what", "by", "why"), map(_row, entries), keep=2)
    else:
        say("nothing was held or set yet", stderr=True)


def _row(entry: Mapping[str, Any]) -> tuple[object, ...]:
    at = entry.get("at")
    return (
        when(at)[5:] if isinstance(at, int | float) else None,  # as on a timeline
        _what(entry),
        entry.get("by"),
        entry.get("reason"),
    )


def _what(entry: Mapping[str, Any]) -> str:
    event, kind = str(entry.get("event", "?")), str(entry.get("kind", "?"))
    if event == "rate":
        return f"rate: {_number_words(entry.get('per_minute'))}"
    words = _OF_HOLDS.get(event, event.replace("_", " "))
    if event in _OF_HOLDS and kind != HoldKind.PAUSED:
        words += f": {kind}"
    seconds = entry.get("seconds")
    return f"{words}, {span(seconds)}" if isinstance(seconds, float) and seconds else words


def _number_words(per_minute: object) -> str:
    return number_words(per_minute) if isinstance(per_minute, int) else "the workers' own"
