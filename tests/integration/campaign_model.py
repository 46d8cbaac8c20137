"""A machine in which campaigns also let dead letters wait again, while all else goes on."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from lead_worker.core.lifecycle import State
from lead_worker.store.campaigns import Campaigns, CampaignState, Launch, Steer
from lead_worker.store.runner import ScriptError

from tests.integration.dead_letter_model import DeadLetterMachine
from tests.integration.dead_letters import BEGUN
from tests.integration.model_wire import FATES, Fate

MOST = 10
"""The most leads of one campaign here: none waits for the others to come to an end."""


class CampaignMachine(DeadLetterMachine):
    """Does what campaigns do, too."""

    @property
    def all_campaigns(self) -> Campaigns:
        return Campaigns(self.wire.store())

    def a_campaign(self, data: st.DataObject, *better: CampaignState) -> str:
        """A campaign, rather one in such a state."""
        known = self.model.campaigns
        rather = [i for i, campaign in known.items() if campaign.state in better]
        return str(data.draw(st.sampled_from([*known, *rather * 3])))

    @initialize()
    def begin(self) -> None:
        """There is a campaign, whose leads are about to be let go."""
        super().begin()
        fates = (Fate.ARRIVES,) * 3
        self.a_campaign_begins(fates)

    @rule(fates=st.tuples(FATES, FATES, FATES))
    @precondition(lambda self: len(self.model.active) < 3)
    def a_campaign_begins(self, fates: tuple[Fate, Fate, Fate]) -> None:
        """With the first of the dead letters, one of them twice; they may be in another, too."""
        campaign_id, dead = f"c-{len(self.model.campaigns)}", self.model.in_state(State.DEAD)[:4]
        dead += dead[:1]
        self.both(
            fates[0],
            lambda: self.all_campaigns.launch(campaign_id, Launch("ana", "all")),
            lambda: self.model.launch(campaign_id),
        )
        if campaign_id in self.model.campaigns and dead:
            self.enlist(campaign_id, dead, fates[1])
        self.steer(campaign_id, Steer.BEGIN, fates[2])

    def enlist(self, campaign_id: str, lead_ids: list[str], fate: Fate) -> None:
        total = self.model.campaigns[campaign_id].total

        def real() -> str:
            try:
                return self.all_campaigns.enlist(campaign_id, total, lead_ids)
            except ScriptError:  # somebody else was there meanwhile
                return "behind"

        self.both(fate, real, lambda: self.model.enlist(campaign_id, total, lead_ids))

    def steer(self, campaign_id: str, what: Steer, fate: Fate) -> None:
        self.both(
            fate,
            lambda: self.all_campaigns.steer(campaign_id, what, BEGUN),
            lambda: self.model.steer(campaign_id, what),
        )

    @rule(data=st.data(), what=st.sampled_from([None, None, *Steer]), fate=FATES)
    @precondition(lambda self: self.model.campaigns and self.model.leads)
    def somebody_steers_or_enlists(
        self, data: st.DataObject, what: Steer | None, fate: Fate
    ) -> None:
        """Enlisted are dead letters, or what was one when it was chosen; some of them twice."""
        campaign_id = self.a_campaign(data, CampaignState.PREPARING, CampaignState.PAUSED)
        if what:
            self.steer(campaign_id, what, fate)
            return
        leads = st.sampled_from([*self.model.leads, *self.model.in_state(State.DEAD) * 4])
        lead_ids = data.draw(st.lists(leads, min_size=1, max_size=4))
        if self.model.campaigns[campaign_id].total + len(lead_ids) <= MOST:
            self.enlist(campaign_id, lead_ids, fate)

    @rule(data=st.data(), fate=FATES)
    @precondition(lambda self: self.model.campaigns)
    def a_campaign_goes_on(self, data: st.DataObject, fate: Fate) -> None:
        """The heartbeat's work; each time a while later, as a lead is looked at once a second."""
        campaign_id = self.a_campaign(data, CampaignState.RUNNING)

        def real() -> None:
            self.pass_time(20.0)
            self.all_campaigns.advance(campaign_id, 0)

        self.both(fate, real, lambda: self.model.advance(campaign_id))
