"""`leads pause`: hold all deliveries until an operator resumes."""

from __future__ import annotations

import click
from lead_worker.core import governor
from lead_worker.core.governor import Governor, Moment, Step

from lead_ops import context
from lead_ops.governing import Change, change_governor
from lead_ops.operator import given_reason
from lead_ops.render import say, say_json
from lead_ops.views.holds import hold_json, hold_words


@click.command(short_help="Hold all deliveries.")
@click.option(
    "--reason",
    default="paused by an operator",
    show_default=True,
    callback=given_reason,
    help="Why, for whoever asks.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def pause(reason: str, as_json: bool) -> None:
    """Hold all deliveries until `leads resume`; leads are still accepted, and none is lost.

    What is being sent at this moment is finished. A pause replaces any other hold.

    \b
      leads pause --reason "maintenance at the API until 14:00"
    """
    queue = context.for_command()
    store = queue.open_store()

    def decide(before: Governor, moment: Moment) -> Step:
        return governor.pause(before, reason, moment)

    change = change_governor(store, decide, most_in_flight=queue.settings.max_in_flight)
    counts = store.counts()
    if as_json:
        say_json({"hold": hold_json(counts.hold)})
        return
    say(hold_words(counts))
    _say_replaced(change)
    say(f"{counts.waiting:,} waiting, {counts.in_flight:,} still in flight; leads resume goes on")


def _say_replaced(change: Change) -> None:
    replaced = change.before.hold
    if replaced and (replaced.until_at is None or replaced.until_at > change.now_at):
        say(f"it replaces the hold that was: {replaced.kind.value}: {replaced.reason}")
