"""A lead's timeline as a table: when, what, how long, why, and by whom.

It owns wording. It shows codes and counts and none of the API's words, which may be personal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lead_ops.render import count_words, span, table, when

from .looks import look_event, look_why


def say_timeline(entries: Sequence[Mapping[str, Any]]) -> None:
    """Print a timeline, oldest entry first."""
    table(("at", "event", "took", "why", "by"), map(_row, entries), keep=3)


def code_of(fields: Mapping[str, Any]) -> str:
    """The API's own code, where it says more than the status; some make it of the status."""
    code, status = str(fields.get("code") or ""), fields.get("status")
    return "" if code.casefold() in (str(status), f"status_{status}") else code


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
    said = {**entry, "code": code_of(entry)}
    whys = [str(said[name]) for name in names if said.get(name)]
    for name, what in (("errors", "wrong"), ("fields", "lost")):
        found = entry.get(name)
        if isinstance(found, list):
            whys.append(f"{count_words(len(found), 'field', 'fields')} {what}")
    changes, campaign = entry.get("changes"), entry.get("campaign")
    if isinstance(changes, int):
        whys.append(f"{count_words(changes, 'field', 'fields')} changed")
    whys.append(f"campaign {campaign}" if campaign else "")
    story = _STORIES.get(str(entry.get("event")), "")
    unspent = "not spent" if entry.get("spent") is False else ""
    whys = [*filter(None, (*whys, story, unspent))]
    due = entry.get("due_seconds")
    if isinstance(due, int | float) and due > 0:
        whys.append(f"again in {span(due)}")
    return ", ".join(whys)


_STORIES = {
    "convicted": "the API refused it while it took others",
    "mistaken": "what a look found was another lead's",
    "lease_expired": "its worker died or was cut off",
}
