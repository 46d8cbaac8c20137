"""A hold of the fleet as an operator needs it: what, why, since and until when, and what to do."""

from __future__ import annotations

from typing import Any

from lead_worker.core.governor import Hold
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Counts

from lead_ops.render import ago, when

SUSPECTED = (
    "suspected: is it everybody's fault, or one lead's? Other leads are tried, one at a time, as"
    " soon as there are any; nothing to do"
)

_ADVICE = {
    HoldKind.PAUSED: "to go on: leads resume",
    HoldKind.CREDENTIALS: (
        "put a token that the API takes into LEADS_API_TOKEN_FILE (picked up by itself) or"
        " LEADS_API_TOKEN (restart the workers)"
    ),
    HoldKind.CONFIGURATION: (
        "check LEADS_API_URL and what answers there; once it is mended the next try ends the hold,"
        " or at once: leads resume"
    ),
    HoldKind.QUOTA: (
        "raise the spending limit at the API's vendor; once it is raised the next try ends the"
        " hold, or at once: leads resume"
    ),
    HoldKind.CONTRACT: (
        "see what came back empty: leads dead list --reason mangled; once the API is mended:"
        " leads resume"
    ),
    HoldKind.NOT_BEFORE: "nothing to do: the API asked for this pause",
    HoldKind.OUTAGE: "nothing to do: the API is away, and is tried again by itself",
    HoldKind.OTHER: "look with the newer release that set it; to go on all the same: leads resume",
}


def advice(hold: Hold) -> str:
    """What an operator can do about it, in one sentence."""
    return _ADVICE[hold.kind]


def hold_json(hold: Hold | None) -> dict[str, Any] | None:
    """A hold under stable keys, or None; instants in epoch seconds."""
    if hold is None:
        return None
    return {
        "kind": hold.kind.value,
        "since": hold.since_at,
        "until": hold.until_at,
        "reason": hold.reason,
        "by": hold.by,
        "suspected": hold.suspected,
        "canary_at": hold.canary_at,
    }


def hold_words(counts: Counts) -> str:
    """Since and until when the hold in force lasts, as a clause; "" without one."""
    hold = counts.hold
    if hold is None:
        return ""
    kind = f"{hold.kind.value} (suspected)" if hold.suspected else hold.kind.value
    since = f"{kind} since {when(hold.since_at)} ({ago(hold.since_at, counts.now_at)})"
    # Which of the workers noticed first says nothing.
    by = f" by {hold.by}" if hold.by and hold.kind is HoldKind.PAUSED else ""
    if hold.until_at is None:
        until = "until it is resumed" if hold.kind is HoldKind.PAUSED else "until it is mended"
    else:
        until = f"until {when(hold.until_at)} ({ago(hold.until_at, counts.now_at)})"
    return f"{since}{by}, {until}"


def next_try(hold: Hold, now_at: float, *, trying: bool) -> str:
    """When one lead is tried under a hold, as a clause; "" where none ever is.

    Args:
        trying: one is in flight.
    """
    if trying:
        return "one lead is being tried now"
    if hold.canary_at is None:
        return ""
    if hold.canary_at <= now_at:
        return "one lead is tried as soon as one is due"
    return f"one lead is tried {ago(hold.canary_at, now_at)}"
