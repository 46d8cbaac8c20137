"""`leads dead replay` and `leads dead discard`: what a person decides about single leads."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import click
from lead_worker.core.lifecycle import State

from lead_ops import context
from lead_ops.acting import NO_SUCH_LEAD, Acted, act_entry, say_acted
from lead_ops.lead_ids import several_ids
from lead_ops.operator import given_reason


@click.command(short_help="Let dead letters wait again.")
@click.argument("lead_ids", metavar="ID...", callback=several_ids, nargs=-1, required=True)
@click.option("--reason", callback=given_reason, help="Why, for the lead's timeline.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def replay(lead_ids: tuple[str, ...], reason: str | None, as_json: bool) -> int:
    """Let dead or parked leads wait again, with fresh attempts.

    \b
      leads dead replay 019302f4c1a07d1f0a6b3c8e5d2f4a91 --reason "the form is mended"
    """
    store = context.for_command().open_store()
    entry = act_entry("replayed", reason)

    def act(lead_id: str, token: str) -> str:
        return store.replay(lead_id, token, entry)

    return _act(lead_ids, State.WAITING, act, as_json=as_json)


@click.command(short_help="Give dead letters up.")
@click.argument("lead_ids", metavar="ID...", callback=several_ids, nargs=-1, required=True)
@click.option(
    "--reason", required=True, callback=given_reason, help="Why, for the lead's timeline."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def discard(lead_ids: tuple[str, ...], reason: str, as_json: bool) -> int:
    """Give dead or parked leads up; they are kept for some days and then forgotten.

    \b
      leads dead discard 019302f4c1a07d1f0a6b3c8e5d2f4a91 --reason "a test"
    """
    store = context.for_command().open_store()
    entry = act_entry("discarded", reason)

    def act(lead_id: str, token: str) -> str:
        return store.discard(lead_id, token, entry)

    return _act(lead_ids, State.DISCARDED, act, as_json=as_json)


def _act(
    lead_ids: tuple[str, ...], to: State, act: Callable[[str, str], str], *, as_json: bool
) -> int:
    """Do one thing to each lead; gives the exit code."""
    acted = (_acted(lead_id, to, act(lead_id, uuid4().hex)) for lead_id in lead_ids)
    return say_acted(acted, to, as_json=as_json)


def _acted(lead_id: str, to: State, verdict: str) -> Acted:
    if verdict in ("ok", "done"):
        return Acted(lead_id, to.value)
    if verdict == "gone":
        return Acted(lead_id, None, NO_SUCH_LEAD)
    return Acted(lead_id, verdict, f"it is {verdict}, not dead")
