"""`leads log`: the audit trail, the newest last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import click
from lead_worker.store import Store
from lead_worker.store.trail import newest_first
from rich.cells import cell_len

from lead_ops import context
from lead_ops.campaigns.ids import id_part
from lead_ops.instants import read_instant
from lead_ops.lead_ids import one_id
from lead_ops.render import GAP, clean, console, say, say_json, table
from lead_ops.views.log_words import Run, Told, runs, told

MOST = 100_000
"""So many entries are kept."""

COLUMNS = ("when", "what", "which", "by", "why")
HEAD_WIDTHS = (14, 12)
"""Of when and what, at the least."""

WHAT_MOST = 18
"""The widest event of a lead or a campaign; what is wider goes into the empty column beside it."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are meant; what is None, any meets."""

    lead: str | None
    campaign: str | None
    by: str | None
    event: str | None
    since_at: float | None

    @property
    def is_nothing(self) -> bool:
        """Whether each entry is meant."""
        return self == Filter(None, None, None, None, None)

    def takes(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry is meant, whenever it was."""
        campaign = str(entry.get("campaign", ""))
        return (
            self.lead in (None, entry.get("lead"))
            and self.by in (None, entry.get("by"))
            and self.event in (None, entry.get("event"))
            and (self.campaign is None or campaign.startswith(self.campaign))
        )

    def is_before(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry is too old; an unreadable one never is."""
        at = entry.get("at")
        return self.since_at is not None and isinstance(at, int | float) and at < self.since_at


def _one_id(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    return None if value is None else one_id(context, parameter, value)


@click.command(short_help="Who did what, when and why: the audit trail.")
@click.option("--lead", callback=_one_id, metavar="ID", help="What people did to this lead.")
@click.option("--campaign", callback=id_part, metavar="ID", help="Of this campaign.")
@click.option("--by", metavar="NAME", help="Of this person or worker.")
@click.option("--event", metavar="NAME", help="Such as edited, campaign_begun, hold_began, rate.")
@click.option("--since", metavar="TIME", help="Since a span before now (6h), or a date and time.")
@click.option(
    "--limit", type=click.IntRange(1, MOST), default=20, show_default=True, help="How many."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def log(
    *,
    lead: str | None,
    campaign: str | None,
    by: str | None,
    event: str | None,
    since: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show what people, rules and the governor did, the newest last.

    That is what was done to leads and by campaigns, holds and their ends, and rates. The last
    100,000 entries are kept; an act on many leads is one of them. What workers and
    campaigns did to one lead is on its timeline: leads show ID.

    \b
      leads log
      leads log --since 1d --by maria
      leads log --limit 1000 --json | jq '.[] | select(.event == "discarded")'
    """
    store = context.for_command().open_store()
    asked = Filter(
        lead, campaign, by, event.strip().replace(" ", "_") if event else None, _since(since, store)
    )
    found = _taken(newest_first(store), asked)
    if as_json:
        say_json([*islice(found, limit)][::-1])
        return
    joined = runs(found) if console().is_terminal else map(Run, found)
    shown = [*islice(joined, limit)][::-1]
    if shown:
        _say_entries(shown)
    else:
        nothing = "nothing was done yet" if asked.is_nothing else "no entry fits"
        more = f"; campaigns are on its timeline: leads show {lead}" if lead else ""
        say(nothing + more, stderr=True)


def _since(text: str | None, store: Store) -> float | None:
    """Read the time.

    Raises:
        BadParameter: it cannot be read.
    """
    if text is None:
        return None
    found = read_instant(text, store.counts().now_at)
    if found is None:
        raise click.BadParameter(
            f"expected a span before now such as 6h, or a time such as 2025-03-01T14:00, found"
            f" {text[:40]!r}",
            param_hint="'--since'",
        )
    return found


def _taken(entries: Iterable[Mapping[str, Any]], asked: Filter) -> Iterator[Mapping[str, Any]]:
    for entry in entries:
        if asked.is_before(entry):
            return
        if asked.takes(entry):
            yield entry


def _say_entries(shown: Iterable[Run]) -> None:
    year = f"{datetime.now(UTC).astimezone():%Y}"
    rows = [told(run, year) for run in shown]
    if console().is_terminal:
        _say_rows(rows)
    else:
        table(COLUMNS, ((row.when, row.what, row.which, row.by, row.why) for row in rows))


def _say_rows(rows: list[Told]) -> None:
    """In columns, with the why below; nothing is cut."""
    whens = max([HEAD_WIDTHS[0], *(cell_len(row.when) for row in rows)])
    whats = (cell_len(clean(row.what)) for row in rows)
    wide = max([HEAD_WIDTHS[1], *(width for width in whats if width <= WHAT_MOST)])
    which = max(cell_len(clean(row.which)) for row in rows)
    head = _padded("when", whens) + _padded("what", wide) + _padded("which" if which else "", which)
    say((f"{head}by", "dim"))
    for row in rows:
        _say_row(row, (whens, wide, which))


def _say_row(row: Told, widths: tuple[int, int, int]) -> None:
    whens, wide, which = widths
    start = _padded(row.when, whens)
    if row.which:
        start += _padded(row.what, wide) + _padded(row.which, which)
    else:
        start += _padded(row.what, wide + which + (GAP if which else 0))
    fits = cell_len(start + clean(row.by)) <= console().width
    say(start.rstrip() if not fits else start + row.by)
    below = ": ".join(filter(None, ("" if fits else f"by {row.by}", row.why)))
    if below:
        say(" " * (whens + GAP) + below, indent=whens + GAP)


def _padded(text: str, width: int) -> str:
    """Filled up to a width, and the gap; nothing where nothing is to stand there."""
    shown = clean(text)
    if not shown and not width:
        return ""
    return shown + " " * (max(0, width - cell_len(shown)) + GAP)
