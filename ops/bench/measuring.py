"""How one figure is taken. All of it is seen from outside: by the stand-in, by /proc, by Redis."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .api import StandInApi
from .contenders import Contender
from .places import BenchError
from .processes import Tree
from .stage import LOOK_SECONDS, STALLED_SECONDS, Stage, until

WARM, DONE = 0.25, 0.95
"""Between these parts of the leads the rate is taken: all workers have begun, none has nothing to
do."""

FEWEST = 60
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Case:
    """How leads are delivered: by how many worker processes, to how slow an API, bound or free."""

    processes: int
    latency_ms: int
    bound: bool = True

    @property
    def name(self) -> str:
        """As figures are kept under."""
        return f"{self.processes}p {self.latency_ms}ms {'bound' if self.bound else 'free'}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was seen of one delivery, while all workers were busy."""

    per_second: float
    cpu_seconds: float
    """Of the workers, for 1,000 leads."""

    redis_cpu_seconds: float
    api_cpu_seconds: float
    memory_mib: float


@dataclass(frozen=True, slots=True)
class _Moment:
    leads: int
    at: float
    workers: float
    redis: float
    api: float


def deliver(stage: Stage, contender: Contender, case: Case, seconds: float) -> Delivery:
    """Enqueue what takes a contender some seconds, let it be delivered, and measure in between.

    Raises:
        BenchError: not each lead arrived, or one more than once.
    """
    guess = contender.guess_per_second(case.processes, case.latency_ms)
    number = max(FEWEST, int(guess * seconds / (DONE - WARM)))
    stage.clear()
    stage.api.begin(case.latency_ms)
    if contender.producer:
        stage.produce(contender, "bulk", number)
    with stage.workers(contender, case.processes, case.latency_ms, bound=case.bound) as trees:
        found = watch(stage, trees, number)
        if contender.producer:
            await_leads(stage, trees, number)
    if contender.producer:
        each_once(stage.api, number)
    return found


def each_once(api: StandInApi, number: int) -> None:
    """See that so many leads have arrived, no two the same; for when the workers have ended.

    Raises:
        BenchError: one is missing, or came twice.
    """
    seen = api.seen()
    if (seen.leads, seen.distinct) != (number, number):
        found = f"{seen.distinct} of them, in {seen.leads} requests"
        raise BenchError(f"expected {number} leads to arrive, each once, found {found}")


def watch(stage: Stage, trees: list[Tree], number: int) -> Delivery:
    """Measure while workers deliver most of so many leads; it returns before the last.

    Raises:
        BenchError: they do not.
    """
    await_leads(stage, trees, int(number * WARM))
    before = _look(stage, trees)
    await_leads(stage, trees, int(number * DONE))
    after = _look(stage, trees)
    memory = sum(tree.pss_bytes() for tree in trees)
    thousands = (after.leads - before.leads) / 1000
    return Delivery(
        per_second=(after.leads - before.leads) / (after.at - before.at),
        cpu_seconds=(after.workers - before.workers) / thousands,
        redis_cpu_seconds=(after.redis - before.redis) / thousands,
        api_cpu_seconds=(after.api - before.api) / thousands,
        memory_mib=memory / MIB,
    )


def await_leads(stage: Stage, trees: list[Tree], number: int) -> None:
    """Wait until so many leads have arrived.

    Raises:
        BenchError: for long none has.
    """
    seen, since = -1, time.monotonic()
    while (now := stage.api.seen().leads) < number:
        if now > seen:
            seen, since = now, time.monotonic()
        elif time.monotonic() - since > STALLED_SECONDS or any(tree.failed for tree in trees):
            words = "; ".join(tree.last_words() for tree in trees)
            raise BenchError(f"expected {number} leads to arrive, found {now} and no more: {words}")
        time.sleep(LOOK_SECONDS)


def _look(stage: Stage, trees: list[Tree]) -> _Moment:
    workers = sum(tree.cpu_seconds() for tree in trees)
    seen = stage.api.seen()
    return _Moment(seen.leads, seen.at, workers, stage.redis_cpu_seconds(), stage.api.cpu_seconds())


def enqueue(stage: Stage, contender: Contender, how: str, number: int) -> float:
    """Leads a second that one producer enqueues, `single` or `bulk`."""
    stage.clear()
    return number / stage.produce(contender, how, number)


def arrive(stage: Stage, contender: Contender, number: int, per_second: float) -> list[float]:
    """Seconds from enqueue to arrival of leads that come in evenly, sorted; one worker process."""
    stage.clear()
    stage.api.begin()
    with stage.workers(contender, 1, 0, bound=True) as trees:
        warm = max(10, number // 10)  # each thread or child has had some
        stage.produce(contender, "pace", warm, str(per_second))
        await_leads(stage, trees, warm)
        stage.api.begin()
        stage.produce(contender, "pace", number, str(per_second))
        await_leads(stage, trees, number)
    each_once(stage.api, number)
    return stage.api.times()


def bytes_waiting(stage: Stage, contender: Contender, number: int) -> float:
    """Bytes of Redis's memory for each lead that waits, without an idempotency key."""
    stage.clear()
    before = stage.redis_bytes()
    stage.produce(contender, "bulk", number)
    stage.rest()
    return (stage.redis_bytes() - before) / number


def fill(stage: Stage, contender: Contender, number: int) -> None:
    """Let so many leads wait, and Redis come to rest."""
    stage.clear()
    stage.produce(contender, "bulk", number)
    until(lambda: stage.client.dbsize() >= number, f"{number} leads to wait")
    stage.rest()


def drain(stage: Stage, contender: Contender, number: int) -> float:
    """Leads a second that one worker delivers off the front of what waits.

    Raises:
        BenchError: it does not, or one arrived twice.
    """
    stage.api.begin()
    with stage.workers(contender, 1, 0, bound=True) as trees:
        found = watch(stage, trees, number)
    each_once(stage.api, stage.api.seen().leads)
    return found.per_second
