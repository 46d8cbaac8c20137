"""What is measured in which order: rounds in which the contenders take turns.

Whatever the machine does for a while touches all of them, and the spread between rounds shows it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from redis.exceptions import RedisError

from . import measuring
from .contenders import BARE, NAMES, OURS, Contender, Pool
from .figures import Figures
from .measuring import Case, Delivery
from .places import BenchError
from .stage import Stage

PARTS = ("deliver", "enqueue", "arrive", "memory", "backlog")
PER_SECOND = 50.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Args:
        seconds: how long a contender shall take for one rate of delivery or of enqueueing.
        arriving, waiting: leads for the time to arrive, and for Redis's memory.
        few, many: backlogs to compare.
        judged: whether its figures are held against the bars.
    """

    rounds: int
    seconds: float
    cases: tuple[Case, ...]
    arriving: int
    waiting: int
    few: int
    many: int
    judged: bool = True


FULL = Size(
    rounds=3,
    seconds=3.0,
    cases=(
        *(Case(processes, latency) for latency in (0, 20, 100) for processes in (1, 2)),
        *(Case(processes, 0, bound=False) for processes in (1, 2)),
    ),
    arriving=1000,
    waiting=20_000,
    few=10_000,
    many=1_000_000,
)
QUICK = Size(
    rounds=1,
    seconds=1.0,
    cases=(Case(1, 0), Case(2, 0), Case(2, 100)),
    arriving=250,
    waiting=5000,
    few=10_000,
    many=100_000,
)
SMOKE = Size(
    rounds=1,
    seconds=0.05,
    cases=(Case(2, 0),),
    arriving=20,
    waiting=200,
    few=100,
    many=300,
    judged=False,
)
"""Does it run at all? Its figures mean nothing."""


@dataclass(slots=True)
class Run:
    """One run of the benchmark, and what came of it."""

    stage: Stage
    size: Size
    contenders: Sequence[Contender]
    figures: Figures = field(default_factory=Figures)
    failures: list[str] = field(default_factory=list)

    def rounds(self, parts: Sequence[str]) -> None:
        """Measure these parts, all contenders by turns."""
        steps = {
            "deliver": self._deliver,
            "enqueue": self._enqueue,
            "arrive": self._arrive,
            "memory": self._memory,
        }
        for number in range(self.size.rounds):
            for part in (part for part in steps if part in parts):
                say(f"-- round {number + 1} of {self.size.rounds}: {part}")
                steps[part]()
            self.contenders = self.contenders[::-1]  # who comes first does so every other round

    def _deliver(self) -> None:
        for case in self.size.cases:
            for each in self.contenders:
                if takes_part(each, case):
                    self._attempt(each, case.name, partial(self._delivery, each, case))

    def _delivery(self, contender: Contender, case: Case) -> str:
        found = measuring.deliver(self.stage, contender, case, self.size.seconds)
        self._keep(contender.name, case, found)
        return f"{found.per_second:,.0f}/s"

    def _keep(self, name: str, case: Case, found: Delivery) -> None:
        for measure, value in (
            ("deliver", found.per_second),
            ("cpu", found.cpu_seconds),
            ("redis cpu", found.redis_cpu_seconds),
            ("api cpu", found.api_cpu_seconds),
            ("memory", found.memory_mib),
        ):
            self.figures.add(name, f"{measure} {case.name}", value)

    def _enqueue(self) -> None:
        for how in ("single", "bulk"):
            for each in self._producers():
                self._attempt(each, how, partial(self._enqueueing, each, how))

    def _enqueueing(self, contender: Contender, how: str) -> str:
        single = how == "single"
        guess = contender.singly_per_second if single else contender.bulk_per_second
        found = measuring.enqueue(self.stage, contender, how, int(guess * self.size.seconds))
        self.figures.add(contender.name, f"enqueue {how}", found)
        return f"{found:,.0f}/s"

    def _arrive(self) -> None:
        for each in self._with_queue():
            self._attempt(each, "50 leads a second", partial(self._arrival, each))

    def _arrival(self, contender: Contender) -> str:
        number = self.size.arriving
        if contender.per_second < PER_SECOND:  # it falls back, and further with each lead
            number //= 4
        times = measuring.arrive(self.stage, contender, number, PER_SECOND)
        p50, p99 = (times[int(len(times) * part)] * 1000 for part in (0.50, 0.99))
        self.figures.add(contender.name, "arrive p50", p50)
        self.figures.add(contender.name, "arrive p99", p99)
        return f"p50 {p50:.1f} ms, p99 {p99:.1f} ms"

    def _memory(self) -> None:
        for each in self._producers():
            self._attempt(each, "waiting", partial(self._waiting, each))

    def _waiting(self, contender: Contender) -> str:
        found = measuring.bytes_waiting(self.stage, contender, self.size.waiting)
        self.figures.add(contender.name, "redis bytes", found)
        return f"{found:,.0f} bytes of Redis a lead"

    def backlog(self, folder: Path) -> None:
        """Deliver off a short and off a long backlog by turns, each in a Redis of its own."""
        ours = next((each for each in self.contenders if each.name == OURS), None)
        if ours is None:
            return
        say("-- backlog")
        with Stage(folder / "many", self.stage.api).running() as many:
            self._attempt(ours, f"{self.size.many:,} wait", partial(_fill, many, ours, self.size))
            for _ in range(self.size.rounds):
                self._attempt(ours, "few", partial(self._backlog, self.stage, ours, "few"))
                self._attempt(ours, "many", partial(self._backlog, many, ours, "many"))

    def _backlog(self, stage: Stage, ours: Contender, which: str) -> str:
        if which == "few":
            measuring.fill(stage, ours, self.size.few)
        found = measuring.drain(stage, ours, self.size.few)
        self.figures.add(OURS, f"backlog {which}", found)
        return f"{found:,.0f}/s"

    def _with_queue(self) -> list[Contender]:
        return [each for each in self.contenders if each.producer]

    def _producers(self) -> list[Contender]:
        """One for each program that enqueues: what the workers do is of no matter to it."""
        first = {each.producer: each for each in sorted(self._with_queue(), key=_place)[::-1]}
        return [each for each in self._with_queue() if each in first.values()]

    def _attempt(self, contender: Contender, what: str, work: Callable[[], str]) -> None:
        began = time.monotonic()
        try:
            found = work()
        except (BenchError, RedisError, OSError) as error:  # the others shall have their turn
            found = f"FAILED: {error}"
            self.failures.append(f"{contender.name}, {what}: {error}")
        say(f"   {contender.name:<24}{what:<20}{found}  ({time.monotonic() - began:.0f} s)")


def _place(contender: Contender) -> int:
    return NAMES.index(contender.name)


def _fill(stage: Stage, ours: Contender, size: Size) -> str:
    measuring.fill(stage, ours, size.many)
    return "they do"


def takes_part(contender: Contender, case: Case) -> bool:
    """Whether a case says anything of a contender: one that forks uses both cores where its one
    worker is free; and RQ's fork for each job outweighs any latency."""
    if contender.name == "rq" and case.latency_ms:
        return False
    if contender.name == BARE and not case.bound:
        return False
    return case.bound or case.processes > 1 or contender.pool is not Pool.CHILDREN


def say(words: str) -> None:
    """Tell how it goes on."""
    print(words, file=sys.stderr, flush=True)
