"""What Redis hands over to be reported, for the whole fleet: batch by batch, to whoever beats.

It owns when a batch counts as reported: when Sentry's SDK has sent it, or sends nothing any more.
Until then Redis keeps it, and gives it to another worker where this one dies; Sentry knows it again
by its ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from .reporting import Reporter
from .store import Beat, Store, StoreError
from .store.reading import Reading

CRUMBS = 20
"""How much of a timeline goes with the report of a death."""

MOST_LOOKS = 8
"""So often in a row, a second apart, nothing may have left. A Sentry that is slow has its time, and
Redis hears at each beat that the batch is on its way; one that takes nothing must not hold up what
comes after it."""


class Handover:
    """Reports the batches that one worker is given, each once."""

    def __init__(self, store: Store, reporter: Reporter) -> None:
        self._reading, self._reporter = Reading(store), reporter
        self._batch, self._sent = "", False
        self._waiting: int | None = None
        self._to_go = self._looks = 0

    def sending(self) -> str:
        """The id of the batch that is on its way, after `reported`; "" for none."""
        return "" if self._sent else self._batch

    def reported(self) -> str:
        """The id of the batch that has been reported, for the next beat; "" for none."""
        if self._batch and not self._sent:
            self._sent = self._look()
        return self._batch if self._sent else ""

    def _look(self) -> bool:
        """Whether the batch has left, or is waited for no longer. First come is first sent: it has
        left when so many have as there were with it, whatever came after it."""
        before, self._waiting = self._waiting, self._reporter.waiting()
        fell = max(0, before - self._waiting) if before is not None else 0
        self._to_go = self._waiting if before is None else self._to_go - fell
        self._looks = 0 if fell else self._looks + 1
        return not self._waiting or self._to_go <= 0 or self._looks >= MOST_LOOKS

    def confirmed(self) -> None:
        """Redis has heard what `reported` gave."""
        self._batch, self._sent = "", False

    def take(self, beat: Beat) -> None:
        """Report what a beat gave, unless it was given before and is on its way."""
        if beat.batch in ("", self._batch):
            return
        self._batch, self._sent, self._waiting, self._looks = beat.batch, False, None, 0
        for event in beat.events:
            self._report(event)

    def _report(self, event: Mapping[str, Any]) -> None:
        if event.get("event") != "died":
            self._reporter.governed(event)
            return
        self._reporter.died(event, self._crumbs(str(event.get("lead") or "")))

    def _crumbs(self, lead_id: str) -> Sequence[Mapping[str, Any]]:
        """What happened to a lead; nothing where Redis is away: a death is told without it."""
        with suppress(StoreError):
            return self._reading.recent([lead_id], CRUMBS)[0] if lead_id else ()
        return ()
