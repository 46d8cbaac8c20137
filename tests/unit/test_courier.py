"""The dispatcher when something that cannot happen happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from lead_worker.courier import Courier
from lead_worker.metering import Meter
from lead_worker.reporting import Reporter
from lead_worker.settings import load
from lead_worker.store import Claim, Limits, Settlement, Store, Turn


class BuggyStore:
    """Breaks at its first turn, as a bug of ours would; then has nothing to claim."""

    worker = "w"

    def __init__(self) -> None:
        self.turns: list[Claim | None] = []

    def turn(self, _: Sequence[Settlement], claim: Claim | None, __: Limits) -> Turn:
        self.turns.append(claim)
        if len(self.turns) == 1:
            raise KeyError("a value of a lead")
        return Turn(())


def test_a_bug_in_a_turn_is_reported_without_its_text_and_deliveries_go_on() -> None:
    settings = load({"LEADS_API_TOKEN": "t", "LEADS_CONCURRENCY": "1"})
    store, seen = BuggyStore(), list[str]()

    class Listening(Reporter):
        def bug(self, error: Exception, lead_id: str = "") -> None:
            super().bug(error, lead_id)
            seen.append(type(error).__name__)

    courier = Courier(settings, cast(Store, store), Listening(settings, "w"), Meter())
    courier.start()
    courier.drain()
    assert courier.stop(5.0)
    assert seen == ["KeyError"]
    assert [claim.number for claim in store.turns if claim] == [1, 2]
