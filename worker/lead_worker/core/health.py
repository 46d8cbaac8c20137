"""Whether delivery goes on, judged by what is consumed. Pure.

It owns when a queue with leads that are due counts as standing still, and the one line that says
why. It judges the fleet and not one process. What it says holds no lead and no operator's words.

Good is: leads were claimed lately, or none is due, or something holds them back on purpose. A hold
of any kind is on purpose: what could end it is tried by itself, and a restart of workers ends none.
Only where the hold lets one lead through and nobody takes it, the hold is no excuse any more.

Claims alone are good for a while only: some of what is claimed has to be settled, to whatever
state. A fleet whose workers die of what they claim claims for ever, and its leases run out.

A lead in flight is due as well where nobody is left to settle it: its lease ran out and no
heartbeat took it up, or no worker is alive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from .governor import Governor, Hold, is_stale

PATIENCE_SECONDS = 30.0
"""How long nobody may claim a lead that is due. The longest that this takes while all is well: the
only worker finishes what is in flight at SIGTERM (12.5 s) and its successor starts (some 5 s); or
Redis comes back, and a worker waits out a call's time limit (5 s), a pause (1 s) and the time after
which its heartbeat takes over from Celery (2 s)."""

MARGIN_SECONDS = 10.0
"""While requests are in flight they may be all that the window or the threads allow. The slowest of
them are a dead worker's, which count until the end of their lease; this much is given on top."""

DEFAULT_LEASE_SECONDS = 30.0

GRACE_SECONDS = 10.0
"""For how long the heartbeat gives leases time after workers or Redis were away."""

ALIVE_SECONDS = 10.0
"""A worker beats each second; one that gave no sign for so long is not counted."""

LONGEST_TURN_SECONDS = 92.0
"""No rate lets the next request wait for longer: at one a minute 61 s, after half of one as a burst
at once 30 s more. An instant that is farther ahead was set before the rate was changed."""

