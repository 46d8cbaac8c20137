"""Holds that tests put in force and end, straight in the governor's record."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

from lead_worker.core.governor import Accused, Hold, Moment, begin
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Decision, Store

PAUSE = Hold(HoldKind.PAUSED, "look at the API")


def not_before(store: Store, seconds: float) -> Hold:
    """What a `Retry-After` makes of the governor."""
    until_at = store.counts().now_at + seconds
    return Hold(HoldKind.NOT_BEFORE, "the API asked for it", until_at=until_at)


def standing_hold(store: Store, seconds: float, **more: Any) -> Hold:
    """A hold that stands, and whose canary is due after so long."""
    canary_at = store.counts().now_at + seconds
    return Hold(HoldKind.OUTAGE, "three leads failed alike", canary_at=canary_at, **more)


def suspicion(store: Store, seconds: float, *lead_ids: str) -> Hold:
    """A hold that is suspected for these leads: others are tried at once, they after so long."""
    now_at = store.counts().now_at
    return Hold(
        HoldKind.CREDENTIALS,
        "the API refuses the token",
        suspected=True,
        accused=tuple(Accused(lead_id) for lead_id in lead_ids),
        trial_at=now_at,
        canary_at=now_at + seconds,
        token_mark="refused",
    )


def hold(store: Store, wanted: Hold, *, version: str | None = None, by: str = "ana") -> bool:
    """Put a hold in force; gives whether the record was still that of `version`."""
    standing = store.standing()
    step = begin(standing.governor, wanted, Moment(standing.now_at, by))
    on = standing.version if version is None else version
    return store.govern(Decision(step.governor, on, uuid4().hex, events=step.events)).replaced


def prolong(store: Store, seconds: float) -> bool:
    """Let the hold in force last so much longer; it stays the same one."""
    standing = store.standing()
    found = standing.governor.hold
    assert found is not None
    assert found.until_at is not None
    later = replace(standing.governor, hold=replace(found, until_at=found.until_at + seconds))
    return store.govern(Decision(later, standing.version, uuid4().hex)).replaced


def change(store: Store, **changes: Any) -> bool:
    """Change what the governor knows, such as its window."""
    standing = store.standing()
    after = replace(standing.governor, **changes)
    return store.govern(Decision(after, standing.version, uuid4().hex)).replaced


def amend(store: Store, **changes: Any) -> bool:
    """Change the hold in force; it stays the same one."""
    return change(store, hold=replace(hold_of(store), **changes))


def unhold(store: Store, *, version: str | None = None) -> bool:
    """End the hold in force; what follows is not slowed down."""
    standing = store.standing()
    after = replace(standing.governor, hold=None, window=None)
    on = standing.version if version is None else version
    return store.govern(Decision(after, on, uuid4().hex)).replaced


def hold_of(store: Store) -> Hold:
    """The hold in force."""
    found = store.counts().hold
    assert found is not None
    return found
