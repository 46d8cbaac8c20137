"""`leads show`: all that is known of one lead."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click
from lead_worker.store import Store
from lead_worker.store.letters import Letters
from lead_worker.store.reading import Reading, Sight

from lead_ops import context
from lead_ops.context import Context
from lead_ops.errors import OpsError
from lead_ops.fleet_settings import fleet_settings
from lead_ops.lead_ids import one_id
from lead_ops.render import on_terminal, pretty_json, say_escaped, say_json
from lead_ops.views.edits import original_json
from lead_ops.views.lead import say_sight, sight_json


def asks_for_one(command: Callable[..., None]) -> Callable[..., None]:
    """The arguments of a command that shows one lead."""
    for add in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option(
            "--original",
            is_flag=True,
            help="Print the raw lead as it was enqueued, and nothing else.",
        ),
        click.option(
            "--raw/--no-raw",
            "personal",
            default=True,
            help="Leave out what is personal: the raw lead, what edits changed in it, and the"
            " API's words.",
        ),
        click.argument("lead_id", metavar="ID", callback=one_id),
    ):
        command = add(command)
    return command


@click.command(short_help="All that is known of one lead.")
@asks_for_one
def show(lead_id: str, personal: bool, original: bool, as_json: bool) -> None:
    """Show one lead: its state, what happens next, its attempts, edits, and the raw lead.

    The raw lead is personal data; --no-raw leaves it out. With --original on a pipe the raw lead
    comes to the byte as it was enqueued, and with --json also as `original_base64`.

    \b
      leads show 019302f4c1a07d1f0a6b3c8e5d2f4a91
      leads show 019302f4c1a07d1f0a6b3c8e5d2f4a91 --json | jq .timeline
    """
    queue = context.for_command()
    store = queue.open_store()
    sight = find(store, lead_id)
    if original:
        show_original(store, sight, personal=personal, as_json=as_json)
    else:
        show_sight(queue, store, sight, personal=personal, as_json=as_json)


def find(store: Store, lead_id: str) -> Sight:
    """Read one lead.

    Raises:
        OpsError: there is no such lead.
    """
    sight = Reading(store).sight(lead_id)
    if sight is None:
        raise OpsError(
            f"no lead {lead_id} in the queue {store.keys.namespace}: it never was there, or"
            " retention has removed it"
        )
    return sight


def show_sight(
    queue: Context, store: Store, sight: Sight, *, personal: bool, as_json: bool
) -> None:
    """Print one lead that was read."""
    edits = Letters(store).edits(sight.lead_id)
    if as_json:
        say_json(sight_json(sight, edits, personal=personal))
    else:
        kept = fleet_settings(store, queue.settings).keep_discarded_days
        say_sight(sight, edits, store.counts(), kept, personal=personal)


def show_original(store: Store, sight: Sight, *, personal: bool, as_json: bool) -> None:
    """Print the raw lead as it was enqueued.

    Raises:
        UsageError: it is not to be shown.
        OpsError: it was erased.
    """
    if not personal:
        raise click.UsageError("expected --original or --no-raw, found both")
    original = Letters(store).edits(sight.lead_id).original
    raw = sight.raw if original is None else original
    if as_json:
        say_json(original_json(sight.lead_id, raw))
    elif raw is None:
        raise OpsError(f"the lead is {sight.state.value}: there is no raw lead of it any more")
    elif on_terminal():
        say_escaped(pretty_json(raw))
    else:
        sys.stdout.buffer.write(raw)
