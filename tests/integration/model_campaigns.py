"""The model of campaigns: dead letters that are let wait again, and what becomes of each.

Those of the model are small: they are let go as a whole, and none is stopped because it fails.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from lead_worker.core.lifecycle import State
from lead_worker.store.campaigns import MOST_ACTIVE, CampaignState, Steer

from tests.integration.model_governor import Governed

STALE_SECONDS = 60.0
UNDER_WAY = (State.WAITING, State.LEASED, State.UNKNOWN)
MOVES = {
    (Steer.BEGIN, CampaignState.PREPARING): CampaignState.RUNNING,
    (Steer.PAUSE, CampaignState.RUNNING): CampaignState.PAUSED,
    (Steer.RESUME, CampaignState.PAUSED): CampaignState.RUNNING,
    (Steer.RESUME, CampaignState.STOPPED): CampaignState.RUNNING,
    (Steer.CANCEL, CampaignState.PREPARING): CampaignState.CANCELLED,
    (Steer.CANCEL, CampaignState.RUNNING): CampaignState.CANCELLED,
    (Steer.CANCEL, CampaignState.PAUSED): CampaignState.CANCELLED,
}


@dataclass
class Campaign:
    """What the model knows of a campaign."""

    touched_at: float
    state: CampaignState = CampaignState.PREPARING
    total: int = 0
    todo: list[str] = field(default_factory=list)
    out: list[str] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)
    active: bool = True

    def end(self, lead_id: str, what: str) -> None:
        """Note what became of a lead; one that was skipped has come to its end before."""
        if what.startswith("skipped"):
            self.ends.setdefault(lead_id, what)
        else:
            self.ends[lead_id] = what
        self.counted[what.partition(" ")[0]] += 1


class Campaigning(Governed):
    """Books of leads that campaigns let go."""

    def __init__(self) -> None:
        super().__init__()
        self.campaigns: dict[str, Campaign] = {}

    @property
    def active(self) -> list[str]:
        return sorted(i for i, campaign in self.campaigns.items() if campaign.active)

    def launch(self, campaign_id: str) -> bool:
        if campaign_id in self.campaigns:
            return True
        if len(self.active) >= MOST_ACTIVE:
            return False
        self.campaigns[campaign_id] = Campaign(self.now)
        return True

    def enlist(self, campaign_id: str, so_far: int, lead_ids: list[str]) -> str:
        campaign = self.campaigns.get(campaign_id)
        if campaign is None:
            return "gone"
        if campaign.state is not CampaignState.PREPARING:
            return campaign.state
        if campaign.total == so_far + len(lead_ids):
            return "done"
        if campaign.total != so_far:
            return "behind"
        campaign.todo += lead_ids
        campaign.total += len(lead_ids)
        campaign.touched_at = self.now
        return "ok"

    def steer(self, campaign_id: str, what: Steer) -> str:
        campaign = self.campaigns.get(campaign_id)
        if campaign is None:
            return "gone"
        to = MOVES.get((what, campaign.state))
        if to is None:
            return "finished" if campaign.state is CampaignState.DONE else campaign.state
        campaign.state, campaign.touched_at = to, self.now
        if to is CampaignState.CANCELLED:
            campaign.todo = []
        return "ok"

    def advance(self, campaign_id: str) -> None:
        """Note who came to an end, then let go who is still dead."""
        campaign = self.campaigns.get(campaign_id)
        if campaign is None:
            return
        stale = self.now - campaign.touched_at >= STALE_SECONDS
        if campaign.state is CampaignState.PREPARING and stale:
            campaign.state = CampaignState.CANCELLED
        for lead_id in list(campaign.out):
            what = self._end_of(lead_id, campaign_id)
            if what:
                campaign.out.remove(lead_id)
                campaign.end(lead_id, what)
        if campaign.state is CampaignState.RUNNING:
            self._let_go(campaign_id, campaign)
        if campaign.state is CampaignState.RUNNING and not campaign.todo and not campaign.out:
            campaign.state = CampaignState.DONE
        over = campaign.state in (CampaignState.DONE, CampaignState.CANCELLED)
        campaign.active = campaign.active and not (over and not campaign.out)
        if campaign.state is CampaignState.CANCELLED:
            campaign.todo = []

    def _end_of(self, lead_id: str, campaign_id: str) -> str:
        """What became of a lead that was let go, or "" where it is still under way."""
        lead = self.leads.get(lead_id)
        if lead is None:
            return "gone"
        if lead.state in UNDER_WAY:
            return "" if lead.campaign == campaign_id else "elsewhere"
        return str(lead.state)

    def _let_go(self, campaign_id: str, campaign: Campaign) -> None:
        """Under a hold one may go, to be the canary, where there is no other."""
        room = len(campaign.todo)
        if self.hold:
            room = int(self.admit(0, 1)[0] > 0 and self.claimable == 0)
        taken, campaign.todo = campaign.todo[:room], campaign.todo[room:]
        going: list[str] = []
        for lead_id in taken:
            lead = self.leads.get(lead_id)
            dead = lead is not None and lead.state is State.DEAD and lead.campaign != campaign_id
            if dead and lead_id not in going:
                going.append(lead_id)
            else:
                campaign.end(lead_id, f"skipped {lead.state if lead else 'gone'}")
        self._send_again(campaign_id, going)
        campaign.out += going

    def _send_again(self, campaign_id: str, lead_ids: list[str]) -> None:
        leads = [self.leads[lead_id] for lead_id in lead_ids]
        for lead in leads:
            lead.begin_anew(self.now)
            lead.lane, lead.campaign, lead.told = "bulk", campaign_id, lead.told + 1
        self.move(State.WAITING, self.now, *leads)
        if leads:
            self.ring()
