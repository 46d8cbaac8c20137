"""One lead for an operator: its record, its state, what happens next, and its timeline.

It owns wording and the shape of the JSON. The raw lead and the API's words are personal data: they
are shown to the operator who asks for one lead, unless told otherwise, and never in a list.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from lead_worker.core.lifecycle import Reason, State
from lead_worker.store import Counts
from lead_worker.store.reading import Sight

from .holds import hold_words
from .look_view import look_event, look_why, looks_next
from .render import ago, count_words, pretty_json, say, say_escaped, span, table, when

PERSONAL = ("message", "errors")
"""What of a timeline's entry may repeat the lead's words."""

_INSTANTS = ("accepted_at", "replayed_at", "claimed_at", "unknown_since")
_INTEGERS = ("attempts", "returned", "expiries", "status", "looks", "unanswered")
_HIDDEN = ("act", "expired", "held_before", "settled", "state", "token", "tried_at")
_HIDDEN_OF_LOOKS = ("doubted", "doubted_at", "found", "look_page", "similar")


def sight_json(sight: Sight, *, personal: bool) -> dict[str, Any]:
    """One lead under stable keys; instants in epoch seconds.

    Args:
        personal: whether to include `raw`, and the API's words on the timeline.
    """
    entries = [
        {name: value for name, value in entry.items() if personal or name not in PERSONAL}
        for entry in sight.timeline
    ]
    shown = {"id": sight.lead_id, "state": sight.state.value, "at": sight.at}
    shown |= record_json(sight.fields) | {"timeline": entries}
    if personal:
        shown["raw"] = _raw(sight.raw)
    return shown


def record_json(fields: Mapping[str, str]) -> dict[str, Any]:
    """The record's fields as JSON has them; those that only the scripts need are left out."""
    shown: dict[str, Any] = {"lane": None, "source": None, "accepted_at": None, "attempts": 0}
    shown |= {"reason": None, "cause": None, "status": None, "code": None, "api_id": None}
    for name, value in fields.items():
        if name not in _HIDDEN + _HIDDEN_OF_LOOKS:
            shown[name] = _typed(name, value)
    return shown


def _typed(name: str, value: str) -> Any:
    with suppress(ValueError):
        if name in _INTEGERS:
            return int(value)
        if name in _INSTANTS:
            return float(value)
    return value.split() if name == "also" else value


def _raw(raw: bytes | None) -> Any:
    if raw is None:
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return raw.decode("utf-8", "replace")


def say_sight(sight: Sight, counts: Counts, *, personal: bool) -> None:
    """Print one lead: facts, what happens next, timeline, raw lead."""
    now_at = counts.now_at
    say((sight.lead_id, "bold"), "  ", (sight.state.value, _STYLES.get(sight.state, "bold")))
    say(what_next(sight, counts))
    say("")
    for name, value in _facts(sight, now_at):
        say((f"{name:<10}", "dim"), value)
    if sight.timeline:
        say("")
        table(("at", "event", "took", "why", "worker"), map(_row, sight.timeline), keep=3)
    if personal:
        _say_words(sight)
        _say_raw(sight)


_STYLES = {
    State.DELIVERED: "bold green",
    State.DEAD: "bold red",
    State.PARKED: "bold yellow",
    State.UNKNOWN: "bold yellow",
}


def what_next(sight: Sight, counts: Counts) -> str:
    """What happens to the lead next, or what a person can do, in one sentence."""
    at = sight.at if sight.at is not None else counts.now_at
    match sight.state:
        case State.WAITING:
            return _waiting(at, counts)
        case State.LEASED if at < counts.now_at:
            return "Its worker has gone silent; it is taken back within seconds."
        case State.LEASED:
            return f"A worker is sending it; its lease ends {ago(at, counts.now_at)}."
        case State.UNKNOWN:
            return looks_next(sight.fields, at, counts)
        case State.PARKED:
            return _PARKED
        case State.DEAD:
            return _DEAD.get(sight.fields.get("reason", ""), _DEAD_OF_ANY)
        case State.DELIVERED:
            return f"Delivered {ago(at, counts.now_at)}."
        case State.DISCARDED:
            return f"An operator gave it up {ago(at, counts.now_at)}."
        case State.ERASED:
            there = "; the API has it as well" if "api_id" in sight.fields else ""
            return f"Its data were erased here {ago(at, counts.now_at)}{there}."


_PARKED = (
    "It may have arrived: look in the API, then leads unknown resolve ID with --delivered (it is"
    " there), --retry (send it again) or --discard --reason WHY."
)
_DEAD_OF_ANY = (
    "It is not tried again. Once the cause is mended: leads dead replay ID;"
    " to give it up: leads dead discard ID --reason WHY."
)
_DEAD: dict[str, str] = {
    Reason.MANGLED: (
        "The API has it under the id below, without the lost fields: correct it there, then"
        " leads dead discard ID --reason WHY. A replay would create a second one."
    ),
    Reason.INVALID: (
        "It was not sent. A replay dies again, unless the settings that refused it"
        " (LEADS_UNKNOWN_FIELDS, ...) are changed first: enqueue a corrected lead, then"
        " leads dead discard ID --reason WHY."
    ),
    Reason.REJECTED: (
        "The API refused it, see what it said. Once that is mended on its side:"
        " leads dead replay ID; else enqueue a corrected lead, then"
        " leads dead discard ID --reason WHY."
    ),
    Reason.EXHAUSTED: (
        "Its attempts are spent. If one of them is unknown, look in the API first: it may be"
        " there. Once the API is well: leads dead replay ID."
    ),
    Reason.POISON: (
        "Its workers died while they had it. Look at the lead and in the API, where it may be:"
        " then leads dead replay ID or leads dead discard ID --reason WHY."
    ),
}


