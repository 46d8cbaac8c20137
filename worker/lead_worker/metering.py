"""What one process counts: in memory, for all of its threads, flushed by the heartbeat.

It owns what of a settled lead is counted. It keeps what is not yet in Redis for certain, so that a
flush whose reply was lost is made again as it was. No personal data, and no id, pass through it.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable

from .conclusion import Conclusion
from .core.lifecycle import State
from .core.metrics import (
    API_SECONDS,
    ATTEMPTS,
    DELIVERY_SECONDS,
    DIED,
    LOOKS,
    OPERATIONS,
    OVERTAKEN,
    SETTLED,
    Labels,
    Metric,
)
from .core.outcome import Delivered
from .core.tallies import MICROSECONDS, Key, Observed, cause_label, field_of, lane_label
from .core.timeline import cause, outcome_name
from .store.metrics import Metrics

MOVED = frozenset({"ok", "late", "done"})
"""Verdicts of a settle that moved its lead; `done` is told where the first reply was lost."""

MOST_FIELDS = 500
"""The most that one flush adds to; what is over has to wait for the next."""

LAST_FLUSHES = 3
"""So many at a worker's end: one that was not confirmed, what came since, and what was over."""


_API, _DELIVERY = Observed(API_SECONDS), Observed(DELIVERY_SECONDS)
_DELIVERED = (ATTEMPTS.name, "delivered", "delivered")


class Meter:
    """Counts; any thread may call it. One flushes at a time.

    Attributes:
        moved: how many leads were settled so that they moved, to whatever state.
    """

    def __init__(self) -> None:
        self.moved = 0
        self._lock = threading.Lock()
        self._counts: defaultdict[Key, int] = defaultdict(int)
        self._flushing = threading.Lock()
        # What follows belongs to whoever flushes.
        self._number = 0
        self._batch: dict[Key, int] | None = None

    def count(self, metric: Metric, *labels: str, by: int = 1) -> None:
        """Count events of one kind."""
        if by:
            with self._lock:
                self._counts[(metric.name, *labels)] += by

    def settled(self, concluded: Iterable[Conclusion], verdicts: Iterable[str]) -> None:
        """Count what a turn has settled.

        Args:
            verdicts: what the store answered to each.
        """
        with self._lock:  # once a turn
            for each, verdict in zip(concluded, verdicts, strict=True):
                self._note(each, verdict)

    def flush(self, metrics: Metrics) -> None:
        """Bring what was counted to Redis, or what an earlier flush could not confirm.

        Raises:
            StoreError: Redis does not answer; nothing is lost, nor will it count twice.
        """
        if not self._flushing.acquire(blocking=False):
            return  # the heartbeat hangs in one while the process stops
        try:
            if self._batch is None:
                self._number += 1
                self._batch = self._take()
            fields = {field_of(key): number for key, number in self._batch.items()}
            metrics.flush(self._number, fields)
            self._batch = None
        finally:
            self._flushing.release()

    def flush_the_rest(self, metrics: Metrics) -> None:
        """Flush all, as far as a few flushes go.

        Raises:
            StoreError: as `flush`.
        """
        for _ in range(LAST_FLUSHES):
            if self._batch is None and not self._counts:
                return
            self.flush(metrics)

    def _take(self) -> dict[Key, int]:
        with self._lock:
            counts, self._counts = self._counts, defaultdict(int)
            rest = list(counts)[MOST_FIELDS:]
            for key in rest:
                self._counts[key] = counts.pop(key)
        return counts

    def _note(self, concluded: Conclusion, verdict: str) -> None:
        result, lead = concluded.result, concluded.result.lead
        self._counts[_tried_key(concluded)] += 1
        if result.answer:
            labels = (OPERATIONS[lead.look], result.answer)
            self._observe(_API, labels, result.api_seconds)
        if verdict in MOVED:
            self._note_move(concluded)
        else:
            self._counts[(OVERTAKEN.name, verdict)] += 1

    def _note_move(self, concluded: Conclusion) -> None:
        result, lead, transition = concluded.result, concluded.result.lead, concluded.transition
        self.moved += 1
        lane = lane_label(lead.lane)
        self._counts[(SETTLED.name, transition.to.value, lane)] += 1
        if transition.reason:
            self._counts[(DIED.name, transition.reason.value)] += 1
        if transition.to is State.DELIVERED and lead.enqueued_at:
            took = lead.claimed_at + result.took_seconds - lead.enqueued_at
            self._observe(_DELIVERY, (lane,), max(0.0, took))  # a clock may have been set back

    def _observe(self, observed: Observed, labels: Labels, seconds: float) -> None:
        bucket, total = observed.keys(labels, seconds)
        self._counts[bucket] += 1
        self._counts[total] += round(seconds * MICROSECONDS)


def _tried_key(concluded: Conclusion) -> Key:
    """What the attempt or the look counts as."""
    outcome = concluded.result.outcome
    if concluded.result.lead.look:
        return (LOOKS.name, str(concluded.settlement.entry.get("found", "not_looked")))
    if type(outcome) is Delivered:  # nearly all of them
        return _DELIVERED
    return (ATTEMPTS.name, outcome_name(outcome), cause_label(cause(outcome)))
