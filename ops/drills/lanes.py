"""Drill 10: live leads beside a large import, and how long each waits until it is at the API."""

from __future__ import annotations

import time
from collections.abc import Mapping

from lead_ops.sandbox import Faults

from .fleet import Fleet
from .instants import percentile
from .people import email, email_of, person
from .report import Report
from .sandboxes import SandboxProcess
from .stage import Stage

IMPORT = 20_000
LATENCY_SECONDS = 0.02
LIVE_PER_SECOND = 50
MOST_SECONDS = 1.0


def beside_an_import(stage: Stage) -> Report:
    """Live leads overtake the bulk that waits."""
    bulk, number = _sizes(stage)
    with SandboxProcess() as sandbox, Fleet(stage, sandbox.url) as fleet:
        sandbox.add_fault(Faults(latency_seconds=LATENCY_SECONDS))
        fleet.start_workers()
        alone = _live_stream(fleet, "alone", number)
        fleet.settle(number)
        fleet.enqueue((person(each, "bulk") for each in range(bulk)), lane="bulk")
        fleet.wait(lambda: fleet.counts().delivered >= number + bulk // 50)
        beside = _live_stream(fleet, "beside", number)
        settled = fleet.settle(2 * number + bulk)
        arrived = _first_arrivals(sandbox.posts())
        ended_at = max(at for address, at in arrived.items() if address.startswith("bulk."))
        waits = _waits(alone, arrived)
        waits_beside = _waits({a: at for a, at in beside.items() if at < ended_at}, arrived)
        p50, p99 = percentile(waits, 50), percentile(waits, 99)
        p50_beside, p99_beside = percentile(waits_beside, 50), percentile(waits_beside, 99)
        facts = {
            "live_leads_alone": len(waits),
            "live_leads_while_the_import_ran": len(waits_beside),
            "p50_alone_ms": _ms(p50),
            "p99_alone_ms": _ms(p99),
            "p50_beside_ms": _ms(p50_beside),
            "p99_beside_ms": _ms(p99_beside),
            "p50_ratio": _ratio(p50_beside, p50),
            "p99_ratio": _ratio(p99_beside, p99),
        }
        expected = {
            "all leads delivered": settled.delivered == 2 * number + bulk,
            "all live leads at the API": not (alone.keys() | beside.keys()) - arrived.keys(),
            "live leads while the import ran": len(waits_beside) > 0,
            "a p99 beside the import under 1 s": (p99_beside or MOST_SECONDS) < MOST_SECONDS,
        }
        return fleet.conclude("lanes", facts, expected)


def _sizes(stage: Stage) -> tuple[int, int]:
    """How large the import is, and how many live leads there are."""
    return stage.leads(IMPORT), int(LIVE_PER_SECOND * stage.seconds(20, 4))


def _live_stream(fleet: Fleet, group: str, number: int) -> dict[str, float]:
    """Enqueue live leads evenly; gives when each call began, in epoch seconds, by address."""
    enqueued: dict[str, float] = {}
    began_at = time.time()
    for each in range(number):
        time.sleep(max(0.0, began_at + each / LIVE_PER_SECOND - time.time()))
        enqueued[email(each, group)] = time.time()
        fleet.producer.enqueue(person(each, group))
    return enqueued


def _first_arrivals(posts: list[tuple[float, bytes]]) -> dict[str, float]:
    """When each address came first."""
    arrived: dict[str, float] = {}
    for at, body in posts:
        arrived.setdefault(email_of(body), at)
    return arrived


def _waits(enqueued: Mapping[str, float], arrived: Mapping[str, float]) -> list[float]:
    """Seconds from the enqueueing of each lead that arrived until then."""
    return [arrived[a] - at for a, at in enqueued.items() if a in arrived]


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _ratio(value: float | None, measure: float | None) -> float | None:
    return round(value / measure, 1) if value and measure else None
