"""The model's governor: what the fleet is held by, what it lets through, and who is judged.

It owns the hold, the window and the rate. It must not know why a hold is decided on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind

from tests.integration.model_books import Books
from tests.integration.model_leads import Lead

FORBIDDEN = {"reason": "rejected", "cause": "status_403", "status": "403", "code": "FORBIDDEN"}
CONVICTED = "rejected:status_403:FORBIDDEN"
RATE_SPACING_SECONDS = 30.5
"""Between two requests at two a minute, with the second that `permits` allows for."""


@dataclass(frozen=True)
class Held:
    """A hold, by the model's clock."""

    kind: HoldKind
    number: int
    since: float
    until: float | None = None
    canary_at: float | None = None
    trial_at: float | None = None
    accused: tuple[str, ...] = ()
    canary: str = ""


@dataclass(frozen=True)
class Ruling:
    """A decision on the governor's record; of the accused, each has a lead and a claim's token."""

    act: str
    version: int
    hold: Held | None
    window: float | None = None
    convicted: tuple[tuple[str, str], ...] = ()
    doubted: tuple[tuple[str, str], ...] = ()


class Governed(Books):
    """Books of a fleet that is governed."""

    def __init__(self) -> None:
        super().__init__()
        self.hold: Held | None = None
        self.window: float | None = None
        self.version = 0
        self.per_minute = 0
        self.free_at = 0.0
        self._held_before = 0.0
        self._act = ""
        self._verdict: tuple[bool, tuple[str, ...]] = (True, ())

    @property
    def is_over(self) -> bool:
        """Whether there is a hold whose time is over, which somebody has to end."""
        until = self.hold.until if self.hold else None
        return until is not None and self.now >= until

    @property
    def held_seconds(self) -> float:
        """For how long the fleet was held in all."""
        if not self.hold:
            return self._held_before
        ended = self.now if self.hold.until is None else min(self.now, self.hold.until)
        return self._held_before + ended - self.hold.since

    def admit(self, flying: int, ceiling: float) -> tuple[int, str]:
        """How many requests may go out, and whether as a canary or in a trial."""
        held = self.hold
        if not held:
            return max(0, int(min(self.window or ceiling, ceiling)) - flying), ""
        if held.until is not None:
            return 0, ""
        if held.canary_at is not None and self.now >= held.canary_at:
            return int(held.trial_at is not None or flying == 0), "canary"
        return int(held.trial_at is not None and self.now >= held.trial_at), "trial"

    @property
    def permits(self) -> float:
        """How many requests the rate lets out now: at two a minute one at a time."""
        return int(self.now >= self.free_at) if self.per_minute else float("inf")

    def take_permits(self, number: int) -> None:
        if self.per_minute and number:
            self.free_at = max(self.free_at, self.now) + number * RATE_SPACING_SECONDS

    def guard(self, upto: float, canary: str = "") -> None:
        """Nobody gets another canary before this one is settled, or its lease is over."""
        assert self.hold
        trial_at = self.hold.trial_at if self.hold.trial_at is None else upto
        tried = canary or self.hold.canary
        self.hold = replace(self.hold, canary_at=upto, trial_at=trial_at, canary=tried)
        self.version += 1

    def ring(self) -> bool:
        """Ring where nobody has."""
        rings = not self.bell
        self.bell = True
        return rings

    def beat(self, ceiling: int) -> tuple[int, bool]:
        """How many leads a beat says may be claimed now, and whether it rings for them."""
        room, _ = self.admit(self.in_flight, ceiling)
        claimable = self.claimable if room or self.is_over else 0
        return claimable, claimable > 0 and self.ring()

    def govern(self, ruling: Ruling) -> tuple[bool, tuple[str, ...]]:
        """Whether the ruling is in force, and who is dead of it."""
        if self._act == ruling.act:
            return self._verdict
        if self.version != ruling.version:
            return False, ()
        dead = self._judge(ruling)
        if self.hold and (not ruling.hold or ruling.hold.number != self.hold.number):
            self._held_before = self.held_seconds
        self.hold, self.window = ruling.hold, ruling.window
        self.version += 1
        self._act, self._verdict = ruling.act, (True, dead)
        return self._verdict

    def _judge(self, ruling: Ruling) -> tuple[str, ...]:
        """Who was refused and waits is dead, if convicted; all others of them are doubted."""
        dead: list[str] = []
        doubted: list[Lead] = []
        for convicts, accused in ((True, ruling.convicted), (False, ruling.doubted)):
            for lead_id, token in accused:
                lead = self.leads.get(lead_id)
                if lead and self._convicts(lead, token, convicts):
                    dead.append(lead_id)
                elif lead and self._is_accused(lead, token):
                    doubted.append(lead)
        self.move(State.DEAD, self.now, *(self.leads[lead_id] for lead_id in dead))
        for lead in [self.leads[lead_id] for lead_id in dead]:
            lead.why, lead.group = lead.why | FORBIDDEN, CONVICTED
            lead.attempts, lead.told = lead.attempts + 1, lead.told + 1
        for lead, doubts in [(lead, lead.doubts(self.now)) for lead in doubted]:
            lead.doubted, lead.doubted_at = doubts + 1, self.now
        return tuple(dead)

    @staticmethod
    def _convicts(lead: Lead, token: str, convicts: bool) -> bool:
        return convicts and lead.state is State.WAITING and lead.settled == token

    @staticmethod
    def _is_accused(lead: Lead, token: str) -> bool:
        leased = lead.state is State.LEASED and lead.token == token
        return leased or (lead.state is State.WAITING and lead.settled == token)

    def first(self, index: str, number: int = 5) -> Sequence[str]:
        """Of those that are due, the oldest."""
        return self.due(index)[:number]

    def last(self, index: str, number: int = 5) -> Sequence[str]:
        """Of those that are due, the newest, the newest first."""
        return self.due(index)[::-1][:number]
