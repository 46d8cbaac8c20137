"""What Redis hands over to be reported, for the whole fleet: batch by batch, to whoever beats.

It owns when a batch counts as reported: when Sentry's SDK has sent it. Until then Redis keeps it,
and gives it to another worker where this one dies; Sentry knows it again by its ids.
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

MOST_LOOKS = 5
"""So often it is looked, a second apart, whether a batch has left. A Sentry that is slow must not
hold up what comes after it; this is less than the time after which Redis gives it to another."""


class Handover:
    """Reports the batches that one worker is given, each once."""

    def __init__(self, store: Store, reporter: Reporter) -> None:
        self._reading, self._reporter = Reading(store), reporter
        self._batch, self._looks = "", 0

    def reported(self) -> str:
        """The id of the batch that has been reported, for the next beat; "" for none."""
        if not self._batch:
            return ""
        self._looks += 1
        left = self._reporter.has_left() or self._looks >= MOST_LOOKS
        return self._batch if left else ""

    def confirmed(self) -> None:
        """Redis has heard what `reported` gave."""
        self._batch = ""

    def take(self, beat: Beat) -> None:
        """Report what a beat gave, unless it was given before and is on its way."""
        if beat.batch in ("", self._batch):
            return
        self._batch, self._looks = beat.batch, 0
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
