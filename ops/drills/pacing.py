"""Drills 6 and 7: no faster than the API allows, as one `Retry-After` says, or as a rate is set."""

from __future__ import annotations

import json

from lead_ops.sandbox import Arrival, Faults

from .fleet import WORKERS, Fleet
from .instants import most_within
from .people import person
from .report import Report
from .sandboxes import make_sandbox
from .stage import Stage

RETRY_AFTER_SECONDS = 3.0
IN_FLIGHT_SECONDS = 0.1
"""How long after the hold began what was in flight by then may still arrive."""

IN_FLIGHT_MOST = WORKERS * 16
"""By the default of `LEADS_CONCURRENCY`."""

RATE_PER_MINUTE = 600


def retry_after(stage: Stage) -> Report:
    """One 429 holds both workers for what its `Retry-After` says."""
    number = 300 if stage.quick else 1_000
    with make_sandbox() as sandbox, Fleet(stage, sandbox.url) as fleet:
        fleet.start_workers()
        fleet.enqueue(map(person, range(number)))
        fleet.wait(lambda: len(sandbox.leads) >= number // 10)
        sandbox.set_faults(Faults(status=429, retry_after=f"{RETRY_AFTER_SECONDS:g}", count=1))
        settled = fleet.settle(number)
        hold_began_at = _hold_began_at(fleet)
        since = [a.at - hold_began_at for a in sandbox.journal if a.at > hold_began_at]
        in_flight = sum(seconds <= IN_FLIGHT_SECONDS for seconds in since)
        meanwhile = sum(IN_FLIGHT_SECONDS < s < RETRY_AFTER_SECONDS for s in since)
        facts = {
            "429_to_hold_seconds": round(hold_began_at - _the_429_at(sandbox.journal), 4),
            "requests_within_100_ms_of_the_hold": in_flight,
            "requests_from_then_until_3_s": meanwhile,
            "requests_after_the_3_s": len(since) - in_flight - meanwhile,
        }
        expected = {
            "one 429": len(since) > 0,
            "leads to wait during the hold": len(since) > in_flight,
            f"no more than {IN_FLIGHT_MOST} in flight": in_flight <= IN_FLIGHT_MOST,
            "no other request during the hold": meanwhile == 0,
            "all leads delivered": settled.delivered == number,
        }
        return fleet.conclude("retry-after", facts, expected)


def _hold_began_at(fleet: Fleet) -> float:
    """When the worker that got the 429 had put the hold in force, by the fleet's own log."""
    entries = map(json.loads, fleet.store.client.lrange(fleet.store.keys.log, 0, -1))
    began = [entry["at"] for entry in entries if entry["event"] == "hold_began"]
    return float(began[0]) if began else float("inf")


def _the_429_at(journal: list[Arrival]) -> float:
    return next((arrival.at for arrival in journal if arrival.status == 429), float("nan"))


def rate(stage: Stage) -> Report:
    """Two workers with always work to do share one rate; use it up."""
    seconds = stage.seconds(300, 90)
    most = int(RATE_PER_MINUTE * seconds / 60)
    settings = {"LEADS_RATE_PER_MINUTE": str(RATE_PER_MINUTE)}
    with make_sandbox() as sandbox, Fleet(stage, sandbox.url, settings) as fleet:
        fleet.start_workers()
        fleet.enqueue(map(person, range(most + 2 * RATE_PER_MINUTE)))
        fleet.wait(lambda: bool(sandbox.journal))
        fleet.wait(lambda: False, seconds)
        left = fleet.counts().waiting
        arrivals = [arrival.at for arrival in sandbox.journal]
        within = [at for at in arrivals if at < arrivals[0] + seconds]
        worst = most_within(arrivals, 60)
        facts = {
            "seconds": seconds,
            "requests": len(within),
            "part_of_what_the_rate_allows": round(len(within) / most, 3),
            "most_in_any_60_s": worst,
            "most_in_any_1_s": most_within(arrivals, 1),
        }
        expected = {
            "always work to do": left > 0,
            f"at most {RATE_PER_MINUTE} in any 60 s": worst <= RATE_PER_MINUTE,
            f"at least 95 % of {most} requests": len(within) >= 0.95 * most,
        }
        return fleet.conclude("rate", facts, expected)
