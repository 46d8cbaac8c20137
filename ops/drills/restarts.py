"""Redis is restarted five times while leads wait, and `leads health` is asked all along.

What is promised: health tells the truth throughout, delivery goes on within 30 s of each return
without a person, and each lead is delivered exactly once.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from lead_ops.sandbox import SandboxServer

from .fleet import Fleet
from .instants import first_after
from .people import emails, person
from .report import Fact, Report
from .sandboxes import make_sandbox
from .stage import Stage

LEADS = 6_000
RATE = 3_000
"""Requests a minute: so slow that leads wait all the time."""

AWAY_SECONDS = (0.0, 2.0, 8.0, 0.0, 20.0)
QUICK_AWAY_SECONDS = (0.0, 3.0)
BETWEEN_SECONDS, QUICK_BETWEEN_SECONDS = 12.0, 4.0
RESUMED_SECONDS = 30.0
ASKED_EVERY_SECONDS = 0.5
SETTINGS = {"LEADS_RATE_PER_MINUTE": str(RATE), "LEADS_RATE_BURST": "1"}
SETTINGS |= {"LEADS_FIRST_LOOK_SECONDS": "1", "LEADS_SECOND_LOOK_SECONDS": "3"}


@dataclass(frozen=True, slots=True)
class Absence:
    """When Redis was away, in epoch seconds: from its signal to its first answer."""

    left_at: float
    back_at: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What `leads health` said: when it was asked and had answered, and whether it is good."""

    began_at: float
    ended_at: float
    good: bool
    reason: str


class _Probe:
    """Asks `leads health` again and again, as a supervisor does."""

    def __init__(self, fleet: Fleet) -> None:
        self.asked: list[Asked] = []
        self._fleet = fleet
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask_forever)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _ask_forever(self) -> None:
        while not self._ended.wait(ASKED_EVERY_SECONDS):
            began_at = time.time()
            process = self._fleet.command("health", "--json")
            told = json.loads(process.communicate()[0])
            self.asked.append(Asked(began_at, time.time(), told["good"], told["reason"]))


def restarts(stage: Stage) -> Report:
    """Redis is restarted five times under load, at once or after some seconds."""
    number = stage.leads(LEADS)
    with make_sandbox() as sandbox, Fleet(stage, sandbox.url, SETTINGS) as fleet:
        fleet.start_workers()
        fleet.enqueue(map(person, range(number)), lane="bulk")
        probe = _Probe(fleet)
        try:
            absences = _restart(fleet, stage)
            waiting = fleet.counts().waiting
            fleet.settle(number)
        finally:
            probe.end()
        made = Counter(emails([arrival for arrival in sandbox.journal if arrival.lead_id]))
        facts = _facts(sandbox, absences, probe.asked)
        facts |= {"waiting_after_the_last": waiting, "leads_in_the_api": len(made)}
        slowest = facts["slowest_return_to_delivery_seconds"]
        resumed = isinstance(slowest, float) and slowest <= RESUMED_SECONDS
        expected = {
            "leads to wait until the end": waiting > 0,
            "each lead in the API once": [*made.values()] == [1] * number,
            f"delivery to go on within {RESUMED_SECONDS:g} s": resumed,
            "health never to be good without Redis": not facts["good_while_away"],
            "health never to be bad with Redis": not facts["bad_while_there"],
            "health to be asked while Redis was away": bool(facts["asked_while_away"]),
        }
        return fleet.conclude("redis-restarts", facts, expected)


def _restart(fleet: Fleet, stage: Stage) -> list[Absence]:
    found = []
    between = stage.seconds(BETWEEN_SECONDS, QUICK_BETWEEN_SECONDS)
    for seconds in QUICK_AWAY_SECONDS if stage.quick else AWAY_SECONDS:
        time.sleep(between)
        left_at = time.time()
        if seconds:
            fleet.stop_redis()
            time.sleep(seconds)
            fleet.start_redis()
        else:
            fleet.kill_redis()
        found.append(Absence(left_at, time.time()))
    time.sleep(between)
    return found


def _facts(
    sandbox: SandboxServer, absences: Sequence[Absence], asked: Sequence[Asked]
) -> dict[str, Fact]:
    created = [arrival.at for arrival in sandbox.journal if arrival.lead_id]
    returns = [first_after(created, each.back_at) for each in absences]
    away = [each for each in asked if _within(each, absences)]
    there = [each for each in asked if not _touches(each, absences)]
    lies = [each.reason for each in there if not each.good]
    return {
        "restarts": len(absences),
        "longest_absence_seconds": max(each.back_at - each.left_at for each in absences),
        "slowest_return_to_delivery_seconds": _slowest(returns),
        "health_asked": len(asked),
        "asked_while_away": len(away),
        "good_while_away": sum(each.good for each in away),
        "bad_while_there": len(lies),
        "said_while_there": lies[0] if lies else None,
        "slowest_answer_seconds": max((e.ended_at - e.began_at for e in asked), default=None),
    }


def _slowest(returns: Sequence[float | None]) -> float | None:
    known = [each for each in returns if each is not None]
    return max(known) if known and len(known) == len(returns) else None


def _within(asked: Asked, absences: Sequence[Absence]) -> bool:
    """Whether Redis was away for all of the time in which it was asked."""
    return any(a.left_at <= asked.began_at and asked.ended_at <= a.back_at for a in absences)


def _touches(asked: Asked, absences: Sequence[Absence]) -> bool:
    return any(a.left_at <= asked.ended_at and asked.began_at <= a.back_at for a in absences)
