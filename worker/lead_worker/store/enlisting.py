"""The preparation of a campaign: it is launched with its first leads, and gets others in batches.

It owns that a preparation never looks abandoned. That the campaign begins is its caller's matter.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from .campaigns import Campaigns, Launch
from .store import BATCH

AT_LEAST_EVERY_SECONDS = 15.0
"""A batch is not waited for any longer, so that a campaign does not look abandoned where the leads
that are meant are few among many."""

BUSY = "busy"


def enlist_all(
    campaigns: Campaigns,
    campaign_id: str,
    launch: Launch,
    lead_ids: Iterable[str],
    prepared: Callable[[int], None] = lambda _: None,
) -> tuple[int, str]:
    """Launch a campaign and enlist its leads; where there is none, nothing is launched.

    Args:
        prepared: is told how many leads are in it so far.

    Returns:
        How many it has, and "" or what stood in the way: `BUSY` (too many are under way), gone, or
        the state that it was in.

    Raises:
        StoreError: Redis does not answer.
    """
    total = 0
    for batch in _batches(lead_ids):
        if not total and not campaigns.launch(campaign_id, launch):
            return 0, BUSY
        verdict = campaigns.enlist(campaign_id, total, batch)
        if verdict not in ("ok", "done"):
            return total, verdict
        total += len(batch)
        prepared(total)
    return total, ""


def _batches(lead_ids: Iterable[str]) -> Iterator[list[str]]:
    batch, since = [], time.monotonic()
    for lead_id in lead_ids:
        batch.append(lead_id)
        if len(batch) == BATCH or time.monotonic() - since > AT_LEAST_EVERY_SECONDS:
            yield batch
            batch, since = [], time.monotonic()
    if batch:
        yield batch
