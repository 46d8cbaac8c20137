"""What a run of this project has found, and what it comes to.

It owns what makes a run fail, what is a lesser finding, and which exit code says so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from lead_ops.trials import INTERRUPTED

from .checker import Verdict
from .recovery import Row
from .supervisor import Life

HELD = 0
BROKEN = 1
FINDINGS = 3


@dataclass(slots=True)
class Found:
    """What was found.

    Attributes:
        drained: whether everything came to rest in time.
        drain_seconds: how long that took after the last fault.
        died: processes that ended by themselves.
        acts: what the operator did, by command, and how often that failed (Redis was away).
        undone: steps of the operator that never got done.
        not_done: faults that could not be brought about, or not ended, and why.
        problems: what went wrong with the run itself.
    """

    verdict: Verdict = field(default_factory=Verdict)
    rows: list[Row] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)
    died: list[Life] = field(default_factory=list)
    drained: bool = False
    drain_seconds: float = 0.0
    interrupted: bool = False
    slowest_call_seconds: float = 0.0
    acts: Counter[str] = field(default_factory=Counter)
    failed_acts: int = 0
    undone: list[str] = field(default_factory=list)
    not_done: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether all that is promised was kept, and the run can be relied upon."""
        return self.verdict.held and self.drained and not (self.problems or self.interrupted)

    @property
    def findings(self) -> list[str]:
        """What must not be either, though no lead suffers from it: a line each."""
        bars = [_missed(row) for row in self.rows if row.reached is False]
        died = [f"{life.name} ended by itself (exit code {life.code})" for life in self.died]
        return [*bars, *died, *(f"the operator's step was never done: {x}" for x in self.undone)]

    @property
    def too_gentle(self) -> bool:
        """Whether nothing was ever in doubt, so that nothing is shown."""
        return not (self.verdict.unanswered or self.verdict.expired)

    @property
    def code(self) -> int:
        """The exit code of the run."""
        if self.interrupted:
            return INTERRUPTED
        if not self.held:
            return BROKEN
        return FINDINGS if self.findings else HELD


def _missed(row: Row) -> str:
    took = "nothing came afterwards" if row.never else f"{row.longest or 0.0:.2f} s"
    return f"{row.kind} MISSED its bar of {row.bar or 0.0:g} s: {took}"
