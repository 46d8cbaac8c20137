"""Drills 1 to 4: the API is away for half a minute with thousands of leads waiting.

What is promised: all leads are delivered, none is dead, and meanwhile the API is asked seldom.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lead_ops.sandbox import Arrival, Faults, Kind, SandboxServer

from .fleet import Fleet
from .instants import first_after, last_after
from .people import person
from .records import attempts_spent, read_entries
from .report import Fact, Report
from .sandboxes import make_sandbox
from .stage import Stage

LEADS = 5_000
BEFORE = 500
MOST_REQUESTS = 100


@dataclass(frozen=True, slots=True)
class Outage:
    """One way of being away.

    Attributes:
        begin, end: bring it about, and end it.
        unseen: the API cannot count what it is asked meanwhile.
        settings: of the workers, over the defaults.
    """

    name: str
    begin: Callable[[SandboxServer], None]
    end: Callable[[SandboxServer], None] = SandboxServer.clear_faults
    unseen: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """When the outage was, in epoch seconds, and how many leads were delivered before."""

    began_at: float
    ended_at: float
    before: int


def status_503(stage: Stage) -> Report:
    """The API answers 503."""
    return _drill(stage, Outage("outage-503", lambda s: s.set_faults(Faults(status=503))))


def status_500(stage: Stage) -> Report:
    """The API answers 500, so that what was asked may have happened."""
    fault = Faults(status=500)
    settings = {"LEADS_ON_UNKNOWN_OUTCOME": _policy(stage)}
    return _drill(stage, Outage("outage-500", lambda s: s.set_faults(fault), settings=settings))


def refused(stage: Stage) -> Report:
    """Nobody listens at the API's address."""
    outage = Outage("outage-refused", SandboxServer.stop, SandboxServer.start, unseen=True)
    return _drill(stage, outage)


def timeouts(stage: Stage) -> Report:
    """The API takes each request and never answers."""
    settings = {
        "LEADS_DEADLINE_SECONDS": "2",
        "LEADS_CONNECT_TIMEOUT_SECONDS": "1",
        "LEADS_ON_UNKNOWN_OUTCOME": _policy(stage),
    }
    fault = Faults(kind=Kind.HANG)
    return _drill(
        stage, Outage("outage-timeouts", lambda s: s.set_faults(fault), settings=settings)
    )


def _policy(stage: Stage) -> str:
    """A quick run has no time for two looks at a lead that did not arrive."""
    return "retry" if stage.quick else "reconcile"


def _drill(stage: Stage, outage: Outage) -> Report:
    number = stage.leads(LEADS)
    with make_sandbox() as sandbox, Fleet(stage, sandbox.url, outage.settings) as fleet:
        fleet.start_workers()
        fleet.enqueue(map(person, range(number)))
        fleet.wait(lambda: len(sandbox.leads) >= stage.leads(BEFORE))
        span = _suffer(sandbox, outage, stage.seconds(30, 5))
        settled = fleet.settle(number)
        requests = _asked(fleet, sandbox, outage, span)
        facts = _facts(fleet, sandbox.journal, span, requests)
        facts["leads_in_the_api_beyond_one_each"] = len(sandbox.leads) - settled.delivered
        expected = {
            "leads to wait when the outage begins": span.before < number,
            "all leads delivered": settled.delivered == number,
            "no lead dead": settled.dead == 0,
            f"fewer than {MOST_REQUESTS} requests in the outage": requests < MOST_REQUESTS,
        }
        return fleet.conclude(outage.name, facts, expected)


def _suffer(sandbox: SandboxServer, outage: Outage, seconds: float) -> Span:
    began_at = time.time()
    outage.begin(sandbox)
    before = len(sandbox.leads)
    time.sleep(seconds)
    ended_at = time.time()
    outage.end(sandbox)
    return Span(began_at, ended_at, before)


def _asked(fleet: Fleet, sandbox: SandboxServer, outage: Outage, span: Span) -> int:
    """How often the API was asked in vain: as it counted, or as the timelines say."""
    if not outage.unseen:
        return sum(arrival.fault is not None for arrival in sandbox.journal)
    return sum(
        entry.get("event") in ("attempt", "looked")
        and entry.get("outcome") != "delivered"
        and span.began_at <= entry["at"] <= span.ended_at
        for entry in read_entries(fleet.store, fleet.lead_ids)
    )


def _facts(fleet: Fleet, journal: list[Arrival], span: Span, requests: int) -> dict[str, Fact]:
    answered = [arrival.at for arrival in journal if arrival.status == 200]
    created = [arrival.at for arrival in journal if arrival.lead_id]
    spent = attempts_spent(fleet.store, fleet.lead_ids)
    return {
        "delivered_before_the_outage": span.before,
        "outage_seconds": round(span.ended_at - span.began_at, 1),
        "requests_in_the_outage": requests,
        "return_to_first_delivery_seconds": first_after(created, span.ended_at),
        "return_to_last_answer_seconds": last_after(answered, span.ended_at),
        "attempts_spent": spent,
        "attempts_beyond_one_each": spent - len(fleet.lead_ids),
    }
