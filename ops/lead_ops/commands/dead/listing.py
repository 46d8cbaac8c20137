"""`leads dead list` and `leads dead show`: which leads wait for a person, and why."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import click
from lead_worker.core.lifecycle import Reason, State
from lead_worker.store import Counts
from lead_worker.store.reading import Listed, Reading

from lead_ops import context
from lead_ops.commands.show import asks_for_one, find, show_sight
from lead_ops.errors import OpsError
from lead_ops.lead_view import record_json
from lead_ops.render import say, say_json, span, table


@click.command("list", short_help="The dead letters, the newest first.")
@click.option("--reason", type=click.Choice([r.value for r in Reason]), help="Only these.")
@click.option("--parked", is_flag=True, help="The parked leads, which may have arrived.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def list_(reason: str | None, parked: bool, limit: int, as_json: bool) -> None:
    """List the dead letters, the newest first.

    \b
      leads dead list --reason rejected
      leads dead list --json | jq -r '.[].id' | xargs leads dead replay
    """
    if parked and reason:
        raise click.UsageError("--reason is for dead letters, without --parked")
    store = context.for_command().open_store()
    state = State.PARKED if parked else State.DEAD
    counts = store.counts()
    found = list(islice(_of_reason(Reading(store).newest(state), reason), limit))
    if as_json:
        say_json([_listed_json(listed, state) for listed in found])
        return
    if found:
        # All but the last are whole at 80 columns.
        columns = ("id", "age", "reason", "cause", "tries", "from")
        table(columns, (_row(listed, state, counts) for listed in found), keep=5)
    _say_rest(counts, state, len(found), filtered=reason is not None, limit=limit)


def _of_reason(listed: Iterator[Listed], reason: str | None) -> Iterator[Listed]:
    return (each for each in listed if reason in (None, each.fields.get("reason")))


def _listed_json(listed: Listed, state: State) -> dict[str, Any]:
    known = {"id": listed.lead_id, "state": state.value, "at": listed.at}
    return known | record_json(listed.fields)


def _row(listed: Listed, state: State, counts: Counts) -> tuple[object, ...]:
    fields = listed.fields
    source = f" {fields['source']}" if fields.get("source") else ""
    return (
        listed.lead_id,
        span(counts.now_at - listed.at),
        fields.get("reason", state.value),
        fields.get("cause", ""),
        fields.get("attempts", "0"),
        fields.get("lane", "") + source,
    )


def _say_rest(counts: Counts, state: State, shown: int, *, filtered: bool, limit: int) -> None:
    total = counts.parked if state is State.PARKED else counts.dead
    if shown == limit and total > shown:
        say(f"the newest {shown:,}; more with --limit", stderr=True)
    elif not shown:
        what = f"{state.value} lead" if not filtered else f"{state.value} lead of that reason"
        say(f"no {what}", stderr=True)


@click.command("show", short_help="One dead letter, and why it died.")
@asks_for_one
def show_dead(lead_id: str, personal: bool, as_json: bool) -> None:
    """Show one dead letter: why it died, what the API or the schema said, and the raw lead.

    \b
      leads dead show 019302f4c1a07d1f0a6b3c8e5d2f4a91
    """
    store = context.for_command().open_store()
    sight = find(store, lead_id)
    if sight.state not in (State.DEAD, State.PARKED):
        raise OpsError(f"the lead is {sight.state.value}, not dead: leads show {lead_id}")
    show_sight(store, sight, personal=personal, as_json=as_json)
