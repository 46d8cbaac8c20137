"""What was done to a raw lead by hand: when, by whom, why, and each difference.

It owns wording and the shape of the JSON. The differences are personal data, as is the raw lead.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from lead_worker.store.letters import Edits

from lead_ops.render import count_words, say, when

from .differences import say_changes

INDENT = "  "


def edits_json(edits: Edits, *, personal: bool) -> list[dict[str, Any]]:
    """The edits, oldest first; without what is personal only `number` tells of the differences."""
    shown = []
    for change in edits.changes:
        told = {name: value for name, value in change.items() if name != "changes"}
        told["number"] = _number(_differences(change))
        shown.append(told | ({"changes": _differences(change)} if personal else {}))
    return shown


def original_json(lead_id: str, original: bytes | None) -> dict[str, Any]:
    """A raw lead as it was enqueued: as JSON or else as text, and to the byte."""
    encoded = None if original is None else base64.b64encode(original).decode()
    return {"id": lead_id, "original": raw_json(original), "original_base64": encoded}


def raw_json(raw: bytes | None) -> Any:
    """A raw lead; its text where it is no JSON, None where there is none."""
    if raw is None:
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return raw.decode("utf-8", "replace")


def say_edits(lead_id: str, edits: Edits, *, personal: bool) -> None:
    """Print the edits, oldest first, and where the original is; nothing where there are none."""
    for change in edits.changes:
        at, reason = change.get("at"), change.get("reason")
        moment = when(at) if isinstance(at, int | float) else ""
        why = f": {reason}" if reason else ""
        found = _differences(change)
        fields = "" if personal else f" ({count_words(_number(found), 'field', 'fields')})"
        say("")
        say(("edited    ", "dim"), f"{moment} by {change.get('by', '?')}{fields}{why}", indent=10)
        if personal:
            say_changes(found, margin=INDENT)
    if edits.original is not None and personal:
        say(INDENT, (f"as it was enqueued: leads show {lead_id} --original", "dim"), indent=4)


def _differences(change: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each with a path; whatever the entry holds."""
    found = change.get("changes")
    listed = found if isinstance(found, list) else []
    return [each for each in listed if isinstance(each, dict) and "path" in each]


def _number(differences: list[dict[str, Any]]) -> int:
    return sum(int(each.get("more", 1)) for each in differences)
