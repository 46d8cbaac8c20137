"""`leads replay`: campaigns, by which many dead letters wait again, and not all at once."""

from __future__ import annotations

import click

from .start import start
from .status import status
from .steering import cancel, pause, resume


@click.group(short_help="Campaigns: many dead letters, sent again step by step.")
def replay() -> None:
    """Send many dead letters again, step by step: a campaign.

    The workers carry it on by themselves, in the lane `bulk`, at its own rate: no command has to
    stay. It begins with few, and stops by itself where too many are dead again. Single leads:
    leads dead replay ID.
    """


for _command in (start, status, pause, resume, cancel):
    replay.add_command(_command)
