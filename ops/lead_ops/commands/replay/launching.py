"""Preparing a campaign: which leads are in it, and that it then begins.

Until it begins it lets nothing go. Where the preparation is interrupted it is cancelled here; where
it is killed, the campaign is cancelled by itself within a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

from lead_worker.store import StoreError
from lead_worker.store.campaigns import MOST_ACTIVE, Campaigns, Launch, Steer
from lead_worker.store.enlisting import BUSY, enlist_all

from lead_ops.errors import OpsError
from lead_ops.render import say

from .steering import steering_event

TOO_MANY = (
    f"{MOST_ACTIVE} campaigns are under way, and no more at once: leads replay status shows them;"
    " wait for one, or leads replay cancel ID"
)


@dataclass(frozen=True, slots=True)
class Begun:
    """A campaign that has begun, and how many leads it has."""

    campaign_id: str
    total: int


def begin(
    campaigns: Campaigns,
    launch: Launch,
    lead_ids: Iterator[str],
    prepared: Callable[[int], None],
) -> Begun | None:
    """Launch a campaign over these leads and let it begin.

    Args:
        prepared: is told how many leads are in it so far.

    Returns:
        What began; None where there was no lead.

    Raises:
        OpsError: too many are under way, or this one was cancelled meanwhile.
        StoreError: Redis does not answer.
    """
    campaign_id = uuid4().hex[:12]
    try:
        total = _enlist_all(campaigns, campaign_id, launch, lead_ids, prepared)
    except BaseException as error:
        _cancel(campaigns, campaign_id, error)
        raise
    if not total:
        return None
    _begin(campaigns, campaign_id, launch, total)
    return Begun(campaign_id, total)


def _cancel(campaigns: Campaigns, campaign_id: str, error: BaseException) -> None:
    """Clear up after an interruption; where that fails too, the campaign does it by itself."""
    interrupted = isinstance(error, KeyboardInterrupt)
    reason = f"{'interrupted' if interrupted else type(error).__name__} while it was prepared"
    with suppress(StoreError):
        event = steering_event(Steer.CANCEL, campaign_id, reason)
        campaigns.steer(campaign_id, Steer.CANCEL, event)
    if interrupted:
        say("it was only being prepared: nothing was let go", stderr=True)


def _enlist_all(
    campaigns: Campaigns,
    campaign_id: str,
    launch: Launch,
    lead_ids: Iterator[str],
    prepared: Callable[[int], None],
) -> int:
    total, problem = enlist_all(campaigns, campaign_id, launch, lead_ids, prepared)
    if problem == BUSY:
        raise OpsError(TOO_MANY)
    if problem:
        raise OpsError(
            f"campaign {campaign_id} is {problem}: somebody ended it while it was prepared, or"
            " that stood still for a minute; nothing was let go: start again"
        )
    return total


def _begin(campaigns: Campaigns, campaign_id: str, launch: Launch, total: int) -> None:
    event = steering_event(
        Steer.BEGIN, campaign_id, launch.reason or None, leads=total, about=launch.about
    )
    try:
        verdict = campaigns.steer(campaign_id, Steer.BEGIN, event)
    except StoreError:
        raise OpsError(
            f"Redis does not answer, so that nobody knows whether campaign {campaign_id} began:"
            f" leads replay status {campaign_id} tells; if it did not, it is cancelled by itself"
        ) from None
    if verdict not in ("ok", "done"):
        raise OpsError(f"campaign {campaign_id} is {verdict}: nothing was let go; start again")
