"""`leads dead`: the leads that wait for a person; to see, to mend, to replay, to give up.

These are the dead letters and the parked leads: both stay where they are until somebody decides.
Of parked leads `leads unknown` tells more.
"""

from __future__ import annotations

import click

from lead_ops import context

from .deciding import discard, replay, restore
from .editing import edit
from .files import export, import_
from .listing import list_, show_dead
from .overview import say_overview


@click.group(
    invoke_without_command=True, short_help="Leads that wait for a person: why, and what to do."
)
@click.option("--all", "everything", is_flag=True, help="All groups, not only the largest.")
@click.option(
    "--raw/--no-raw",
    "personal",
    default=True,
    help="Leave out what is personal: what was said of the newest of each group.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with all groups.")
@click.pass_context
def dead(asked: click.Context, everything: bool, personal: bool, as_json: bool) -> None:
    """Show the dead letters in groups by cause: how many, since when, and what would mend them.

    \b
      leads dead
      leads dead list --group invalid:email
      leads dead --json | jq '.groups[] | {name, number}'
    """
    if asked.invoked_subcommand is None:
        queue = context.for_command()
        say_overview(queue, everything=everything, personal=personal, as_json=as_json)
    elif everything or as_json or not personal:
        raise click.UsageError(f"expected options behind {asked.invoked_subcommand}, not before it")


for _command in (list_, show_dead, edit, replay, discard, restore, export, import_):
    dead.add_command(_command)
