"""`leads erase`: remove a person's data from the queue, whatever state the lead is in."""

from __future__ import annotations

from typing import Any

import click
from lead_worker.core.lifecycle import State
from lead_worker.store import Store
from lead_worker.store.reading import Reading

from lead_ops import context
from lead_ops.acting import act_entry
from lead_ops.confirming import confirm
from lead_ops.lead_ids import several_ids
from lead_ops.operator import given_reason
from lead_ops.render import count_words, say, say_json


@click.command(short_help="Erase leads for good.")
@click.argument("lead_ids", metavar="ID...", callback=several_ids, nargs=-1, required=True)
@click.option("--reason", callback=given_reason, help="Why, for the audit trail.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def erase(lead_ids: tuple[str, ...], *, reason: str | None, yes: bool, as_json: bool) -> int:
    """Erase leads for good: the raw lead and its timeline go, a tombstone stays.

    A lead that was delivered must be erased at the API too; its id there is printed.

    \b
      leads erase 019302f4c1a07d1f0a6b3c8e5d2f4a91 --yes
    """
    leads = count_words(len(lead_ids), "lead", "leads")
    confirm(f"Erase {leads}? This cannot be undone", yes=yes, nothing="nothing was erased")
    store = context.for_command().open_store()
    event = act_entry("erased", reason)
    results = [_erase(store, lead_id, event) for lead_id in lead_ids]
    for result in results:
        _say_result(result, as_json=as_json)
    if as_json:
        say_json([{n: v for n, v in result.items() if n != "was"} for result in results])
    return 0 if all(result["erased"] for result in results) else 1


def _erase(store: Store, lead_id: str, event: dict[str, object]) -> dict[str, Any]:
    reading = Reading(store)
    before = reading.sight(lead_id)
    verdict = store.erase(lead_id, event)
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
