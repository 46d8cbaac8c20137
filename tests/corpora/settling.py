"""What became of each case, as Redis and the API tell it, and whether that is as it has to be.

It owns reading what is stored and what arrived. It must not hand anything over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from lead_ops.sandbox import SandboxServer
from lead_worker.core.lifecycle import State

from tests.integration.fleet import Fleet

from .cases import Corpus
from .handing import Handed, Handing
from .outcomes import Dead, Delivered, Outcome, Refused, messages, without_place

SHOWN = 500
"""The most characters of a lead that a failing test shows."""

TELLING = 6
"""The fewest characters of a value that, in a message, are no accident."""


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """What became of one case.

    Attributes:
        seen: None where it is nowhere, or in another place than the two that there are.
        problems: what is not as it has to be.
    """

    corpus: Corpus
    way: str
    seen: Outcome | None
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class _Lead:
    """What Redis has of a lead."""

    record: dict[str, str]
    raw: bytes
    errors: dict[str, str]


def results(fleet: Fleet, sandbox: SandboxServer, handing: Handing) -> list[Result]:
    """What became of each case, once all are settled. What was stored and no case speaks of becomes
    trouble of the handing."""
    bodies = {arrival.lead_id: arrival.body for arrival in sandbox.journal if arrival.lead_id}
    leads = _leads(fleet)
    _find_those_of_files(leads, handing)
    return [_result(leads.get(handed.lead_id), bodies, handed) for handed in handing.handed]


def _leads(fleet: Fleet) -> dict[str, _Lead]:
    """All leads that are delivered or dead, by their ids."""
    keys, pipeline = fleet.store.keys, fleet.store.client.pipeline(transaction=False)
    ids = sorted(fleet.ids(State.DELIVERED) | fleet.ids(State.DEAD))
    for lead_id in ids:
        pipeline.hgetall(keys.lead(lead_id))
        pipeline.get(keys.raw(lead_id))
        pipeline.lindex(keys.timeline(lead_id), 0)
    found = iter(pipeline.execute())
    return {each: _Lead(_text(next(found)), next(found), _errors(next(found))) for each in ids}


def _text(fields: dict[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in fields.items()}


def _errors(entry: bytes) -> dict[str, str]:
    return {error["path"]: error["message"] for error in json.loads(entry).get("errors", ())}


def _find_those_of_files(leads: dict[str, _Lead], handing: Handing) -> None:
    """The command gives no receipts: a case's lead is the one of its file that is stored as it has
    to be."""
    stored: dict[tuple[str, bytes], list[str]] = {}
    for lead_id, lead in leads.items():
        stored.setdefault((lead.record.get("source", ""), lead.raw), []).append(lead_id)
    for label, handed in handing.sheets.items():
        for each in handed:
            raw = each.case.raw
            found = stored.get((label, raw)) if raw is not None else None
            each.lead_id = found.pop() if found else ""
    handing.trouble += [
        f"{label}: stored as well: {raw[:SHOWN]!r}"
        for (label, raw), left in stored.items()
        if label in handing.sheets and left
    ]


def _result(lead: _Lead | None, bodies: dict[str, bytes], handed: Handed) -> Result:
    case, raw = handed.case, lead.raw if lead else None
    body = bodies.get(lead.record.get("api_id", "")) if lead else None
    seen = _seen(lead, body, handed.told)
    held = (("", case.expected, seen), ("stored as ", case.raw, raw), ("sent as ", case.body, body))
    wrong = [
        f"expected {what}{expected!r:.{SHOWN}}, found {found!r:.{SHOWN}}"
        for what, expected, found in held
        if expected != found
    ]
    problems = [*wrong, *(_improper(seen, case.lead) if seen else ())]
    told = tuple(f"{handed.way}: {case.name}: {problem}" for problem in problems)
    return Result(handed.corpus, handed.way, seen, told)


def _seen(lead: _Lead | None, body: bytes | None, told: str) -> Outcome | None:
    if told and not lead:
        return Refused(without_place(told))
    if not lead or told:
        return None
    if lead.record["state"] == State.DELIVERED and body is not None:
        return Delivered(json.loads(body))
    is_invalid = lead.record["state"] == State.DEAD and lead.record["reason"] == "invalid"
    return Dead(lead.errors) if is_invalid else None


def _improper(seen: Outcome, lead: object) -> Iterator[str]:
    """What is wrong with how a refusal is worded."""
    for message in messages(seen):
        if not message.isprintable():
            yield f"expected one line that can be printed, found {message!a}"
        for value in texts(lead):
            if len(value) >= TELLING and value in message:
                yield f"expected no value in an error, found {value!a} in {message!a}"


def texts(value: object) -> Iterator[str]:
    """Each text that is a value in a lead, however deep it is; names of fields are none."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
        elif isinstance(item, str):
            yield item
