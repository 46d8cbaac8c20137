"""Ten thousand leads die of three causes within a minute, while Sentry listens.

What is promised: an issue for each cause, few events, and each death counted once.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from lead_ops.sandbox import Faults

from .fleet import Fleet
from .people import person
from .report import Report
from .sandboxes import make_sandbox
from .sentry_stand_in import SentryStandIn
from .stage import Stage

LEADS = 10_000
PARTS = 50
OVER_SECONDS = 50.0
"""The leads come in so many parts within so long: the flood shall last, and not be one wave."""

MOST_EVENTS = 30
REFUSED = "rejected:status_422:UNPROCESSABLE_CONTENT"
WRONG: tuple[tuple[str, dict[str, Any]], ...] = (
    ("invalid:email", {"email": "nobody"}),
    ("invalid:capture", {"capture": "half"}),
    (REFUSED, {}),
)


def at_sentry(stage: Stage) -> Report:
    """Thousands of deaths of three causes are three issues, and their numbers are right."""
    number = stage.leads(LEADS)
    causes = Counter(WRONG[n % len(WRONG)][0] for n in range(number))
    with SentryStandIn() as sentry, make_sandbox() as sandbox:
        sandbox.set_faults(Faults(status=422))
        with Fleet(stage, sandbox.url, {"SENTRY_DSN": sentry.dsn}) as fleet:
            fleet.start_workers()
            began = time.monotonic()
            _pour(fleet, number, stage.seconds(OVER_SECONDS, 5))
            dead = fleet.settle(number).dead
            died_within = time.monotonic() - began
            in_time = len(sentry.events)
            fleet.wait(lambda: _told(sentry.events) == causes)
            told_within = time.monotonic() - began
            told, issues = _told(sentry.events), {tuple(e["fingerprint"]) for e in sentry.events}
            facts = {
                "died_within_seconds": died_within,
                "all_told_within_seconds": told_within,
                "events_until_the_last_death": in_time,
                "events": len(sentry.events),
                "issues": len(issues),
                "deaths_told": told.total(),
                "bytes_sent_to_sentry": sentry.bytes_taken,
            }
            expected = {
                "all leads dead": dead == number,
                "them to die within a minute": died_within <= 60,
                "an issue for each cause": len(issues) == len(causes),
                f"at most {MOST_EVENTS} events": len(sentry.events) <= MOST_EVENTS,
                "each death counted once": told == causes,
            }
            return fleet.conclude("sentry-flood", facts, expected)


def _pour(fleet: Fleet, number: int, seconds: float) -> None:
    for part in range(PARTS):
        fleet.enqueue(_leads(range(part, number, PARTS)))
        time.sleep(seconds / PARTS)


def _leads(numbers: range) -> Iterator[dict[str, Any]]:
    for number in numbers:
        yield person(number) | WRONG[number % len(WRONG)][1]


def _told(events: list[dict[str, Any]]) -> Counter[str]:
    """How many deaths were told of each cause."""
    told: Counter[str] = Counter()
    for event in list(events):
        if event["fingerprint"][0] == "dead-letter":
            told[event["fingerprint"][1]] += event["extra"]["new"]
    return told
