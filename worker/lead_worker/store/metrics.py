"""Metrics in Redis: what the workers counted, and what an exporter reads at one time.

It owns one hash for the whole fleet, and a reading whose work does not grow with the queue.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lead_producers.keys import LANES
from redis.exceptions import ResponseError

from lead_worker.core.lifecycle import State

from .reading import Reading, Worker, texts
from .runner import SCRIPTS, Call, ScriptError
from .store import WORKER_LISTED_SECONDS, Store, is_short
from .values import Counts

_FLUSHED_AT = "flushed_at"
_BOOKS = ("accepted", "forgotten", "duplicates")
"""The counts that are kept as numbers; the others are lengths of lists."""

_MOST_DIGITS = 19
"""Redis counts in 64 bits."""

_EXACT_DIGITS = 15
"""Lua, which tells the counts, has floats for its numbers."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read at one scrape.

    Attributes:
        counts: None where a part of them cannot be read.
        counted: what the workers counted, by fields as `core/tallies.py` names them.
        flushed_at: when one flushed last, or None.
        calendar_at: when calendar work was last done, or None.
        oldest_due_at: for each lane that has a waiting lead, when the first is or was due.
        bells: how many lie in their list.
        refused: memory is short, so that new leads are refused.
        workers: those that gave a sign lately, the latest first.
        memory_limit: bytes, 0 for none.
        overdue: leases that ran out, and that nobody has taken up.
        unread: names of the parts that Redis refused, as where a key is of another type, or that
            somebody has damaged.
        format: of the namespace's records, or None where nobody has used it yet.
    """

    counts: Counts | None
    counted: Mapping[str, int] = field(default_factory=dict)
    flushed_at: float | None = None
    calendar_at: float | None = None
    oldest_due_at: Mapping[str, float] = field(default_factory=dict)
    bells: int = 0
    campaigns: int = 0
    refused: bool = False
    workers: tuple[Worker, ...] = ()
    memory_used: int = 0
    memory_limit: int = 0
    format: str | None = None
    overdue: int = 0
    unread: tuple[str, ...] = ()


class _Parts:
    """What is read part by part. An error of one part is noted; that Redis is away is raised."""

    def __init__(self) -> None:
        self.unread: list[str] = []

    def run(self, name: str, read: Callable[[], T]) -> T | None:
        """What it reads; None where Redis refuses that, or somebody has damaged it."""
        try:
            return read()
        except (ResponseError, ScriptError, ValueError, TypeError, IndexError):
            self.unread.append(name)
            return None

    def damaged(self, name: str) -> None:
        """Note a part in which there is no number of ours."""
        if name not in self.unread:
            self.unread.append(name)

    def take(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """The answers, None in the place of those that were refused.

        Raises:
            StoreError: Redis is away, or refuses even to say what format the records have.
        """
        for name, answer in answers.items():
            if isinstance(answer, Exception):
                if name == "format" or not isinstance(answer, ResponseError):
                    raise answer
                self.unread.append(name)
        return {k: None if isinstance(v, Exception) else v for k, v in answers.items()}


class Metrics:
    """The metrics of one namespace. Methods raise `StoreError` where Redis does not answer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def flush(self, number: int, counted: Mapping[str, int]) -> None:
        """Add what this worker counted; a flush of the same number is added once.

        Args:
            number: counts up over the worker's life, from 1.
        """
        pairs = [part for item in counted.items() for part in item]
        self._store.runner.run([Call(SCRIPTS["meter"], (self._store.worker, number, *pairs))])

    def read(self) -> Readings:
        """Read all that an exporter tells, with a number of commands that only workers add to.

        What one part of it meets takes nothing from the others.
        """
        parts = _Parts()
        counts = parts.run("counts", self._store.counts)
        now_at = counts.now_at if counts else 0.0
        found = parts.take(self._asked(now_at))
        calendar, *books = found["books"] or (None,)
        if not all(map(_is_count, books)):
            counts = None
            parts.damaged("counts")
        calendar_at = _maybe(calendar)
        if calendar and calendar_at is None:
            parts.damaged("calendar")
        since_at, reading = now_at - WORKER_LISTED_SECONDS, Reading(self._store)
        workers = parts.run("workers", lambda: reading.workers(since_at)) if counts else ()
        fields = texts(found["metrics"] or {})
        memory = found["memory"] or {}
        used, limit = int(memory.get("used_memory", 0)), int(memory.get("maxmemory", 0))
        return Readings(
            counts,
            counted=_whole_numbers(fields),
            flushed_at=_maybe(fields.get(_FLUSHED_AT)),
            calendar_at=calendar_at,
            oldest_due_at={lane: found[lane][0][1] for lane in LANES if found[lane]},
            bells=found["bell"] or 0,
            campaigns=found["campaigns"] or 0,
            refused=bool(found["full"]) or is_short(used, limit),
            workers=tuple(workers or ()),
            memory_used=used,
            memory_limit=limit,
            format=found["format"].decode("utf-8", "replace") if found["format"] else None,
            overdue=found["leases"] or 0,
            unread=tuple(parts.unread),
        )

    def _asked(self, now_at: float) -> dict[str, Any]:
        """The single commands, each by the name of its part: its answer, or the error."""
        keys = self._store.keys
        # Not in a transaction: Redis refuses those when memory is full, even to read.
        pipeline = self._store.client.pipeline(transaction=False)
        pipeline.hget(keys.meta, "format")
        pipeline.hgetall(keys.metrics)
        pipeline.hmget(keys.counts, "calendar_at", *_BOOKS)
        pipeline.llen(keys.bell)
        pipeline.scard(keys.active)
        pipeline.exists(keys.full)
        pipeline.info("memory")
        pipeline.zcount(keys.index(State.LEASED), "-inf", now_at)
        for lane in LANES:
            pipeline.zrange(keys.due(lane), 0, 0, withscores=True)
        first = ("format", "metrics", "books", "bell", "campaigns", "full", "memory", "leases")
        names = (*first, *LANES)
        return dict(zip(names, pipeline.execute(raise_on_error=False), strict=True))


def _whole_numbers(fields: Mapping[str, str]) -> dict[str, int]:
    """What somebody has damaged is left out, and so is a number that no script has made."""
    return {
        name: int(text)
        for name, text in fields.items()
        if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    }


def _is_count(text: bytes | None) -> bool:
    """Whether it is a number that a script has made; what is not there counts as 0.

    Lua makes any other into some whole number, and a count of "nan" is a very negative one.
    """
    return text is None or (text.isdigit() and len(text) <= _EXACT_DIGITS)


def _maybe(text: Any) -> float | None:
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
