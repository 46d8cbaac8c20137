"""One file of leads, from the door to the last of them settled.

It owns which leads of the file are still under way, and what the run amounts to. It must not print.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import Any

from lead_producers import Receipt
from lead_worker.core.lifecycle import State
from lead_worker.store import Store

from ..enqueueing import Tally

PAGE = 1000
"""The most leads that one look asks after."""

UNDER_WAY = frozenset((State.WAITING, State.LEASED, State.UNKNOWN))
FORGOTTEN = "forgotten"
"""What an earlier run enqueued, and retention has removed since."""


class Once:
    """Follows the leads of one run until each is settled."""

    def __init__(self, store: Store) -> None:
        self.states: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.under_way: deque[str] = deque()
        self._client = store.client
        self._keys = store.keys
        self._began_at = time.monotonic()

    def follow(self, receipt: Receipt) -> None:
        """Follow one lead more."""
        self.under_way.append(receipt.lead_id)

    def look(self) -> bool:
        """Ask after the leads that are under way, some at a time; gives whether all are settled.

        Raises:
            StoreError: Redis does not answer.
        """
        asked = [self.under_way[n] for n in range(min(PAGE, len(self.under_way)))]
        pipeline = self._client.pipeline(transaction=False)
        for lead_id in asked:
            pipeline.hmget(self._keys.lead(lead_id), "state", "reason")
        for lead_id, (state, reason) in zip(asked, pipeline.execute(), strict=True):
            self.under_way.popleft()
            self._note(lead_id, (state or b"").decode() or FORGOTTEN, (reason or b"").decode())
        return not self.under_way

    def _note(self, lead_id: str, state: str, reason: str) -> None:
        if state in UNDER_WAY:
            self.under_way.append(lead_id)
            return
        self.states[state] += 1
        if state == State.DEAD:
            self.reasons[reason] += 1

    def summary(self, name: str, tally: Tally) -> dict[str, Any]:
        """What the run amounts to, under stable keys.

        `ok` is whether each lead of the file was delivered, or is dead with a reason.
        """
        arrived = self.states[State.DELIVERED] + self.states[State.DEAD] - self.reasons[""]
        followed = sum(self.states.values()) + len(self.under_way)
        others = (State.PARKED, State.DISCARDED, State.ERASED, FORGOTTEN)
        return {
            "file": name,
            "ok": arrived == followed and tally.refused == 0,
            "enqueued": tally.accepted,
            "already_there": tally.duplicates,
            "refused": tally.refused,
            "delivered": self.states[State.DELIVERED],
            "dead": self.states[State.DEAD],
            "dead_by_reason": dict(sorted(self.reasons.items())),
            **{str(state): self.states[state] for state in others},
            "under_way": len(self.under_way),
            "seconds": round(time.monotonic() - self._began_at, 3),
            "refusals": [
                {"line": bad.place.line, "record": bad.place.record, "reason": bad.message}
                for bad in tally.in_order()
            ],
        }
