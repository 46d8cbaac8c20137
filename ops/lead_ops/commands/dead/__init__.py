"""`leads dead`: the leads that wait for a person; to see, to mend, to replay, to give up.

These are the dead letters and the parked leads: both stay where they are until somebody decides.
Of parked leads `leads unknown` tells more.
"""

from __future__ import annotations

import click

from .deciding import discard, replay
from .listing import list_, show_dead


@click.group(short_help="Leads that wait for a person.")
def dead() -> None:
    """The leads that wait for a person: dead letters, and parked leads."""


for _command in (list_, show_dead, replay, discard):
    dead.add_command(_command)
