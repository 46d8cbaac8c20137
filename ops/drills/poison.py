"""Drill 11: one lead whose agent the API does not know, among a thousand that are well."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from lead_ops.sandbox import Faults, SandboxServer

from .fleet import Fleet
from .people import person
from .records import read_records
from .report import Report
from .sandboxes import make_sandbox
from .stage import Stage

OTHERS = 1_000
AGENT = "bad"
STATUS = 404
HOLD_SECONDS = 15.0
"""For how long the end of a hold is waited for once all leads are settled."""


def agent(stage: Stage) -> Report:
    """One lead always gets 404: found out, and nothing stays held."""
    others = stage.leads(OTHERS)
    with make_sandbox() as sandbox, Fleet(stage, sandbox.url, name="without") as fleet:
        without = _deliver(fleet, sandbox, others)
        calm = fleet.conclude("without", {}, {"all others delivered": without is not None})
    with make_sandbox() as sandbox, Fleet(stage, sandbox.url, name="with") as fleet:
        sandbox.set_faults(Faults(status=STATUS, only_agent=AGENT))
        took = _deliver(fleet, sandbox, others)
        settled = fleet.counts()
        free = fleet.wait(lambda: fleet.status()["hold"] is None, HOLD_SECONDS)
        (bad,) = read_records(fleet.store, [fleet.lead_ids[others // 3]])
        facts = {
            "requests_refused": sum(arrival.status == STATUS for arrival in sandbox.journal),
            "others_without_it_seconds": without,
            "others_with_it_seconds": took,
            "extra_seconds": round(took - without, 3) if took and without else None,
            "the_bad_lead": f"{bad.state} {bad.reason}".strip(),
            "attempts_of_the_bad_lead": bad.attempts,
        }
        expected = {
            f"the run without it to hold ({calm.why})": calm.held,
            "all others delivered": settled.delivered == others and took is not None,
            "the bad one dead, rejected": (bad.state, bad.reason) == ("dead", "rejected"),
            "no hold that stands": free,
        }
        return fleet.conclude("poison-agent", facts, expected)


def _deliver(fleet: Fleet, sandbox: SandboxServer, others: int) -> float | None:
    """Deliver the bad lead and the others.

    Returns:
        Seconds from the enqueueing until the last of the others arrived; None where some did not.
    """
    fleet.start_workers()
    began_at = time.time()
    fleet.enqueue(_people(others))
    fleet.settle(others + 1)
    bad = f'"agentId":"{AGENT}"'.encode()
    arrived = [
        arrival.at
        for arrival in sandbox.journal
        if arrival.lead_id and bad not in arrival.body.replace(b" ", b"")
    ]
    return round(max(arrived) - began_at, 3) if len(arrived) == others else None


def _people(others: int) -> Iterator[dict[str, Any]]:
    """The others, and the bad one after a third of them."""
    for each in range(others):
        if each == others // 3:
            yield person(each, AGENT) | {"agentId": AGENT}
        yield person(each)
