"""Watching a campaign: its bar on a terminal until it is over. It changes nothing.

The campaign needs no watcher: whoever stops watching, or is killed, leaves it running.
"""

from __future__ import annotations

import time

from lead_worker.store import Store, StoreError
from lead_worker.store.campaigns import Campaign, Campaigns, CampaignState

from lead_ops.errors import OpsError
from lead_ops.progress import Bar
from lead_ops.render import say
from lead_ops.views.campaigns import end_words, is_over, next_steps, progress_words

LOOK_SECONDS = 0.5
GIVE_UP_SECONDS = 60.0
"""For so long a Redis that does not answer is waited for."""

INTERRUPTED = 130
REPLAYING = "replaying"


def watch(store: Store, campaign_id: str) -> Campaign | None:
    """Wait until a campaign is over; None where a person had enough before.

    Raises:
        StoreError: Redis has not answered for a minute.
        OpsError: the campaign is gone.
    """
    campaigns = Campaigns(store)
    answered_at = time.monotonic()
    try:
        with Bar(REPLAYING) as bar:
            while True:
                try:
                    campaign = _look(store, campaigns, campaign_id, bar)
                    answered_at = time.monotonic()
                    if is_over(campaign):
                        return campaign
                except StoreError:
                    if time.monotonic() - answered_at > GIVE_UP_SECONDS:
                        raise
                    bar.tell("Redis does not answer; it is tried again", what="waiting  ")
                time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        return None


def _look(store: Store, campaigns: Campaigns, campaign_id: str, bar: Bar) -> Campaign:
    campaign = campaigns.find(campaign_id)
    if campaign is None:
        raise OpsError(f"campaign {campaign_id} is not there any more")
    counts = store.counts()
    running = campaign.state is CampaignState.RUNNING
    bar.move(campaign.finished, total=campaign.total)
    words = progress_words(campaign)
    held = counts.hold if running else None
    what = "held" if held else REPLAYING if running else campaign.state.value
    bar.tell(
        f"{words}; held: {held.kind.value}" if held else words,
        what=f"{what:<{len(REPLAYING)}}",
    )
    return campaign


def say_left_alone(campaign_id: str) -> None:
    """Say that the campaign goes on without whoever watched it."""
    say("the campaign goes on by itself", stderr=True)
    say(f"to see it: leads replay status {campaign_id} --follow", stderr=True)
    say(f"to hold it: leads replay pause {campaign_id}", stderr=True)
    say(f"to end it: leads replay cancel {campaign_id}", stderr=True)


def say_end(campaign: Campaign) -> None:
    """Say what became of a campaign that is over."""
    say(end_words(campaign))
    for line in next_steps(campaign):
        say(line)


def exit_code(campaign: Campaign) -> int:
    """0 where all came to an end and none is dead again, else 1."""
    clean = campaign.state is CampaignState.DONE and not campaign.ended.get("dead")
    return 0 if clean else 1
