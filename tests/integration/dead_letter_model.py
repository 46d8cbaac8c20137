"""A machine in which people also do something to leads: decide, mend, import, erase, forget."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from lead_worker.core.lifecycle import State
from lead_worker.store.dead_letter import DeadLetter

from tests.integration.dead_letters import edit
from tests.integration.hold_model import HoldMachine
from tests.integration.model_people import REFUSED, RESTING
from tests.integration.model_wire import FATES, Fate
from tests.integration.queues import ENTRY
from tests.integration.store_model import KEYS

ACTS = st.sampled_from(["act-1", "act-2", "act-3"])
"""So few that a person's act comes again when others were there."""
FINAL = st.sampled_from([State.DELIVERED, State.DEAD, State.DISCARDED, State.ERASED])
IDS = st.sampled_from(["", "api-1", "api-2", "api-3"])


DEEDS = {
    "replay": RESTING,
    "replay_by_force": (State.DELIVERED,),
    "discard": RESTING,
    "restore": (State.DISCARDED,),
    "edit": (State.DEAD,),
    "confirm": (State.PARKED,),
}
"""What a person may do to a lead, and where it must be for that."""


class DeadLetterMachine(HoldMachine):
    """Does what people do, too."""

    @rule(data=st.data(), acts=st.lists(ACTS, min_size=1, max_size=3), fate=FATES)
    @precondition(lambda self: self.model.leads)
    def people_act(self, data: st.DataObject, acts: list[str], fate: Fate) -> None:
        """To two leads; one after the other, each rather what can be done to it by then."""
        for _ in range(2):
            lead_id = self.a_resting_lead(data)
            for act in acts:
                state = self.model.leads[lead_id].state
                possible = [deed for deed, states in DEEDS.items() if state in states]
                deed = data.draw(st.sampled_from([*DEEDS, *possible * 6]))
                getattr(self, deed)(lead_id, act, fate, data)

    def a_resting_lead(self, data: st.DataObject) -> str:
        """Rather than any; and rather one of which its dead worker could still tell something."""
        resting = self.model.in_state(*RESTING, State.DISCARDED)
        had = [lead_id for lead_id in resting if self.model.leads[lead_id].token]
        return str(data.draw(st.sampled_from([*self.model.leads, *resting * 4, *had * 8])))

    def replay(self, lead_id: str, act: str, fate: Fate, _: object, force: bool = False) -> None:
        self.both(
            fate,
            lambda: self.wire.store().replay(lead_id, act, ENTRY, force=force),
            lambda: self.model.replay(lead_id, act, force=force),
        )

    def replay_by_force(self, lead_id: str, act: str, fate: Fate, _: object) -> None:
        self.replay(lead_id, act, fate, _, force=True)

    def discard(self, lead_id: str, act: str, fate: Fate, _: object) -> None:
        self.both(
            fate,
            lambda: self.wire.store().discard(lead_id, act, ENTRY),
            lambda: self.model.discard(lead_id, act),
        )

    def restore(self, lead_id: str, act: str, fate: Fate, _: object) -> None:
        self.both(
            fate,
            lambda: self.wire.store().restore(lead_id, act, ENTRY),
            lambda: self.model.restore(lead_id, act),
        )

    def edit(self, lead_id: str, act: str, fate: Fate, data: st.DataObject) -> None:
        """Somebody edits what a lead is, or what it was before it was edited."""
        text, at = data.draw(st.binary(max_size=3)), data.draw(st.sampled_from([-1, 0]))
        before = (self.model.leads[lead_id].texts or [b""])[at]
        self.both(
            fate,
            lambda: self.wire.store().edit(lead_id, edit(before, text, act=act)),
            lambda: self.model.edit(lead_id, act, before, text),
        )

    def confirm(self, lead_id: str, act: str, fate: Fate, data: st.DataObject) -> None:
        """A person says that a parked lead has arrived."""
        api_id = data.draw(IDS)
        self.both(
            fate,
            lambda: self.wire.store().confirm(lead_id, act, ENTRY, api_id),
            lambda: self.model.confirm(lead_id, act, api_id),
        )

    @rule(data=st.data(), act=ACTS, key=KEYS, known=st.sampled_from([False, False, True]),
          fate=FATES)  # fmt: skip
    @precondition(lambda self: self.model.leads)
    def a_dead_letter_comes_from_elsewhere(
        self, data: st.DataObject, act: str, key: str, known: bool, fate: Fate
    ) -> None:
        """One that is here already, or was here and is forgotten, or is new."""
        forgotten = [(i, k) for k, i in self.model.keys.items() if i not in self.model.leads]
        pairs = [*((lead_id, key) for lead_id in self.model.leads), *forgotten * 4]
        lead_id, key = data.draw(st.sampled_from(pairs)) if known else (self.new_id(), key)
        accepted_at = self.model.now - 1000.0
        fields = {"lane": "bulk", "accepted_at": f"{self.began_at + accepted_at:.6f}"}
        letter = DeadLetter(lead_id, key, REFUSED, {**fields, "reason": "rejected"}, b"{}")
        self.both(
            fate,
            lambda: self.wire.store().import_dead(letter, act, ENTRY),
            lambda: self.model.import_dead(lead_id, act, key, b"{}", accepted_at),
        )

    @rule(data=st.data(), fate=FATES)
    @precondition(lambda self: len(self.model.leads) > 4)
    def a_person_is_erased(self, data: st.DataObject, fate: Fate) -> None:
        """Rather one whose content is remembered, or was edited."""
        leads = self.model.leads
        rather = [i for i in self.model.contents.values() if i in leads]
        rather += [lead_id for lead_id, lead in leads.items() if len(lead.texts) > 1]
        lead_id = data.draw(st.sampled_from([*leads, *rather * 4]))
        self.both(
            fate,
            lambda: self.wire.store().erase(lead_id, ENTRY),
            lambda: self.model.erase(lead_id),
        )

    @rule(
        state=FINAL,
        keep=st.sampled_from([0.0, 40.0, 100.0]),
        keys=st.sampled_from([0.0, 100_000.0]),
        expires=st.sampled_from([False, False, True]),
        fate=FATES,
    )
    def retention_forgets(
        self, state: State, keep: float, keys: float, expires: bool, fate: Fate
    ) -> None:
        """Who has been in a final state for long enough; and what is known for a time only."""
        self.both(
            fate,
            lambda: self.wire.store().forget(state, keep, keys),
            lambda: self.model.forget(state, keep, keys),
        )
        if expires:
            self.what_is_known_for_a_time_is_forgotten()

    def what_is_known_for_a_time_is_forgotten(self) -> None:
        """Redis lets it expire, by a clock that a test cannot move."""
        keys, client, known = self.queue.keys, self.queue.client, self.model.leads
        lasting = [keys.idempotency(k) for k, i in self.model.keys.items() if i not in known]
        for key in (*lasting, *map(keys.alike, self.model.contents)):
            client.delete(key)
        self.model.time_of_content_is_over()
        self.model.time_of_keys_is_over()
