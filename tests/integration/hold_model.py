"""A machine that also holds the fleet, paces it, and judges leads that were refused.

It owns what is decided on the governor's record, with the version that it was decided on. Why is
the core's matter, and has tests of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from lead_worker.core.governor import Accused, Governor, Hold, Window
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Decision

from tests.integration.model_governor import Held, Ruling
from tests.integration.model_outcomes import Said
from tests.integration.model_wire import FATES, Fate
from tests.integration.worker_model import WORKERS, WorkerMachine

AHEAD_SECONDS = 50.0
BEHIND = st.sampled_from([0, 0, 0, 1])
"""Whether somebody else was faster, so that the decision was made on a record that is no more."""
HOLDS: dict[HoldKind, Callable[[Held], Held]] = {
    HoldKind.PAUSED: lambda held: held,
    HoldKind.NOT_BEFORE: lambda held: replace(held, until=held.since + AHEAD_SECONDS),
    HoldKind.OUTAGE: lambda held: replace(held, canary_at=held.since + AHEAD_SECONDS),
    HoldKind.QUOTA: lambda held: replace(held, canary_at=held.since),
    HoldKind.CREDENTIALS: lambda held: replace(
        held, trial_at=held.since, canary_at=held.since + AHEAD_SECONDS
    ),
}
"""What of each hold lets leads through, and when."""


class HoldMachine(WorkerMachine):
    """Holds the fleet, too."""

    def __init__(self) -> None:
        super().__init__()
        self.holds = 0

    @rule(data=st.data(), kind=st.sampled_from([*HOLDS]), behind=BEHIND, fate=FATES)
    @precondition(lambda self: not self.model.hold or self.model.is_over)
    def a_hold_begins(self, data: st.DataObject, kind: HoldKind, behind: int, fate: Fate) -> None:
        self.holds += 1
        held = HOLDS[kind](Held(kind, self.holds, self.model.now))
        if kind is HoldKind.CREDENTIALS:
            held = replace(held, accused=tuple(lead_id for lead_id, _ in self.accused(data)))
        self.rule_on(Ruling(uuid4().hex, self.model.version - behind, held), fate)

    @rule(window=st.sampled_from([None, None, 1.0, 2.5]), behind=BEHIND, fate=FATES)
    @precondition(lambda self: self.model.hold)
    def a_hold_ends(self, window: float | None, behind: int, fate: Fate) -> None:
        """The window may be narrow then."""
        self.rule_on(Ruling(uuid4().hex, self.model.version - behind, None, window), fate)

    @rule(data=st.data(), fate=FATES)
    @precondition(lambda self: self.handles)
    def the_accused_are_judged(self, data: st.DataObject, fate: Fate) -> None:
        """Because the API is well; so whatever was held goes on."""
        accused = self.accused(data)
        guilty = data.draw(st.integers(0, len(accused)))
        act, version = uuid4().hex, self.model.version
        ruling = Ruling(act, version, None, None, accused[:guilty], accused[guilty:])
        self.rule_on(ruling, fate)

    def accused(self, data: st.DataObject) -> tuple[tuple[str, str], ...]:
        """Leads with the tokens of claims that they were refused under; each lead once."""
        refused = [(i, lead.settled) for i, lead in self.model.leads.items() if lead.settled]
        had = [*refused, *((lead.lead_id, lead.token) for lead in (*self.lost, *self.handles[-4:]))]
        lists = st.lists(st.sampled_from(had), max_size=3, unique_by=lambda each: each[0])
        return tuple(data.draw(lists)) if had else ()

    def rule_on(self, ruling: Ruling, fate: Fate) -> None:
        decision = Decision(
            Governor(
                hold=self._hold(ruling.hold) if ruling.hold else None,
                window=Window(ruling.window, ruling.window) if ruling.window else None,
                holds=self.holds,
            ),
            str(ruling.version),
            ruling.act,
            tuple(Accused(lead_id, token, 403, "FORBIDDEN") for lead_id, token in ruling.convicted),
            tuple(Accused(lead_id, token, 403, "FORBIDDEN") for lead_id, token in ruling.doubted),
        )

        def real() -> tuple[bool, tuple[str, ...]]:
            governed = self.wire.store().govern(decision)
            return governed.replaced, governed.convicted

        self.both(fate, real, lambda: self.model.govern(ruling))

    def _hold(self, held: Held) -> Hold:
        def at(instant: float | None) -> float | None:
            return None if instant is None else self.began_at + instant

        return Hold(
            held.kind,
            "because",
            since_at=self.began_at + held.since,
            number=held.number,
            until_at=at(held.until),
            suspected=held.trial_at is not None,
            accused=tuple(Accused(lead_id) for lead_id in held.accused),
            canary_at=at(held.canary_at),
            trial_at=at(held.trial_at),
        )

    @rule(worker=WORKERS, fates=st.tuples(FATES, FATES), spends=st.booleans())
    @precondition(lambda self: self.model.hold)
    def a_hold_is_waited_for_and_one_is_tried(
        self, worker: str, fates: tuple[Fate, Fate], spends: bool
    ) -> None:
        """As a canary, in a trial, or none; it is refused, and waits again."""
        self.enqueue([("", "")] * 2, "live", dedupes=False, fate=fates[0])
        self.pass_time(60.0)
        self.turn([], self.next_claim(worker, 2), fates[1])
        tried = [lead for lead in self.in_hand if lead.canary_of and not lead.look]
        said = Said(State.WAITING, spends_attempt=spends)
        self.turn([said.of(lead) for lead in tried], None, Fate.ARRIVES)

    @rule(per_minute=st.sampled_from([None, None, 0, 2]), fate=FATES)
    def the_fleet_is_paced(self, per_minute: int | None, fate: Fate) -> None:
        def model() -> None:
            self.model.per_minute = per_minute or 0

        def real() -> None:
            self.wire.store().set_rate(per_minute, "ana", {"event": "rate"})

        self.both(fate, real, model)
