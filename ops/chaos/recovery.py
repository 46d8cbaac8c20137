"""How long each kind of fault was felt, counted from its end. Pure.

Only faults that were alone are measured. The end of what is an instant is that instant.

- worker-kill: until the last lease of the dead worker had run out, so that others could take up
  what it had in flight; or until the next delivery, whichever was later. A worker that held no
  lease had nothing to be taken up: such a kill is not measured.
- producer-kill: until the app gave its next receipt.
- all others: until the next lead arrived at the API; for a pause from the moment it was resumed.
"""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .books import Account
from .kinds import LEASE_SECONDS
from .nemesis import Happened
from .receipts import Slip
from .supervisor import Life

KILL_BAR_SECONDS = LEASE_SECONDS + 2
RETURN_BAR_SECONDS = 5.0
BARS = {"worker-kill": KILL_BAR_SECONDS, "redis-kill": RETURN_BAR_SECONDS}
"""By kind: the longest that recovery may take."""

SOON_SECONDS = 60.0
"""A lease that runs out later than this after a kill has nothing to do with it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of fault in the report; times in seconds, None without a measurement.

    Attributes:
        times: how often it was brought about.
        missed: how often it could not be.
        measured: how often its recovery was measured: it was alone, and there was something to
            recover from.
        never: how often nothing came after it.
        bar: the longest that recovery may take, or None.
    """

    kind: str
    times: int
    missed: int
    measured: int
    never: int
    median: float | None
    longest: float | None
    bar: float | None

    @property
    def reached(self) -> bool | None:
        """Whether the bar was reached; None without one, or without a measurement."""
        if self.bar is None or not self.measured:
            return None
        return not self.never and self.longest is not None and self.longest <= self.bar


@dataclass(frozen=True, slots=True)
class Traces:
    """What recovery is read from; instants are epoch seconds, in order.

    Attributes:
        arrivals: when the API got each lead.
        accounts: the leads in the store; None where there is no store, as with stock Celery. Then
            nobody knows of leases, and a killed worker is measured by the next delivery alone.
        resumed: when the operator's resumes were done.
    """

    arrivals: Sequence[float]
    slips: Sequence[Slip]
    accounts: Mapping[str, Account] | None
    lives: Sequence[Life]
    resumed: Sequence[float] = ()


def rows(happened: Iterable[Happened], traces: Traces, bars: Mapping[str, float]) -> list[Row]:
    """A row for each kind that happened, by name."""
    by_kind: dict[str, list[Happened]] = {}
    for each in happened:
        by_kind.setdefault(each.planned.kind.name, []).append(each)
    return [_row(kind, each, traces, bars.get(kind)) for kind, each in sorted(by_kind.items())]


def _row(kind: str, happened: list[Happened], traces: Traces, bar: float | None) -> Row:
    there = [each for each in happened if not each.missed]
    felt = [each for each in there if each.planned.alone and _is_felt(kind, each, traces)]
    times = [_recovery(kind, each, traces) for each in felt]
    known = [each for each in times if each is not None]
    return Row(
        kind=kind,
        times=len(there),
        missed=len(happened) - len(there),
        measured=len(times),
        never=len(times) - len(known),
        median=round(statistics.median(known), 2) if known else None,
        longest=round(max(known), 2) if known else None,
        bar=bar,
    )


def _is_felt(kind: str, happened: Happened, traces: Traces) -> bool:
    """Whether there was something to recover from: a killed worker must have held a lease."""
    if kind != "worker-kill" or traces.accounts is None:
        return True
    return bool(_lease_ends(happened, traces))


def _recovery(kind: str, happened: Happened, traces: Traces) -> float | None:
    from_at = happened.ended_at or happened.began_at
    if kind == "producer-kill":
        app = f"{happened.detail}-"
        given = sorted(slip.at for slip in traces.slips if slip.serial.startswith(app))
        return _first_after(given, from_at)
    if kind == "operator-pause":
        waited = _first_after(traces.resumed, from_at)
        if waited is None:
            return None
        from_at += waited
    first = _first_after(traces.arrivals, from_at)
    if kind != "worker-kill" or first is None:
        return first
    return max([first, *_lease_ends(happened, traces)])


def _first_after(instants: Sequence[float], at: float) -> float | None:
    index = bisect_left(instants, at)
    return instants[index] - at if index < len(instants) else None


def _lease_ends(happened: Happened, traces: Traces) -> list[float]:
    """How long after a kill each lease of the dead ran out."""
    pids = {
        life.pid
        for life in traces.lives
        if life.name == happened.detail
        and life.ended_at is not None
        and abs(life.ended_at - happened.began_at) < 1
    }
    ends = [
        doubt.at - happened.began_at
        for account in (traces.accounts or {}).values()
        for doubt in account.doubts
        if doubt.expired and doubt.pid in pids
    ]
    return [end for end in ends if 0 <= end <= SOON_SECONDS]
