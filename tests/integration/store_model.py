"""A machine that does to the store, by chance, what producers and time do to it.

Whatever it does it does to the model too, and after each step all of Redis must be as the model
says, and an audit green. That the steps are many, and in any order, is hypothesis's.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from lead_worker.core.lifecycle import State

from tests.integration import model_sight
from tests.integration.model import Model
from tests.integration.model_leads import RAW
from tests.integration.model_people import Fresh
from tests.integration.model_wire import FATES, Both, Fate, Wire
from tests.integration.queues import Queue

PASSING = st.sampled_from([20.0, 40.0, 40.0, 200.0])
"""Time passes in steps that no slow machine can make up for."""
KEYS = st.sampled_from(["", "", "", "k1", "k2"])
CONTENTS = st.sampled_from(["", "", "c1", "c9"])
COUNTED = ("accepted", "forgotten", "duplicates", "claimable", "in_flight")


class StoreMachine(RuleBasedStateMachine):
    """Does to the store what producers and time do."""

    url = ""
    scripts: Mapping[str, bytes] = {}
    """Texts to be run in place of those of the product, by the scripts' names."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = Queue(self.url, f"model-{uuid.uuid4().hex[:12]}")
        seconds, microseconds = self.queue.client.time()
        self.began_at = seconds + microseconds / 1e6
        self.wire = Wire(self.queue, self.scripts)
        self.both = Both(self.wire)
        self.model = Model()
        self.ids = 0
        self.audited: model_sight.Sight = {}

    def teardown(self) -> None:
        self.queue.client.delete(*self.queue.client.keys(f"{self.queue.keys.prefix}*") or ["x"])
        self.queue.close()

    def pass_time(self, seconds: float) -> None:
        """Meanwhile some worker has answered the bell."""
        self.queue.pass_time(seconds)
        self.model.now += seconds
        self.queue.client.delete(self.queue.keys.bell)
        self.model.bell = False

    def a_lead(self, data: st.DataObject, *better: State) -> str:
        """A lead, rather one in such a state."""
        return str(
            data.draw(st.sampled_from([*self.model.leads, *self.model.in_state(*better) * 4]))
        )

    @rule(
        leads=st.lists(st.tuples(KEYS, CONTENTS), min_size=1, max_size=3),
        lane=st.sampled_from(["live", "bulk"]),
        dedupes=st.booleans(),
        short=st.sampled_from([False, False, False, True]),
        fate=FATES,
    )
    def somebody_enqueues(
        self, leads: list[tuple[str, str]], lane: str, dedupes: bool, short: bool, fate: Fate
    ) -> None:
        """Perhaps while memory is short."""
        self.model.full = short
        if short:
            self.queue.store().refuse_enqueueing(3600.0)
        self.enqueue(leads, lane, dedupes=dedupes, fate=fate)
        self.queue.client.delete(self.queue.keys.full)
        self.model.full = False

    def enqueue(
        self, leads: list[tuple[str, str]], lane: str, *, dedupes: bool, fate: Fate
    ) -> None:
        entries = [Fresh(self.new_id(), key, content, RAW) for key, content in leads]
        self.both(
            fate,
            lambda: self.wire.enqueue(entries, lane, dedupes=dedupes),
            lambda: self.model.enqueue(entries, lane, dedupes=dedupes),
        )

    def new_id(self) -> str:
        self.ids += 1
        return f"lead-{self.ids:04}"

    @rule(seconds=PASSING)
    def time_passes(self, seconds: float) -> None:
        self.pass_time(seconds)

    @rule(data=st.data())
    @precondition(lambda self: self.both.owed)
    def what_was_lost_is_made_again(self, data: st.DataObject) -> None:
        self.both.owed.pop(data.draw(st.integers(0, len(self.both.owed) - 1)))()

    @invariant()
    def both_tell_the_same(self) -> None:
        """Of each key, and of the counts; and an audit finds nothing."""
        self.all_is_as_the_model_says()
        self.the_books_balance()

    def all_is_as_the_model_says(self) -> None:
        expected = model_sight.of_model(self.model)
        found = model_sight.of_redis(self.queue, self.began_at)
        wrong = model_sight.differences(expected, found)
        self.wire.hold(true=not wrong, words="\n".join(wrong))
        if found != self.audited:  # else an audit would find what it found before
            problems = self.queue.problems()
            self.wire.hold(true=not problems, words=f"an audit found {problems}")
            self.audited = found

    def the_books_balance(self) -> None:
        counts, model = self.queue.store().counts(), self.model
        states = model.counted()
        found: dict[str, int] = {state: getattr(counts, state) for state in State}
        found |= {name: getattr(counts, name) for name in COUNTED}
        expected: dict[str, int] = {state: states[state] for state in State}
        expected |= {name: getattr(model, name) for name in COUNTED}
        found["accounted"], expected["accounted"] = counts.accounted, model.accepted
        found["held"] = counts.hold is not None
        expected["held"] = model.hold is not None and not model.is_over
        self.wire.hold(true=found == expected, words=f"expected {expected}, found {found}")