SLACK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Sign:
    """A worker that is alive.

    Attributes:
        lease_seconds: how long what it claims is its own, or None where it does not say.
        token_mark: of its API token, or "".
    """

    lease_seconds: float | None = None
    token_mark: str = ""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What health is judged on. Instants are of Redis's clock; None is never, or nothing.

    Attributes:
        claimable: waiting and due, or unknown and due for a look.
        due_at: since when the first of those is due.
        waiting: due or not.
        in_flight: requests in flight across the fleet.
        expired: leads whose lease ran out, and that nobody has taken up.
        expired_at: when the first of them did.
        claimed_at, delivered_at: when leads were last handed out; when one was last delivered.
        grace_until_at: until when leases are given time, as workers or Redis were away.
        turn_at: when the rate has its next request.
        calendar_at: when calendar work was last done.
        used: somebody has used this namespace.
        unsettled_seconds: for how long leads might be claimed or were, and none was settled; told
            by beats, so to a second. A time without any beat counts as 30 s at the most.
        workers: those that are alive.
    """

    now_at: float
    claimable: int = 0
    due_at: float | None = None
    waiting: int = 0
    in_flight: int = 0
    expired: int = 0
    expired_at: float | None = None
    claimed_at: float | None = None
    delivered_at: float | None = None
    grace_until_at: float | None = None
    turn_at: float | None = None
    calendar_at: float | None = None
    used: bool = True
    unsettled_seconds: float = 0.0
    governor: Governor = field(default_factory=Governor)
    workers: tuple[Sign, ...] = ()


class Verdict(StrEnum):
    """What health comes to."""

    IDLE = "idle"
    MOVING = "moving"
    WAITING = "waiting"
    HELD = "held"
    STUCK = "stuck"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class Health:
    """The judgement.

    Attributes:
        good: all but `STUCK`.
        reason: one line.
        stood_seconds: for how long a lead could have been claimed and none was, or those that were
            came to nothing; else 0.
    """

    verdict: Verdict
    reason: str
    stood_seconds: float = 0.0

    @property
    def good(self) -> bool:
        return self.verdict is not Verdict.STUCK


def judge(vitals: Vitals) -> Health:
    """Judge one moment."""
    now_at, hold = vitals.now_at, _hold_in_force(vitals)
    opens_at, due = _opens_at(hold), vitals.claimable or _abandoned(vitals)
    if hold and (opens_at is None or opens_at > now_at or not due):
        return Health(Verdict.HELD, _hold_words(hold, opens_at, now_at))
    if not due:
        if not vitals.used:
            return Health(Verdict.UNUSED, "nobody has used this namespace yet")
        late = f", {vitals.waiting:,} wait for their time" if vitals.waiting else ""
        return Health(Verdict.IDLE, f"no lead is due{late}")
    if _comes_to_nothing(vitals):
        lack = f"claimed ones come to nothing: {_culprit(vitals, 'settling')}"
        return Health(Verdict.STUCK, f"{_due_words(vitals)}, {lack}", vitals.unsettled_seconds)
    last_at = max(_past(now_at, vitals.claimed_at, vitals.delivered_at), default=None)
    if last_at is not None and now_at - last_at < PATIENCE_SECONDS:
        moved = f"the last were claimed {span(now_at - last_at)} ago"
        return Health(Verdict.MOVING, f"{_due_words(vitals)}; {moved}")
    return _judge_the_wait(vitals)


def _judge_the_wait(vitals: Vitals) -> Health:
    """Judge it where leads are due and none was claimed of late."""
    now_at, due = vitals.now_at, _due_words(vitals)
    turn_at = vitals.turn_at or 0.0
    if vitals.claimable and now_at < turn_at <= now_at + LONGEST_TURN_SECONDS:
        wait = f"the rate has its next request in {span(turn_at - now_at)}"
        return Health(Verdict.WAITING, f"{due}; {wait}")
    stood = now_at - max(_reasons_to_wait(vitals), default=now_at)
    if _just_returned(vitals):
        return Health(Verdict.WAITING, f"{due}; workers have just come back", stood)
    if stood < _patience_seconds(vitals):
        return Health(Verdict.WAITING, f"{due}; a claim is expected", stood)
    lack = ", nobody claims" if vitals.claimable else ""
    return Health(Verdict.STUCK, f"{due}{lack}: {_culprit(vitals)}", stood)


def _comes_to_nothing(vitals: Vitals) -> bool:
    """Whether leads were claimed while none was settled, for longer than a claim can last.

    While all is well the next request may have to wait for the rate, and then the lease bounds it.
    """
    patience = LONGEST_TURN_SECONDS + _longest_lease_seconds(vitals) + MARGIN_SECONDS
    claimed, delivered = (
        any(vitals.now_at - at < patience for at in _past(vitals.now_at, last_at))
        for last_at in (vitals.claimed_at, vitals.delivered_at)
    )
    return vitals.unsettled_seconds >= patience and claimed and not delivered


def _abandoned(vitals: Vitals) -> int:
    """How many leads in flight nobody is at; where no worker is alive, all of them."""
    return vitals.expired + (0 if vitals.workers else vitals.in_flight)


def span(seconds: float) -> str:
    """A duration in its one fitting unit, in whole numbers."""
    for unit, size, most in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < most:
            return f"{max(0.0, seconds) / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def _hold_in_force(vitals: Vitals) -> Hold | None:
    """One whose time is over is none, though nobody has ended it yet."""
    hold = vitals.governor.hold
    over = hold is not None and hold.until_at is not None and vitals.now_at >= hold.until_at
    return None if over else hold


def _opens_at(hold: Hold | None) -> float | None:
    """From when on a hold lets a lead through; None where a person has to end it, or none is.

    Trials do not count: under suspicion there may be no other lead to try than those accused.
    """
    if hold is None:
        return None
    return hold.until_at if hold.until_at is not None else hold.canary_at


def _reasons_to_wait(vitals: Vitals) -> Iterator[float]:
    """Instants before which no claim could be expected, or at which one was made."""
    return _past(
        vitals.now_at,
        *(vitals.due_at, vitals.claimed_at, vitals.delivered_at, vitals.turn_at),
        *(vitals.governor.ended_at, _opens_at(vitals.governor.hold)),
        *_pickups(vitals),
    )


def _pickups(vitals: Vitals) -> tuple[float | None, ...]:
    """Since when a worker that lives could have taken up the leases that ran out, where all that
    is due is those. Without a worker the last claim tells more."""
    if vitals.claimable or not vitals.workers:
        return ()
    return vitals.expired_at, vitals.grace_until_at


def _past(now_at: float, *instants: float | None) -> Iterator[float]:
    """Those that are no longer ahead: one that is says nothing, for the clock was set back."""
    return (min(at, now_at) for at in instants if at is not None and at <= now_at + SLACK_SECONDS)


def _patience_seconds(vitals: Vitals) -> float:
    """Nobody who is alive is waited for as long as the leases of the dead last."""
    if not vitals.in_flight or not vitals.workers:
        return PATIENCE_SECONDS
    return max(PATIENCE_SECONDS, _longest_lease_seconds(vitals) + MARGIN_SECONDS)


def _longest_lease_seconds(vitals: Vitals) -> float:
    leases = (worker.lease_seconds or DEFAULT_LEASE_SECONDS for worker in vitals.workers)
    return max(leases, default=DEFAULT_LEASE_SECONDS)


def _just_returned(vitals: Vitals) -> bool:
    """Whether workers, or Redis, came back within seconds. One that crashes again and again is not
    for ever on its way: the grace is short."""
    until_at = vitals.grace_until_at
    return until_at is not None and vitals.now_at < until_at <= vitals.now_at + GRACE_SECONDS


def _due_words(vitals: Vitals) -> str:
    number, due_at, hold = vitals.claimable, vitals.due_at, _hold_in_force(vitals)
    under = f", under a hold ({hold.kind.value})" if hold else ""
    if not number:
        lost = _abandoned(vitals)
        return (
            f"{lost:,} lead{' in flight is' if lost == 1 else 's in flight are'} not settled{under}"
        )
    since = "" if due_at is None else f" for {span(vitals.now_at - due_at)}"
    first = ", the first" if since and number > 1 else ""
    return f"{number:,} lead{' is' if number == 1 else 's are'} due{first}{since}{under}"


def _culprit(vitals: Vitals, lacking: str = "claiming") -> str:
    workers, now_at = vitals.workers, vitals.now_at
    if not workers:
        return "no worker is alive"
    refused = all(is_stale(vitals.governor, worker.token_mark, now_at) for worker in workers)
    if len(workers) == 1:
        why = "with a token that is refused" if refused else f"{lacking} nothing: see its log"
        return f"1 worker alive, {why}"
    why = "with tokens that are refused" if refused else f"{lacking} nothing: see their logs"
    return f"{len(workers)} workers alive, {why}"


def _hold_words(hold: Hold, opens_at: float | None, now_at: float) -> str:
    kind = f"{hold.kind.value} (suspected)" if hold.suspected else hold.kind.value
    words = f"held: {kind} for {span(now_at - hold.since_at)}"
    if opens_at is None:
        return f"{words}, until a person resumes"
    if hold.until_at is not None:
        return f"{words}, for another {span(opens_at - now_at)}"
    wait = f"in {span(opens_at - now_at)}" if opens_at > now_at else "as soon as one is due"
    return f"{words}; a lead is tried {wait}"
