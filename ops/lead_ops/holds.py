"""A hold of the fleet as an operator needs it: what, why, since and until when, and what to do."""

from __future__ import annotations

from typing import Any

from lead_worker.core.governor import Hold
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Counts

from .render import ago, when

_ADVICE = {
    HoldKind.PAUSED: "to go on: leads resume",
    HoldKind.CREDENTIALS: "set a token that the API takes (LEADS_API_TOKEN), restart the workers",
    HoldKind.CONFIGURATION: "check LEADS_API_URL and what answers there, restart the workers",
    HoldKind.QUOTA: "raise the limit of the plan at the API's vendor",
    HoldKind.CONTRACT: "look at what came back empty: leads dead list --reason mangled",
    HoldKind.NOT_BEFORE: "nothing to do: the API asked for this pause",
    HoldKind.OUTAGE: "nothing to do: the API is away and is tried again",
}


def advice(hold: Hold) -> str:
    """What an operator can do about it, in one line."""
    return _ADVICE[hold.kind]


def hold_json(counts: Counts) -> dict[str, Any] | None:
    """The hold in force with the keys kind, since, until, reason, by; instants in epoch seconds."""
    hold = counts.hold
    if hold is None:
        return None
    return {
        "kind": hold.kind.value,
        "since": counts.hold_since_at,
        "until": hold.until_at,
        "reason": hold.reason,
        "by": hold.by,
    }


def hold_words(counts: Counts) -> str:
    """Since and until when the hold in force lasts, as a clause; "" without one."""
    hold = counts.hold
    if hold is None:
        return ""
    since_at = counts.hold_since_at or counts.now_at
    since = f"{hold.kind.value} since {when(since_at)} ({ago(since_at, counts.now_at)})"
    by = f" by {hold.by}" if hold.by else ""
    if hold.until_at is None:
        until = "until it is resumed" if hold.kind is HoldKind.PAUSED else "until it is mended"
    else:
        until = f"until {when(hold.until_at)} ({ago(hold.until_at, counts.now_at)})"
    return f"{since}{by}, {until}"
