"""What one reading of Redis says, as numbers under the names of `lead_worker.core.metrics`. Pure.

It owns what each metric that is read is computed from. No id and no word of a stranger's gets into
a label.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from lead_producers.keys import LANES
from lead_worker.core import metrics as m
from lead_worker.core.lifecycle import State
from lead_worker.core.metrics import Labels, Metric
from lead_worker.store import Counts
from lead_worker.store.metrics import Readings
from lead_worker.store.reading import Worker

from lead_ops.rates import rate_in_force
from lead_ops.record_numbers import whole

Series = Mapping[Labels, float]

MOST_VERSIONS = 10
_VERSION = re.compile(r"[A-Za-z0-9@._+-]{1,60}")
_OTHER = "other"


def samples(readings: Readings) -> dict[Metric, Series]:
    """The gauges, and the counters that Redis keeps by itself. What nobody says is left out."""
    parts: dict[Metric, tuple[str, float]] = {
        m.BELLS: ("bell", readings.bells),
        m.CAMPAIGNS: ("campaigns", readings.campaigns),
        m.OVERDUE: ("leases", readings.overdue),
        m.REFUSED: ("full", readings.refused),
        m.MEMORY_USED: ("memory", readings.memory_used),
        m.MEMORY_LIMIT: ("memory", readings.memory_limit or math.inf),
    }
    found: dict[Metric, Series] = {
        metric: _one(value)
        for metric, (part, value) in parts.items()
        if part not in readings.unread
    }
    counts = readings.counts
    return found if counts is None else found | _of_counts(readings, counts)


def _of_counts(readings: Readings, counts: Counts) -> dict[Metric, Series]:
    found: dict[Metric, Series] = {
        m.IN_STATE: {(state.value,): getattr(counts, state.value) for state in State},
        m.WAITING: {(lane,): getattr(counts, f"waiting_{lane}") for lane in LANES},
        m.OLDEST_DUE: {
            (lane,): _since(counts, readings.oldest_due_at.get(lane)) or 0.0 for lane in LANES
        },
        m.CLAIMABLE: _one(counts.claimable),
        m.IN_FLIGHT: _one(counts.in_flight),
        m.DUPLICATES: _one(counts.duplicates),
        m.ACCEPTED: _one(counts.accepted),
        m.FORGOTTEN: _one(counts.forgotten),
        m.UNACCOUNTED: _one(counts.accepted - counts.accounted),
        m.FLUSH_AGE: _maybe(_since(counts, readings.flushed_at)),
        m.CALENDAR_AGE: _maybe(_since(counts, readings.calendar_at)),
        **_holds(counts),
    }
    return found if "workers" in readings.unread else found | _workers(readings.workers, counts)


def _one(value: float) -> Series:
    return {(): float(value)}


def _maybe(value: float | None) -> Series:
    return {} if value is None else _one(value)


def _since(counts: Counts, at: float | None) -> float | None:
    return None if at is None else max(0.0, counts.now_at - at)


def _holds(counts: Counts) -> dict[Metric, Series]:
    hold = counts.hold
    return {
        m.HOLD: {(kind.value,): float(hold is not None and hold.kind is kind) for kind in m.HOLDS},
        m.HOLD_SUSPECTED: _one(hold is not None and hold.suspected),
        m.HOLD_AGE: _one(_since(counts, hold.since_at if hold else None) or 0.0),
    }


def _window(alive: Sequence[Worker], counts: Counts) -> float | None:
    """Where nothing narrows it, it is what the settings and the threads of the workers allow."""
    window = counts.governor.window
    if window is not None:
        return float(int(window.size))
    ceilings = [_number(worker, "max_in_flight") for worker in alive]
    threads = sum(_number(worker, "concurrency") for worker in alive)
    return float(min(max(ceilings), threads)) if any(ceilings) and threads else None


def _rate_per_second(workers: Sequence[Worker], counts: Counts) -> float | None:
    rate = rate_in_force(counts, workers)
    if not rate.numbers:
        return None
    return math.inf if rate.per_minute is None else rate.per_minute / 60


def _workers(workers: Sequence[Worker], counts: Counts) -> dict[Metric, Series]:
    states = Counter(_state(worker, counts) for worker in workers)
    alive = [each for each in workers if not each.is_silent(counts.now_at)]
    versions = Counter(_version(worker) for worker in alive)
    # Fewer than a dozen, unless somebody writes into the list of workers.
    most = dict(versions.most_common(MOST_VERSIONS))
    return {
        m.WINDOW: _maybe(_window(alive, counts)),
        m.RATE_LIMIT: _maybe(_rate_per_second(workers, counts)),
        m.WORKERS: {(state,): float(states[state]) for state in m.WORKER_STATES},
        m.WORKER_VERSIONS: {(version,): float(number) for version, number in most.items()},
        m.THREADS: _one(sum(_number(worker, "concurrency") for worker in alive)),
    }


def _state(worker: Worker, counts: Counts) -> str:
    now_at, stale = counts.now_at, dict(counts.governor.stale)
    if worker.is_silent(now_at):
        return "silent"
    return "benched" if stale.get(worker.about.get("token_mark", ""), 0.0) > now_at else "working"


def _version(worker: Worker) -> str:
    """Its release, without the project's name; an older worker does not say it."""
    release = worker.about.get("release", "")
    return release.rpartition("@")[2] if _VERSION.fullmatch(release) else _OTHER


def _number(worker: Worker, name: str) -> int:
    return whole(worker.about.get(name)) or 0