def _waiting(due_at: float, counts: Counts) -> str:
    if counts.hold:
        return f"It waits, because deliveries are held: {hold_words(counts)}."
    if due_at > counts.now_at:
        return f"It is tried again {ago(due_at, counts.now_at)}, at {when(due_at)}."
    return "It is sent as soon as a worker is free."


def _facts(sight: Sight, now_at: float) -> list[tuple[str, str]]:
    fields = sight.fields
    accepted_at = float(fields.get("accepted_at", now_at))
    status = " ".join(filter(None, (fields.get("status"), _code(fields))))
    counts = [f"{fields.get('attempts', '0')} spent"]
    counts += [f"{fields[n]} {w}" for n, w in _COUNTED.items() if n in fields]
    facts = [
        ("accepted", f"{when(accepted_at)} ({ago(accepted_at, now_at)})"),
        ("lane", fields.get("lane", "")),
        ("source", fields.get("source", "")),
        ("attempts", ", ".join(counts)),
        ("reason", fields.get("reason", "")),
        ("cause", fields.get("cause", "")),
        ("status", status),
        ("lost", _lost(sight)),
        ("api id", _api_id(fields)),
        ("also as", fields.get("also", "")),
        ("replayed", when(float(fields["replayed_at"])) if "replayed_at" in fields else ""),
    ]
    return [(name, value) for name, value in facts if value]


def _api_id(fields: Mapping[str, str]) -> str:
    api_id = fields.get("api_id", "")
    return f"{api_id} (found by a look)" if api_id and fields.get("found") == api_id else api_id


def _lost(sight: Sight) -> str:
    """Names of the fields that came back empty, of the last attempt that says so."""
    for entry in reversed(sight.timeline):
        found = entry.get("fields")
        if isinstance(found, list):
            return ", ".join(map(str, found))
    return ""


def _code(fields: Mapping[str, Any]) -> str:
    """The API's own code, where it says more than the status; some make it of the status."""
    code, status = str(fields.get("code") or ""), fields.get("status")
    return "" if code.casefold() in (str(status), f"status_{status}") else code


_COUNTED = {"returned": "given back", "expiries": "lost with their worker"}


def _row(entry: Mapping[str, Any]) -> tuple[object, ...]:
    at, took = entry.get("at"), entry.get("took")
    marks = [mark for mark in ("late", "duplicate") if entry.get(mark)]
    return (
        when(at)[5:] if isinstance(at, int | float) else None,  # the year is above
        ", ".join([_event(entry), *marks]),
        _took(took) if isinstance(took, int | float) else None,
        _why(entry),
        entry.get("worker") or entry.get("by"),
    )


def _event(entry: Mapping[str, Any]) -> str:
    event = str(entry.get("event", "?"))
    if event == "attempt":
        return f"{entry.get('n', '?')} {str(entry.get('outcome', '?')).replace('_', ' ')}"
    return look_event(entry) if event == "looked" else event.replace("_", " ")


def _took(seconds: float) -> str:
    return span(seconds) if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _why(entry: Mapping[str, Any]) -> str:
    """Codes and counts, no words: those may be personal."""
    if entry.get("event") == "looked":
        return look_why(entry)
    names = ("status", "code", "cause", "reason", "api_id")
    said = {**entry, "code": _code(entry)}
    whys = [str(said[name]) for name in names if said.get(name)]
    for name, what in (("errors", "wrong"), ("fields", "lost")):
        found = entry.get(name)
        if isinstance(found, list):
            whys.append(f"{count_words(len(found), 'field', 'fields')} {what}")
    story = _STORIES.get(str(entry.get("event")), "")
    unspent = "not spent" if entry.get("spent") is False else ""
    whys += filter(None, (story, unspent))
    due = entry.get("due_seconds")
    if isinstance(due, int | float) and due > 0:
        whys.append(f"again in {span(due)}")
    return ", ".join(whys)


_STORIES = {
    "convicted": "the API refused it while it took others",
    "mistaken": "what a look found was another lead's",
    "lease_expired": "its worker died or was cut off",
}


def _say_words(sight: Sight) -> None:
    """What was said of the lead last: by the schema for each field, or by the API."""
    last: Mapping[str, Any] = next((e for e in reversed(sight.timeline) if _has_words(e)), {})
    if last:
        say("")
    if last.get("message"):
        say(("the API said  ", "dim"), str(last["message"]))
    errors = last.get("errors")
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict):
            say((f"{error.get('path') or 'the lead'}: ", "bold"), str(error.get("message", "")))


def _has_words(entry: Mapping[str, Any]) -> bool:
    return any(entry.get(name) for name in PERSONAL)


def _say_raw(sight: Sight) -> None:
    if sight.raw is not None:
        say("")
        say_escaped(pretty_json(sight.raw))
