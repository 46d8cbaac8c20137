"""Scheduled redrive: a rule that launches a campaign over what died exhausted in an outage.

It owns which dead letters the rule is for. Their way back is any campaign's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from uuid import uuid4

from . import logs
from .core.lifecycle import Reason
from .core.selection import Selection
from .settings import Settings
from .store import Store
from .store.campaigns import Campaigns, Launch, Steer
from .store.enlisting import BUSY, enlist_all
from .store.letters import Letter, Letters

logger = logging.getLogger(__name__)

RULE = "redrive rule"
CLAIM_SECONDS = 300.0
"""For how long the rule is one worker's; where that dies, another takes it up after so long."""


def redrive(store: Store, settings: Settings) -> str | None:
    """Launch a campaign where the rule is wanted and due, and nothing is held.

    Returns:
        The campaign's id; None where there was nothing to do.
    """
    campaigns = Campaigns(store)
    if not settings.redrive or store.counts().hold is not None:
        return None
    if any(campaign.launch.rule for campaign in campaigns.active()):
        return None
    if not campaigns.claim_redrive(CLAIM_SECONDS):
        return None
    campaign_id = _launch(store, settings, campaigns)
    campaigns.redriven(settings.redrive_every_seconds)
    return campaign_id


def _launch(store: Store, settings: Settings, campaigns: Campaigns) -> str | None:
    campaign_id = uuid4().hex[:12]
    lead_ids = (letter.listed.lead_id for letter in eligible(store, settings))
    total, problem = enlist_all(campaigns, campaign_id, _campaign(settings), lead_ids)
    if problem == BUSY:
        words = "redrive: too many campaigns are under way; put off"
        logger.warning(words, extra=logs.facts("redrive_put_off"))
    if problem or not total:
        return None
    event = {"event": "campaign_begun", "campaign": campaign_id, "by": RULE, "leads": total}
    campaigns.steer(campaign_id, Steer.BEGIN, event)
    facts = logs.facts("campaign_begun", campaign=campaign_id, leads=total)
    logger.info("redrive: campaign %s with %d leads", campaign_id, total, extra=facts)
    return campaign_id


def _campaign(settings: Settings) -> Launch:
    most, hours = settings.redrive_most, settings.redrive_every_seconds / 3600
    reason = f"exhausted; every {hours:g} h, at most {most} times"
    return Launch(by=RULE, about=f"reason {Reason.EXHAUSTED}", reason=reason, rule=True)


def eligible(store: Store, settings: Settings) -> Iterator[Letter]:
    """The dead letters that the rule would replay now, the newest first.

    A lead's first time comes at once, its second one interval after its death, its third three
    intervals, and so on.
    """
    now_at, every = store.counts().now_at, settings.redrive_every_seconds
    exhausted = Selection(reasons=frozenset({Reason.EXHAUSTED.value}))
    for letter in Letters(store).walk(exhausted):
        times = letter.listed.fields.get("redriven", "0")
        done = int(times) if times.isdigit() else 0
        due_at = letter.listed.at + every * (2.0**done - 1)
        if done < settings.redrive_most and due_at <= now_at:
            yield letter
