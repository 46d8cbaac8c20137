"""Drills 8 and 9: the API takes a lead and then drops the connection, one time in five.

Nobody is told that the lead arrived. What is promised depends on `LEADS_ON_UNKNOWN_OUTCOME`:
`reconcile` finds out and duplicates nothing, `retry` loses nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lead_ops.sandbox import Arrival, Faults, Kind, SandboxServer, Scope

from .fleet import Fleet
from .people import email, emails, person
from .records import Record, read_records
from .report import Report
from .sandboxes import make_sandbox
from .stage import Stage

LEADS = 2_000
TWINS = 10
"""Pairs of leads that are equal on purpose: the first half side by side, the others far apart."""

FAULT = Faults(kind=Kind.DROP, rate=0.2, scope=Scope.POST)


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of the leads: their records, the API's leads by e-mail, and what was dropped."""

    records: list[Record]
    in_the_api: Counter[str]
    dropped: Counter[str]
    look_ups: int


def reconcile(stage: Stage) -> Report:
    """Each lead is in the API once, twins twice."""
    number, sent = _leads(stage)
    with make_sandbox() as sandbox, Fleet(stage, sandbox.url, _policy("reconcile")) as fleet:
        settled, seen = _drill(fleet, sandbox, sent)
        api_ids = {record.api_id for record in seen.records if record.state == "delivered"}
        facts = {
            "leads_in_the_api": seen.in_the_api.total(),
            "dropped_answers": seen.dropped.total(),
            "dropped_answers_of_twins": sum(seen.dropped[twin] for twin in _twins()),
            "look_ups": seen.look_ups,
            "api_ids_in_the_records": len(api_ids),
        }
        expected = {
            "dropped answers": seen.dropped.total() > 0,
            "each lead delivered": settled == number,
            f"exactly {number} leads in the API": seen.in_the_api.total() == number,
            "each lead as often in the API as it was enqueued": seen.in_the_api == Counter(sent),
            "an API id of its own for each lead": len(api_ids) == number,
        }
        return fleet.conclude("drops-reconcile", facts, expected)


def retry(stage: Stage) -> Report:
    """Each lead is there, and once more for each dropped answer."""
    number, sent = _leads(stage)
    with make_sandbox() as sandbox, Fleet(stage, sandbox.url, _policy("retry")) as fleet:
        settled, seen = _drill(fleet, sandbox, sent)
        beyond = seen.in_the_api - Counter(sent)
        facts = {
            "leads_in_the_api": seen.in_the_api.total(),
            "dropped_answers": seen.dropped.total(),
            "duplicates": beyond.total(),
        }
        expected = {
            "dropped answers": seen.dropped.total() > 0,
            "each lead delivered": settled == number,
            "no lead missing in the API": not Counter(sent) - seen.in_the_api,
            "exactly the dropped ones to be duplicates": beyond == seen.dropped,
        }
        return fleet.conclude("drops-retry", facts, expected)


def _drill(fleet: Fleet, sandbox: SandboxServer, sent: list[str]) -> tuple[int, Seen]:
    """Deliver the leads; gives how many are delivered, and what was seen."""
    sandbox.set_faults(FAULT)
    fleet.start_workers()
    fleet.enqueue(_people(len(sent)))
    settled = fleet.settle(len(sent))
    journal = sandbox.journal
    seen = Seen(
        records=read_records(fleet.store, fleet.lead_ids),
        in_the_api=Counter(str(lead["email"]) for lead in sandbox.leads),
        dropped=Counter(emails([arrival for arrival in journal if _is_dropped(arrival)])),
        look_ups=sum(arrival.method == "GET" for arrival in journal),
    )
    return settled.delivered, seen


def _is_dropped(arrival: Arrival) -> bool:
    return arrival.fault is Kind.DROP


def _policy(name: str) -> dict[str, str]:
    return {"LEADS_ON_UNKNOWN_OUTCOME": name}


def _leads(stage: Stage) -> tuple[int, list[str]]:
    """How many leads there are, and the address of each."""
    number = stage.leads(LEADS)
    return number, [str(lead["email"]) for lead in _people(number)]


def _people(number: int) -> Iterator[dict[str, object]]:
    """So many leads, the twins among them."""
    for each in range(number - TWINS):
        yield person(each)
        if each < TWINS // 2:
            yield person(each)
    yield from map(person, range(TWINS // 2, TWINS))


def _twins() -> list[str]:
    return [email(number) for number in range(TWINS)]
