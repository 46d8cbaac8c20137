"""`leads erase`: remove a person's data from the queue, whatever state the lead is in."""

from __future__ import annotations

import sys
from typing import Any

import click
from lead_worker.core.lifecycle import State
from lead_worker.store import Store
from lead_worker.store.reading import Reading

from lead_ops import context
from lead_ops.errors import OpsError
from lead_ops.lead_ids import several_ids
from lead_ops.render import count_words, say, say_json


@click.command(short_help="Erase leads for good.")
@click.argument("lead_ids", metavar="ID...", callback=several_ids, nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def erase(lead_ids: tuple[str, ...], yes: bool, as_json: bool) -> int:
    """Erase leads for good: the raw lead and its timeline go, a tombstone stays.

    A lead that was delivered must be erased at the API too; its id there is printed.

    \b
      leads erase 019302f4c1a07d1f0a6b3c8e5d2f4a91 --yes
    """
    _confirm(len(lead_ids), yes=yes)
    store = context.for_command().open_store()
    results = [_erase(store, lead_id) for lead_id in lead_ids]
    for result in results:
        _say_result(result, as_json=as_json)
    if as_json:
        say_json([{n: v for n, v in result.items() if n != "was"} for result in results])
    return 0 if all(result["erased"] for result in results) else 1


def _confirm(number: int, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("this cannot be undone: expected --yes, found no one to ask")
    leads = count_words(number, "lead", "leads")
    if not click.confirm(f"Erase {leads}? This cannot be undone", err=True):
        raise OpsError("nothing was erased")


def _erase(store: Store, lead_id: str) -> dict[str, Any]:
    reading = Reading(store)
    before = reading.sight(lead_id)
    verdict = store.erase(lead_id)
    after = reading.sight(lead_id)
    fields = after.fields if after else {}
    api_ids = [*fields.get("api_id", "").split(), *fields.get("also", "").split()]
    return {
        "id": lead_id,
        "erased": verdict != "gone",
        "api_ids": api_ids,
        "was": before.state if before else None,
    }


def _say_result(result: dict[str, Any], *, as_json: bool) -> None:
    lead_id = result["id"]
    if not result["erased"]:
        say(("leads: ", "red"), f"{lead_id}: there is no such lead", stderr=True)
        return
    if not as_json:
        say(f"{lead_id} is erased here")
    for api_id in result["api_ids"]:
        say(f"{lead_id}: erase it at the API as well, where it is {api_id}", stderr=as_json)
    if result["was"] is State.LEASED:
        say(f"{lead_id}: it was being sent; look at it again in a minute", stderr=as_json)
