"""Outages, as real workers live through them: few requests, no lead used up, all delivered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from lead_ops.sandbox import Faults, Kind, SandboxServer
from lead_worker.core.outcome import HoldKind

from tests.integration.fleet import Fleet, named, wait_until
from tests.integration.holding import hold, standing_hold

IN_FLIGHT = 8
RUN = 5
"""So many failures in a row make an outage."""

TRIALS = 2
CANARIES = 1
"""So many are waited for; the hold that a canary fails under goes on."""


@dataclass(frozen=True, slots=True)
class Outage:
    """One way of being away: how it begins and ends, and what the workers are set to."""

    begin: Callable[[SandboxServer], None]
    end: Callable[[SandboxServer], None] = SandboxServer.clear_faults
    settings: dict[str, str] = field(default_factory=dict)


def answering(**fault: Any) -> Callable[[SandboxServer], None]:
    return lambda sandbox: sandbox.set_faults(Faults(**fault))


def failed(fleet: Fleet, lead_ids: list[str]) -> list[dict[str, object]]:
    """The attempts and looks that came to nothing."""
    entries = [entry for lead_id in lead_ids for entry in fleet.timeline(lead_id)]
    return [e for e in entries if e.get("outcome", e.get("found")) not in ("delivered", "found")]


@pytest.mark.parametrize(
    "outage",
    [
        Outage(answering(status=503)),
        Outage(answering(status=500), settings={"LEADS_ON_UNKNOWN_OUTCOME": "retry"}),
        Outage(SandboxServer.stop, SandboxServer.start),
        Outage(answering(kind=Kind.HANG)),
    ],
    ids=["503", "500", "refused", "silence"],
)
def test_an_outage_is_asked_seldom_and_costs_no_lead_its_attempts(
    fleet: Fleet, sandbox: SandboxServer, outage: Outage
) -> None:
    settings = {"LEADS_CONCURRENCY": str(IN_FLIGHT // 2), "LEADS_MAX_ATTEMPTS": "3"}
    fleet.start_workers(**settings, **outage.settings)
    first = fleet.enqueue(*map(named, range(60)))
    sandbox.wait_for(lambda s: len(s.leads) >= 50)
    outage.begin(sandbox)
    lead_ids = [*first, *fleet.enqueue(*map(named, range(60, 300)))]
    wait_until(lambda: fleet.stands(HoldKind.OUTAGE) and fleet.counts().in_flight == 0)
    before = len(failed(fleet, lead_ids))
    wait_until(lambda: len(failed(fleet, lead_ids)) >= before + CANARIES)
    held = fleet.counts()
    asked = len(failed(fleet, lead_ids))
    outage.end(sandbox)
    fleet.hasten_canary()
    counts = fleet.wait_settled(300)

    assert held.delivered < 300
    assert (held.dead, counts.dead, counts.delivered) == (0, 0, 300)
    # A success that was in flight when it began may be seen amid the first failures: a new run.
    run = RUN - 1 + IN_FLIGHT
    assert asked <= run + IN_FLIGHT + TRIALS + CANARIES + 1
    spent = sum(int(fleet.record(lead_id)["attempts"]) for lead_id in lead_ids)
    assert spent - 300 <= run
    assert set(fleet.arrivals().values()) == {1}


def test_a_lead_alone_in_an_outage_may_fail_more_often_than_it_has_attempts(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(status=503, count=8))
    away = standing_hold(fleet.store, 0.0, pause_seconds=0.001)
    assert hold(fleet.store, away)
    fleet.start_worker(LEADS_MAX_ATTEMPTS="3", LEADS_BACKOFF_BASE_SECONDS="0.001")
    (lead_id,) = fleet.enqueue(named(1))
    counts = fleet.wait_settled(1)

    assert counts.delivered == 1
    assert len(failed(fleet, [lead_id])) == 8
    assert fleet.record(lead_id)["attempts"] == "1"
    assert [event["event"] for event in fleet.events()] == ["hold_began", "hold_ended"]
