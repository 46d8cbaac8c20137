"""Whatever happens in whatever order, a campaign lets each of its leads go once or says why not."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import closing

from hypothesis import given, settings
from hypothesis import strategies as st
from lead_worker.core.lifecycle import State
from lead_worker.store.campaigns import CampaignState, Steer

from tests.integration.dead_letters import (
    advance,
    campaigns,
    claim_all,
    dead,
    die,
    grouped,
    launch,
    seen,
    settle_all,
)
from tests.integration.fleet import ONE_REDIS
from tests.integration.queues import ENTRY, Queue, settlement

NAMES = [f"lead-{n:02}" for n in range(50)]


class Campaigned:
    """A campaign over some leads, and who was seen to go."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.gone: list[str] = []
        self._acts = iter(range(10_000))
        die(queue, *NAMES)
        launch(queue, NAMES, most_failed=1.0)

    def _dead(self) -> set[str]:
        found = self.queue.client.zrange(self.queue.keys.index(State.DEAD), 0, -1)
        return {lead_id.decode() for lead_id in found}

    def _act(self) -> str:
        return f"act-{next(self._acts)}"

    def advance(self, _: str = "", *, times: int = 1) -> None:
        before = self._dead()
        for _step in range(times):
            advance(self.queue)
        self.gone += before - self._dead()

    def advance_twice(self, _: str) -> None:
        self.advance(times=2)

    def advance_at_once(self, _: str) -> None:
        """As two workers do, and one whose reply was lost."""
        before = self._dead()
        for _step in range(3):
            campaigns(self.queue).advance("c", 0)
        self.gone += before - self._dead()

    def settle_some(self, to: State) -> Callable[[str], None]:
        def settle(_: str) -> None:
            leads = claim_all(self.queue)
            these = [lead for n, lead in enumerate(leads) if n % 3]
            done = [settlement(lead, to, api_id=f"{lead.token}-{lead.lead_id}") for lead in these]
            self.queue.settle(*map(dead, these) if to is State.DEAD else done)
            self.queue.give_back(*(lead for n, lead in enumerate(leads) if not n % 3))

        return settle

    def steer(self, what: Steer) -> Callable[[str], None]:
        def act(_: str) -> None:
            campaigns(self.queue).steer("c", what, ENTRY)

        return act

    def person(self, name: str) -> Callable[[str], None]:
        def act(lead_id: str) -> None:
            getattr(self.queue.store(), name)(lead_id, self._act(), ENTRY)

        return act

    def erase(self, lead_id: str) -> None:
        self.queue.store().erase(lead_id, ENTRY)

    def forget(self, _: str) -> None:
        for state in (State.DELIVERED, State.DISCARDED, State.ERASED):
            self.queue.store().forget(state, 3.0)

    def forget_the_dead(self, _: str) -> None:
        self.queue.store().forget(State.DEAD, 8.0)

    def does(self) -> dict[str, Callable[[str], None]]:
        return {
            "advance": self.advance,
            "advance twice": self.advance_twice,
            "advance at once": self.advance_at_once,
            **{f"settle to {to}": self.settle_some(to) for to in SETTLED},
            **{what.value: self.steer(what) for what in (Steer.PAUSE, Steer.RESUME)},
            **{name: self.person(name) for name in ("replay", "discard", "restore")},
            "erase": self.erase,
            "forget": self.forget,
            "forget the dead": self.forget_the_dead,
        }

    def finish(self) -> None:
        """Let the campaign come to its end."""
        campaigns(self.queue).steer("c", Steer.RESUME, ENTRY)
        for _ in range(20):
            settle_all(self.queue, State.DELIVERED)
            self.advance()


SETTLED = (State.DELIVERED, State.DEAD, State.PARKED)
STEPS = [
    *("advance", "advance", "advance twice", "advance at once", "pause", "resume"),
    *(f"settle to {to}" for to in SETTLED),
    *("replay", "discard", "restore", "erase", "forget", "forget the dead"),
]


@ONE_REDIS
def test_each_lead_goes_once_or_it_is_told_why_not(redis_url: str) -> None:
    step = st.tuples(st.sampled_from(STEPS), st.sampled_from(NAMES))

    @settings(max_examples=40, deadline=None)
    @given(steps=st.lists(step, max_size=25))
    def run(steps: list[tuple[str, str]]) -> None:
        with closing(Queue(redis_url, f"once-{uuid.uuid4().hex[:12]}")) as queue:
            campaign = Campaigned(queue)
            does = campaign.does()
            for name, lead_id in steps:
                does[name](lead_id)
                grouped(queue)
            campaign.finish()
            found, ends = seen(queue), dict(campaigns(queue).ends("c"))
            assert (found.state, found.todo, found.out) == (CampaignState.DONE, 0, 0)
            assert found.finished == found.total == len(ends) == len(NAMES)
            assert len({*campaign.gone}) == len(campaign.gone)
            skipped = {i for i, what in ends.items() if what.startswith("skipped ")}
            assert {*campaign.gone} == {*NAMES} - skipped
            assert found.ended.get("skipped", 0) == len(skipped)
            assert queue.problems() == []
            queue.client.flushdb()

    run()
