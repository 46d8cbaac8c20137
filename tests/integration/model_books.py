"""The books of the model: who is where, since when, and in which order; what is counted.

It owns the model's clock, which never moves by itself. What is done to leads is for those who
build on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lead_worker.core.lifecycle import State

from tests.integration.model_leads import SHARES, Lead

INDEXES = (*SHARES, *(state for state in State if state not in (State.WAITING, State.UNKNOWN)))


class Books:
    """What the model knows of a namespace."""

    def __init__(self) -> None:
        self.now = 0.0
        self.leads: dict[str, Lead] = {}
        self.accepted = self.forgotten = self.duplicates = 0
        self.keys: dict[str, str] = {}
        self.contents: dict[str, str] = {}
        self.owners: dict[str, str] = {}
        self.looking: dict[str, float] = {}
        self.bell = self.full = False
        self._moves = 0

    def move(self, to: State, due: float, *together: Lead) -> None:
        """Leads that one script moves have one time; who has the same goes by its id."""
        for lead in together:
            lead.state = to
        self.put(due, *together)

    def put(self, due: float, *together: Lead) -> None:
        """Leads get another time in the index that they are in."""
        self._moves += 1
        for lead in together:
            lead.due, lead.moved = due, self._moves

    def listed(self, index: str) -> list[str]:
        """Who is in an index, in its order."""
        found = [(lead.due, lead.moved, i) for i, lead in self.leads.items() if lead.index == index]
        return [lead_id for *_, lead_id in sorted(found)]

    def due(self, index: str) -> list[str]:
        """Who is in an index and due, in its order."""
        return [lead_id for lead_id in self.listed(index) if self.leads[lead_id].due <= self.now]

    def in_state(self, *states: State) -> list[str]:
        return [lead_id for lead_id, lead in self.leads.items() if lead.state in states]

    def counted(self) -> Counter[State]:
        return Counter(lead.state for lead in self.leads.values())

    @property
    def claimable(self) -> int:
        return sum(len(self.due(queue)) for queue in SHARES)

    @property
    def in_flight(self) -> int:
        """Requests in flight; what a dead worker had counts until its lease ends."""
        ends = [self.leads[lead_id].due for lead_id in self.in_state(State.LEASED)]
        return sum(end > self.now for end in (*ends, *self.looking.values()))

    def groups(self) -> dict[str, list[str]]:
        """Who is dead of what."""
        found: dict[str, list[str]] = {}
        for lead_id in sorted(self.in_state(State.DEAD)):
            found.setdefault(self.leads[lead_id].group, []).append(lead_id)
        return found

    def verdict(self, lead_id: str, act: str, *states: State) -> str:
        """What a person hears who would do something to a lead that must be in such a state."""
        lead = self.leads.get(lead_id)
        if lead is None:
            return "gone"
        if lead.act == act:
            return "done"
        return "ok" if lead.state in states else str(lead.state)

    def forget_looks_that_are_over(self) -> None:
        self.looking = {i: end for i, end in self.looking.items() if end > self.now}

    def names(self, lead_id: str, names: Sequence[str]) -> list[str]:
        """Of the API's ids, those that are this lead's."""
        return [name for name in names if self.owners.get(name) == lead_id]
