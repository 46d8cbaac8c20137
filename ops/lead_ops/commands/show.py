"""`leads show`: all that is known of one lead."""

from __future__ import annotations

from collections.abc import Callable

import click
from lead_worker.store import Store
from lead_worker.store.reading import Reading, Sight

from lead_ops import context
from lead_ops.errors import OpsError
from lead_ops.lead_ids import one_id
from lead_ops.lead_view import say_sight, sight_json
from lead_ops.render import say_json


def asks_for_one(command: Callable[..., None]) -> Callable[..., None]:
    """The arguments of a command that shows one lead."""
    for add in (
        click.option("--json", "as_json", is_flag=True, help="Print JSON."),
        click.option(
            "--raw/--no-raw",
            "personal",
            default=True,
            help="Leave out what is personal: the raw lead and the API's words.",
        ),
        click.argument("lead_id", metavar="ID", callback=one_id),
    ):
        command = add(command)
    return command


@click.command(short_help="All that is known of one lead.")
@asks_for_one
def show(lead_id: str, personal: bool, as_json: bool) -> None:
    """Show one lead: its state, what happens next, its attempts, and the raw lead.

    The raw lead is personal data; --no-raw leaves it out.

    \b
      leads show 019302f4c1a07d1f0a6b3c8e5d2f4a91
      leads show 019302f4c1a07d1f0a6b3c8e5d2f4a91 --json | jq .timeline
    """
    store = context.for_command().open_store()
    show_sight(store, find(store, lead_id), personal=personal, as_json=as_json)


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


def show_sight(store: Store, sight: Sight, *, personal: bool, as_json: bool) -> None:
    """Print one lead that was read."""
    if as_json:
        say_json(sight_json(sight, personal=personal))
    else:
        say_sight(sight, store.counts(), personal=personal)
