"""Drill 5: the token turns bad amid thousands of leads, and a new one is put into its file."""

from __future__ import annotations

import time
from pathlib import Path

from lead_ops.sandbox import DEFAULT_TOKEN

from .fleet import Fleet
from .instants import first_after, last_after
from .people import person
from .records import attempts_spent
from .report import Report
from .sandboxes import make_sandbox
from .stage import Stage

LEADS = 5_000
BEFORE = 500
NEW_TOKEN = "another-sandbox-token"  # noqa: S105 - opens nothing but a sandbox


def new_token(stage: Stage) -> Report:
    """401 until the token's file is replaced; costs nothing."""
    number = stage.leads(LEADS)
    stage.folder.mkdir(parents=True, exist_ok=True)
    file = stage.folder / "token"
    _write(file, DEFAULT_TOKEN)
    settings = {"LEADS_API_TOKEN": "", "LEADS_API_TOKEN_FILE": str(file)}
    with make_sandbox() as sandbox, Fleet(stage, sandbox.url, settings) as fleet:
        fleet.start_workers()
        fleet.enqueue(map(person, range(number)))
        fleet.wait(lambda: len(sandbox.leads) >= stage.leads(BEFORE))
        sandbox.set_token(NEW_TOKEN)
        before = len(sandbox.leads)
        time.sleep(stage.seconds(15, 4))
        dead_meanwhile = fleet.counts().dead
        changed_at = time.time()
        _write(file, NEW_TOKEN)
        settled = fleet.settle(number)
        journal = sandbox.journal
        created = [arrival.at for arrival in journal if arrival.lead_id]
        spent = attempts_spent(fleet.store, fleet.lead_ids)
        facts = {
            "delivered_before": before,
            "requests_answered_401": sum(arrival.status == 401 for arrival in journal),
            "new_token_to_first_delivery_seconds": first_after(created, changed_at),
            "new_token_to_last_delivery_seconds": last_after(created, changed_at),
            "attempts_beyond_one_each": spent - settled.delivered,
        }
        expected = {
            "leads to wait when the token turns bad": before < number,
            "all leads delivered without a restart": settled.delivered == number,
            "no lead dead": dead_meanwhile == settled.dead == 0,
            "no attempt spent on a 401": spent == settled.delivered,
        }
        return fleet.conclude("credentials", facts, expected)


def _write(file: Path, token: str) -> None:
    """Replace the file as a whole, as whoever rotates a secret does."""
    draft = file.with_suffix(".new")
    draft.write_text(token + "\n", encoding="utf-8")
    draft.replace(file)
