"""What the model of the store says of dead letters: edits, restorations, campaigns, groups.

It owns what should come of each of these steps; what else happens meanwhile is the store model's.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from lead_worker.core.lifecycle import State
from lead_worker.store.campaigns import MOST_ACTIVE, CampaignState, Steer
from lead_worker.store.letters import Letters

from tests.integration.dead_letters import campaigns, dead, edit, grouped, launch, seen
from tests.integration.queues import ENTRY
from tests.integration.store_model import StoreMachine

MOST = 10
"""The most leads of one campaign here: none waits for the others to come to an end."""


class DeadLetterMachine(StoreMachine):
    """Does to dead letters what people and campaigns do."""

    def __init__(self) -> None:
        super().__init__()
        self.todo: dict[str, list[str]] = {}
        self.released: dict[str, list[str]] = {}
        self.cancelled: Counter[str] = Counter()

    def teardown(self) -> None:
        for campaign_id, lead_ids in self.released.items():
            assert len({*lead_ids}) == len(lead_ids)
            found = seen(self.queue, campaign_id)
            ended = dict(campaigns(self.queue).ends(campaign_id))
            assert found.todo == len(self.todo[campaign_id])
            left = found.todo + self.cancelled[campaign_id]
            assert found.total == left + found.out + found.finished
            assert len(ended) == found.finished
            skipped = {i for i, what in ended.items() if what.startswith("skipped ")}
            assert not skipped & {*lead_ids}
            assert len(lead_ids) == found.out + found.finished - len(skipped)
        super().teardown()

    def dead_letters(self) -> list[str]:
        return [i for i, lead in self.leads.items() if lead.state is State.DEAD]

    @initialize()
    def begin(self) -> None:
        super().begin()
        self.enqueue("bulk", "", 3)
        self.claim("w3", 6, 0)
        self.die()

    @rule()
    def die(self) -> None:
        """Whoever has a lead says that it is dead."""
        for claimed in self.handles:
            lead = self.leads.get(claimed.lead_id)
            if lead and lead.state is State.LEASED and lead.token == claimed.token:
                done = dead(claimed, f"rejected:status_{400 + len(self.handles) % 3}")
                assert self.queue.settle(done) == (
                    self._settled(claimed, State.DEAD, 0.0, done.spends_attempt, ""),
                )

    @rule(data=st.data(), act=st.integers(1, 2))
    @precondition(lambda self: self.leads)
    def restore(self, data: st.DataObject, act: int) -> None:
        discarded = [i for i, lead in self.leads.items() if lead.state is State.DISCARDED]
        lead_id = data.draw(st.sampled_from([*self.leads, *discarded * 5]))
        lead, act_token = self.leads[lead_id], f"restored-{act}"
        expected = "done" if lead.act == act_token else str(lead.state)
        if expected == State.DISCARDED:
            expected, lead.act = "ok", act_token
            self.move(lead.was, self.now, lead)
        assert self.queue.store().restore(lead_id, act_token, ENTRY) == expected

    @rule(data=st.data(), text=st.binary(max_size=3), at=st.sampled_from([-1, -1, 0]))
    @precondition(lambda self: self.leads)
    def edit(self, data: st.DataObject, text: bytes, at: int) -> None:
        """Somebody edits what a lead is, or what it was before it was edited; twice."""
        lead_id = data.draw(self._some())
        lead = self.leads[lead_id]
        before, act = lead.texts[at], f"edit-{len(lead.texts)}-{text.hex()}"
        expected = [str(lead.state)] * 2
        if lead.state is State.DEAD:
            expected = ["ok", "done"] if before == lead.texts[-1] else ["changed"] * 2
        store, change = self.queue.store(), edit(before, text, act=act)
        assert [store.edit(lead_id, change) for _ in range(2)] == expected
        if "ok" in expected:
            lead.texts.append(text)
            lead.act = act

    @rule(data=st.data(), act=st.integers(1, 2))
    @precondition(lambda self: self.leads)
    def replay_by_force(self, data: st.DataObject, act: int) -> None:
        delivered = [i for i, lead in self.leads.items() if lead.state is State.DELIVERED]
        lead_id = data.draw(st.sampled_from([*self.leads, *delivered * 5]))
        lead, act_token = self.leads[lead_id], f"forced-{act}"
        expected = "done" if lead.act == act_token else str(lead.state)
        if expected in (State.DELIVERED, State.DEAD, State.PARKED):
            expected, lead.act = "ok", act_token
            lead.begin_anew()
            self.move(State.WAITING, self.now, lead)
        assert self.queue.store().replay(lead_id, act_token, ENTRY, force=True) == expected

    @rule(data=st.data())
    @precondition(lambda self: self.dead_letters() and sum(map(bool, self.todo.values())) < 2)
    def launch(self, data: st.DataObject) -> None:
        lead_ids = data.draw(st.permutations(self.dead_letters()))[:MOST]
        if len(campaigns(self.queue).active()) < MOST_ACTIVE:
            campaign_id = f"c-{len(self.todo)}"
            launch(self.queue, lead_ids, campaign_id)
            self.todo[campaign_id], self.released[campaign_id] = [*lead_ids], []

    @rule(data=st.data(), times=st.integers(1, 2))
    @precondition(lambda self: self.todo)
    def advance(self, data: st.DataObject, times: int) -> None:
        waiting = [campaign_id for campaign_id, todo in self.todo.items() if todo]
        campaign_id = data.draw(st.sampled_from([*self.todo, *waiting * 3]))
        state = seen(self.queue, campaign_id).state
        for _ in range(times):
            campaigns(self.queue).advance(campaign_id, 0)
        if self.held or state is not CampaignState.RUNNING:
            return
        todo, self.todo[campaign_id] = self.todo[campaign_id], []
        going = [i for i in todo if i in self.leads and self.leads[i].state is State.DEAD]
        for lead_id in going:
            self.leads[lead_id].begin_anew()
            self.leads[lead_id].lane = "bulk"
        self.move(State.WAITING, self.now, *(self.leads[lead_id] for lead_id in going))
        self.released[campaign_id] += going

    @rule(data=st.data(), what=st.sampled_from([Steer.PAUSE, Steer.RESUME, Steer.CANCEL]))
    @precondition(lambda self: self.todo)
    def steer(self, data: st.DataObject, what: Steer) -> None:
        campaign_id = data.draw(st.sampled_from([*self.todo]))
        verdict = campaigns(self.queue).steer(campaign_id, what, ENTRY)
        if verdict == "ok" and what is Steer.CANCEL:
            self.cancelled[campaign_id] = len(self.todo[campaign_id])
            self.todo[campaign_id] = []

    @invariant()
    def each_dead_letter_is_in_its_group(self) -> None:
        found = sorted(lead_id for ids in grouped(self.queue).values() for lead_id in ids)
        assert found == sorted(self.dead_letters())

    @invariant()
    def what_was_enqueued_is_kept_to_the_byte(self) -> None:
        read = Letters(self.queue.store())
        for lead_id, lead in self.leads.items():
            if lead.state is State.ERASED or len(lead.texts) == 1:
                continue
            edits = read.edits(lead_id)
            assert (edits.original, len(edits.changes)) == (lead.texts[0], len(lead.texts) - 1)
            assert self.queue.client.get(self.queue.keys.raw(lead_id)) == lead.texts[-1]
