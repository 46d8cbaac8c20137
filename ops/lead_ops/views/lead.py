"""One lead for an operator: its record, its state, what happens next, its timeline and its edits.

It owns wording and the shape of the JSON. The raw lead, what edits changed in it and the API's
words are personal data: they are shown to the operator who asks for one lead, unless told
otherwise, and never in a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from lead_worker.core.lifecycle import State
from lead_worker.store import Counts
from lead_worker.store.letters import Edits
from lead_worker.store.reading import Sight

from lead_ops.render import ago, pretty_json, say, say_escaped, when

from .edits import edits_json, raw_json, say_edits
from .lead_next import what_next
from .timeline import code_of, say_timeline

PERSONAL = ("message", "errors")
"""What of a timeline's entry may repeat the lead's words."""

_INSTANTS = ("accepted_at", "replayed_at", "claimed_at", "unknown_since")
_INTEGERS = (
    *("attempts", "returned", "expiries", "status", "looks", "unanswered"),
    *("edited", "replays", "redriven"),
)
_HIDDEN = ("act", "expired", "held_before", "settled", "state", "token", "tried_at")
_HIDDEN_OF_LOOKS = ("doubted", "doubted_at", "found", "look_page", "similar")


def sight_json(sight: Sight, edits: Edits, *, personal: bool) -> dict[str, Any]:
    """One lead under stable keys; instants in epoch seconds.

    Args:
        personal: whether to include `raw` and `original`, what edits changed, and the API's words
            on the timeline.
    """
    entries = [
        {name: value for name, value in entry.items() if personal or name not in PERSONAL}
        for entry in sight.timeline
    ]
    shown: dict[str, Any] = {"id": sight.lead_id, "state": sight.state.value, "at": sight.at}
    shown |= record_json(sight.fields) | {"timeline": entries}
    shown["edits"] = edits_json(edits, personal=personal)
    if personal:
        shown |= {"raw": raw_json(sight.raw), "original": raw_json(edits.original)}
    return shown


def record_json(fields: Mapping[str, str]) -> dict[str, Any]:
    """The record's fields as JSON has them; those that only the scripts need are left out."""
    shown: dict[str, Any] = {"lane": None, "source": None, "accepted_at": None, "attempts": 0}
    shown |= {"reason": None, "cause": None, "status": None, "code": None, "api_id": None}
    shown |= {"group": None, "edited": 0, "replays": 0, "campaign": None}
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


def say_sight(
    sight: Sight, edits: Edits, counts: Counts, keep_discarded_days: float, *, personal: bool
) -> None:
    """Print one lead: facts, what happens next, timeline, what is wrong, edits, raw lead."""
    say((sight.lead_id, "bold"), "  ", (sight.state.value, _STYLES.get(sight.state, "bold")))
    say(what_next(sight, counts, keep_discarded_days))
    say("")
    for name, value in _facts(sight, counts.now_at):
        say((f"{name:<10}", "dim"), value, indent=10)
    if sight.timeline:
        say("")
        say_timeline(sight.timeline)
    if personal:
        _say_words(sight)
    say_edits(sight.lead_id, edits, personal=personal)
    if personal:
        _say_raw(sight)


_STYLES = {
    State.DELIVERED: "bold green",
    State.DEAD: "bold red",
    State.PARKED: "bold yellow",
    State.UNKNOWN: "bold yellow",
}


def _facts(sight: Sight, now_at: float) -> list[tuple[str, str]]:
    fields = sight.fields
    accepted_at = float(fields.get("accepted_at", now_at))
    status = " ".join(filter(None, (fields.get("status"), code_of(fields))))
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
        ("group", fields.get("group", "")),
        ("lost", _lost(sight)),
        ("api id", _api_id(fields)),
        ("also as", fields.get("also", "")),
        ("replayed", _replayed(fields)),
    ]
    return [(name, value) for name, value in facts if value]


def _replayed(fields: Mapping[str, str]) -> str:
    """How often, when last, and by which campaign, if it was by one."""
    if "replayed_at" not in fields:
        return ""
    times = fields.get("replays", "1")
    often = f"{times} times, last " if times.isdigit() and int(times) > 1 else ""
    by = f" by campaign {fields['campaign']}" if fields.get("campaign") else ""
    return f"{often}{when(float(fields['replayed_at']))}{by}"


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


_COUNTED = {"returned": "given back", "expiries": "lost with their worker"}


def _say_words(sight: Sight) -> None:
    """What was said of the last attempt: by the schema for each field, or by the API."""
    attempts = (entry for entry in reversed(sight.timeline) if entry.get("event") == "attempt")
    last: Mapping[str, Any] = next(attempts, {})
    if any(last.get(name) for name in PERSONAL):
        say("")
    if last.get("message"):
        say(("the API said  ", "dim"), str(last["message"]))
    errors = last.get("errors")
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict):
            say((f"{error.get('path') or 'the lead'}: ", "bold"), str(error.get("message", "")))


def _say_raw(sight: Sight) -> None:
    if sight.raw is not None:
        say("")
        say_escaped(pretty_json(sight.raw))
