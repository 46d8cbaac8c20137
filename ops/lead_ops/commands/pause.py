"""`leads pause`: hold all deliveries until an operator resumes."""

from __future__ import annotations

import click
from lead_worker.core import governor

from lead_ops import context
from lead_ops.governing import change_hold
from lead_ops.holds import hold_json, hold_words
from lead_ops.operator import given_reason, operator
from lead_ops.render import say, say_json


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
    store = context.for_command().open_store()
    change_hold(store, governor.pause(reason, operator()))
    counts = store.counts()
    if as_json:
        say_json({"hold": hold_json(counts)})
    else:
        say(hold_words(counts))
        say(f"{counts.waiting:,} waiting, {counts.leased:,} still being sent; leads resume goes on")
