"""`leads spool`: the leads that wait on this machine because Redis did not take them."""

from __future__ import annotations

import click

from .flush import flush
from .status import status


@click.group(short_help="Leads that wait on this machine, as Redis was away.")
def spool() -> None:
    """See and send on what is in a spool: the file in which an app keeps leads while Redis is away.

    The app sends them on by itself as soon as Redis is back, unless it does not run any more. FILE
    is what the app was given as spool=PATH; without it, LEADS_SPOOL says where it is.
    """


for _command in (status, flush):
    spool.add_command(_command)
