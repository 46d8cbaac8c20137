"""The faults in force, and what they mean for one request.

It owns scope, dice, counting and expiry. It opens no socket and reads no clock; its randomness is
seeded, one generator for each fault.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from .faults import Faults, Scope


@dataclass(slots=True, eq=False)
class Active:
    """One fault in force: its number, how often it hit, and when it ends (monotonic seconds)."""

    number: int
    faults: Faults
    ends_at: float | None
    hits: int = 0
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.faults.seed)

    def is_over(self, now: float) -> bool:
        """Whether its time or its count is used up."""
        spent = self.faults.count is not None and self.hits >= self.faults.count
        return spent or (self.ends_at is not None and now >= self.ends_at)

    def aims_at(self, method: str, lead: Any) -> bool:
        """Whether a request is in scope; `lead` is the body's value, None where there is none."""
        faults = self.faults
        if faults.scope is not Scope.ALL and method.lower() != faults.scope.value:
            return False
        if faults.only_agent is not None and _agent(lead) != faults.only_agent:
            return False
        return faults.match is None or (
            isinstance(lead, dict) and faults.match in json.dumps(lead, ensure_ascii=False)
        )


def _agent(lead: Any) -> Any:
    return lead.get("agentId") if isinstance(lead, dict) else None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen to one request; `fault` is the number of the fault that decides, or None.

    The attributes are those of `Faults` that still matter once a request is hit.
    """

    fault: int | None = None
    faults: Faults | None = None
    latency_seconds: float = 0.0
    list_lag_seconds: float = 0.0

    @property
    def is_prompt(self) -> bool:
        """Whether the answer is sent at once, whole and right."""
        return self.faults is None and not self.latency_seconds


UNHARMED = Plan()


class FaultBook:
    """The faults in force, newest first: of two that ask for the same thing the newer decides."""

    def __init__(self) -> None:
        self.active: list[Active] = []
        self._numbers = 0

    def add(self, faults: Faults, now: float) -> Active:
        """Put a fault in force; `now` is monotonic seconds."""
        self._numbers += 1
        ends_at = None if faults.for_seconds is None else now + faults.for_seconds
        active = Active(self._numbers, faults, ends_at)
        self.active.insert(0, active)
        return active

    def clear(self, number: int | None = None) -> int:
        """End one fault, or all; answers how many ended."""
        before = len(self.active)
        self.active = [a for a in self.active if number is not None and a.number != number]
        return before - len(self.active)

    def plan(self, method: str, lead: Any, now: float) -> Plan:
        """Decide about one request, and count it where it is hit."""
        if not self.active:
            return UNHARMED
        self.active = [active for active in self.active if not active.is_over(now)]
        hitting = [a for a in self.active if a.aims_at(method, lead) and _falls(a)]
        deciding = next((a for a in hitting if a.faults.kind is not None), None)
        slow = next((a for a in hitting if a.faults.latency_seconds is not None), None)
        lagging = next((a for a in hitting if a.faults.list_lag_seconds is not None), None)
        for active in hitting:
            active.hits += any(active is each for each in (deciding, slow, lagging))
        return Plan(
            fault=deciding.number if deciding else None,
            faults=deciding.faults if deciding else None,
            latency_seconds=(slow.faults.latency_seconds or 0.0) if slow else 0.0,
            list_lag_seconds=(lagging.faults.list_lag_seconds or 0.0) if lagging else 0.0,
        )


def _falls(active: Active) -> bool:
    return active.dice.random() < active.faults.rate
