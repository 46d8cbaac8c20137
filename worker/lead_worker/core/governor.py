"""The one hold of the fleet and how it changes. Pure: the store keeps it, `claim.lua` obeys it."""

from __future__ import annotations

from dataclasses import dataclass

from .outcome import GivenBack, HoldKind, Mangled, Outcome, Retry

PROBE_SECONDS = 15.0
"""How long a hold for the API's fault lasts before deliveries are tried again."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nothing is claimed at the moment.

    Attributes:
        kind: which of the holds.
        until_at: when it ends by itself (epoch seconds of Redis's clock), or None.
        reason: one line for the operator.
        by: who set it: an operator's name, or a worker.
    """

    kind: HoldKind
    until_at: float | None
    reason: str
    by: str = ""


_REASONS = {
    HoldKind.CREDENTIALS: "the API refused the token: check LEADS_API_TOKEN",
    HoldKind.CONFIGURATION: "what answers is not the API: check LEADS_API_URL",
    HoldKind.QUOTA: "the API's spending limit is reached: check the plan",
    HoldKind.CONTRACT: "the API lost fields that were sent: look at the mangled dead letters",
}


def pause(reason: str, by: str) -> Hold:
    """Hold until an operator resumes; it replaces any other hold."""
    return Hold(HoldKind.PAUSED, None, reason, by)


def after_outcome(hold: Hold | None, outcome: Outcome, now_at: float, by: str) -> Hold | None:
    """Give the hold that is in force after an outcome.

    A pause stands whatever happens; otherwise the hold that lasts longer does.

    Args:
        hold: the hold in force, or None.
        outcome: what one attempt amounted to.
        now_at: epoch seconds of Redis's clock.
        by: the worker that saw it.
    """
    wanted = _wanted(outcome, now_at, by)
    if wanted is None or hold is None:
        return wanted or hold
    if hold.until_at is None or (wanted.until_at or 0) <= hold.until_at:
        return hold
    return wanted


def _wanted(outcome: Outcome, now_at: float, by: str) -> Hold | None:
    match outcome:
        case Retry(cause=cause, retry_after_seconds=float() | int() as seconds) if seconds > 0:
            reason = f"the API asked for {seconds:g} s ({cause})"
            return Hold(HoldKind.NOT_BEFORE, now_at + seconds, reason, by)
        case GivenBack(hold=HoldKind() as kind, cause=cause):
            return Hold(kind, now_at + PROBE_SECONDS, f"{_REASONS[kind]} ({cause})", by)
        case Mangled():
            kind = HoldKind.CONTRACT
            return Hold(kind, now_at + PROBE_SECONDS, _REASONS[kind], by)
        case _:
            return None
