"""What the project promises of its speed, held against what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .contenders import BARE, BULLMQ, IN_FLIGHT_WITH_LATENCY, OURS
from .figures import Figures

CELERY = ("celery", "celery-threads")
"""A task for each lead with `requests.post`: of its pools the better one counts."""

CELERY_WITH_SESSION = ("celery-session", "celery-both")


@dataclass(frozen=True, slots=True)
class Bar:
    """One promise.

    Args:
        found: in the unit of `wanted`.
        at_most: the promise is to stay under it.
    """

    words: str
    wanted: float
    found: float
    at_most: bool = False

    @property
    def reached(self) -> bool:
        """Whether it is kept."""
        return self.found <= self.wanted if self.at_most else self.found >= self.wanted


def ratios(figures: Figures) -> dict[str, float]:
    """What is told beside the bar on stock Celery, and is no bar: how it is with a session."""
    found = {}
    for number in (1, 2):
        ours = figures.delivered(OURS, number, 0)
        if ours and (best := _best(figures, CELERY_WITH_SESSION, number)):
            words = f"delivered, {_processes(number)}, x the better Celery with a session"
            found[words] = ours.middle / best
    return found


def _best(figures: Figures, names: tuple[str, ...], processes: int) -> float | None:
    theirs = [found for name in names if (found := figures.delivered(name, processes, 0))]
    return max((each.middle for each in theirs), default=None)


def _processes(number: int) -> str:
    return f"{number} process{'es' if number > 1 else ''}"


def bars(figures: Figures) -> list[Bar]:
    """Those that can be judged by what was measured."""
    return [*_deliveries(figures), *_enqueueing(figures), *_alone(figures)]


def _deliveries(figures: Figures) -> Iterator[Bar]:
    peers: tuple[tuple[str, tuple[str, ...], float, tuple[int, ...]], ...] = (
        ("stock Celery with requests.post", CELERY, 5.0, (1, 2)),
        ("Dramatiq", ("dramatiq",), 2.0, (1, 2)),
        ("BullMQ", (BULLMQ,), 1.0, (1, 2)),
        ("the bare loop", (BARE,), 0.6, (1, 2)),
    )
    for words, names, wanted, processes in peers:
        for number in processes:
            ours = figures.delivered(OURS, number, 0)
            best = _best(figures, names, number)
            if ours and best:
                what = f"delivered, {_processes(number)}, x {words}"
                yield Bar(what, wanted, ours.middle / best)
    in_flight = 2 * IN_FLIGHT_WITH_LATENCY
    if slow := figures.delivered(OURS, 2, 100):
        what = f"delivered at 100 ms, {in_flight} in flight, x in flight / latency"
        yield Bar(what, 0.9, slow.middle / (in_flight / 0.1))


def _enqueueing(figures: Figures) -> Iterator[Bar]:
    singly = figures.of(OURS, "enqueue single")
    delays = [found for name in CELERY if (found := figures.of(name, "enqueue single"))]
    if singly and delays:
        best = max(each.middle for each in delays)
        yield Bar("enqueued singly, x Celery's delay", 4.0, singly.middle / best)
    bulk, add_bulk = figures.of(OURS, "enqueue bulk"), figures.of(BULLMQ, "enqueue bulk")
    if bulk and add_bulk:
        yield Bar("enqueued in bulk, x BullMQ's addBulk", 3.0, bulk.middle / add_bulk.middle)


def _alone(figures: Figures) -> Iterator[Bar]:
    for part, most in (("p50", 10.0), ("p99", 50.0)):
        if found := figures.of(OURS, f"arrive {part}"):
            what = f"enqueue to arrival at 50 a second, {part}, ms"
            yield Bar(what, most, found.middle, at_most=True)
    if found := figures.of(OURS, "redis bytes"):
        what = "bytes of Redis for a waiting lead of 250 bytes"
        yield Bar(what, 1024.0, found.middle, at_most=True)
    few, many = figures.of(OURS, "backlog few"), figures.of(OURS, "backlog many")
    if few and many:
        yield Bar("delivered off a long backlog, x a short one", 0.9, many.middle / few.middle)
