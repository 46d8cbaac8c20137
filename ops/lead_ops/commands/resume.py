"""`leads resume`: end whatever hold is in force."""

from __future__ import annotations

import click
from lead_worker.store import Counts

from lead_ops import context
from lead_ops.governing import change_hold
from lead_ops.holds import hold_json
from lead_ops.render import ago, say, say_json


@click.command(short_help="Go on with deliveries.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def resume(as_json: bool) -> None:
    """End the hold in force, whatever it is, so that deliveries go on.

    If the API's trouble is not over, the first attempt sets the hold again.

    \b
      leads resume
    """
    store = context.for_command().open_store()
    before = change_hold(store, None)
    if as_json:
        say_json({"ended": hold_json(before)})
    elif before.hold is None:
        say("nothing is held")
    else:
        hold = before.hold
        by = f", by {hold.by}" if hold.by else ""
        say(f"resumed; the hold was: {hold.kind.value}{by}: {hold.reason}")
        say(_waiting(store.counts()))


def _waiting(counts: Counts) -> str:
    """How many wait and, where none is due yet, until when: a hold sets leads aside for a while."""
    if counts.oldest_due_at is None or counts.oldest_due_at <= counts.now_at:
        return f"{counts.waiting:,} waiting"
    return f"{counts.waiting:,} waiting, the first due {ago(counts.oldest_due_at, counts.now_at)}"
