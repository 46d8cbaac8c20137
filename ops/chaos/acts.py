"""What the operator did, as the desk wrote it down: a line of JSON for each act.

It owns the names of acts, and which of them count as done.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Act:
    """One command of the operator; instants are epoch seconds.

    Attributes:
        code: its exit code; -1 where it took too long.
    """

    words: tuple[str, ...]
    at: float
    until: float
    code: int

    @property
    def name(self) -> str:
        """The command without what it was about, such as `dead edit`."""
        return " ".join(self.words[: 1 if self.words[0] in ("pause", "resume") else 2])


def read_acts(path: Path) -> list[Act]:
    """All acts that were written down whole; none where there is no file."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [_act(json.loads(line)) for line in lines if line.endswith("}")]


def undone(acts: Sequence[Act], orders: Mapping[str, int], quiet_at: float | None) -> list[str]:
    """Say which steps of the operator never got done.

    A step may fail while Redis is harmed. It is undone where it was ordered more often than done,
    or where its last try after all faults were over failed.

    Args:
        orders: how often `pause` and `resume` were ordered.
        quiet_at: when the last mending was ordered, after all faults; None where it was not.
    """
    done = Counter(act.name for act in acts if act.code == 0)
    said = [
        f"{name}: ordered {times} times, done {done[name]}"
        for name, times in sorted(orders.items())
        if done[name] < times
    ]
    if quiet_at is not None:
        last = {act.words: act for act in acts if act.at >= quiet_at}
        said += [
            f"{act.name}: failed after all faults were over (exit code {act.code})"
            for act in last.values()
            if act.code
        ]
    return said


def resumed(acts: Iterable[Act]) -> list[float]:
    """When the operator's resumes were done."""
    return [act.until for act in acts if act.name == "resume" and act.code == 0]


def _act(value: Mapping[str, Any]) -> Act:
    return Act(tuple(value["words"]), value["at"], value["until"], value["code"])
