"""The governor: the one record of why nothing, or little, may be sent, for the whole fleet. Pure.

It owns what the record holds and what a person, a clock or a new token make of it; what the API's
answers make of it is in `verdict`. The store keeps the record, and `claim.lua` alone obeys it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .outcome import HoldKind

STALE_TOKEN_SECONDS = 300.0
"""For how long a token that was refused, while another is taken, gets no leads."""

MAX_STALE = 8
ASKED = "the API has asked everyone to wait"


@dataclass(frozen=True, slots=True)
class Pace:
    """When one lead is tried under a hold: after `first_seconds`, doubling to `cap_seconds`."""

    first_seconds: float
    cap_seconds: float


PACES = {
    HoldKind.OUTAGE: Pace(1.0, 15.0),
    HoldKind.CREDENTIALS: Pace(5.0, 60.0),
    HoldKind.CONFIGURATION: Pace(5.0, 60.0),
    HoldKind.QUOTA: Pace(60.0, 900.0),
    # Each canary under this one may make one more empty lead in the API.
    HoldKind.CONTRACT: Pace(300.0, 3600.0),
}
"""The holds that a canary ends. Who is away may be back any second; no plan is raised so soon."""


@dataclass(frozen=True, slots=True)
class Accused:
    """A lead that was refused in a way that may be everybody's fault, or its own.

    Attributes:
        token: of the claim under which it was refused.
        status: of the refusal, or 0 where there was none.
        code: the API's own code, or "".
        doubted: how often it was accused of late, in company, when the API turned out to be well.
    """

    lead_id: str
    token: str = ""
    status: int = 0
    code: str = ""
    doubted: int = 0


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nothing is claimed at the moment. Instants are of Redis's clock.

    Attributes:
        kind: which of the holds.
        reason: one line for the operator.
        by: who set it: an operator's name, or a worker.
        since_at: when it began.
        number: counts the namespace's holds, from 1; a canary names the one it was sent under.
        until_at: when it ends by itself, or None.
        suspected: it is still open if a lead is to blame; others are tried, one at a time.
        accused: those that were refused, the first one first.
        alike, tried: others that were refused alike since the last success; those in a trial.
        canary_at: from when one lead may be tried, or None for never.
        trial_at: from when one that is not accused may be tried, or None for never.
        pause_seconds: until the next canary, should the one that is tried fail.
        canary: the lead that was tried last; `claim.lua` writes it.
        token_mark: the mark of the token that was refused, or "".
        not_before_at: until when the API asked everyone to wait, whatever else is the matter.
        flight: how wide the window was when it began; from half of it on it grows slowly again.
    """

    kind: HoldKind
    reason: str
    by: str = ""
    since_at: float = 0.0
    number: int = 0
    until_at: float | None = None
    suspected: bool = False
    accused: tuple[Accused, ...] = ()
    alike: int = 0
    canary_at: float | None = None
    trial_at: float | None = None
    pause_seconds: float = 0.0
    canary: str = ""
    token_mark: str = ""
    not_before_at: float = 0.0
    flight: float = 0.0
    tried: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """How many requests may be in flight across the fleet, as TCP's congestion window.

    Attributes:
        size: at least 1; its whole part counts.
        threshold: up to here it doubles each round, beyond it grows by one.
        halved_at: what was claimed before is no reason to halve it once more.
    """

    size: float
    threshold: float
    halved_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Governor:
    """All that the fleet knows of what may be sent.

    Attributes:
        hold: the hold in force, or None.
        window: None where it is as wide as the ceiling.
        run: failures in a row that say that the API is away.
        failing: the last of their leads, each once.
        holds: how many holds there were.
        run_flight: how wide the window was when the run began.
        ended_at: when the last hold ended; what was claimed before says nothing of the time after.
        stale: marks of tokens that were refused while another was taken, and until when they are.
    """

    hold: Hold | None = None
    window: Window | None = None
    run: int = 0
    failing: tuple[str, ...] = ()
    holds: int = 0
    stale: tuple[tuple[str, float], ...] = ()
    run_flight: float = 0.0
    ended_at: float = 0.0

    @property
    def calm(self) -> bool:
        """Whether a success would teach nothing."""
        return self.hold is None and self.window is None and self.run == 0


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is decided.

    Attributes:
        now_at: epoch seconds of Redis's clock.
        by: who decides: an operator's name, or a worker.
        in_flight: requests in flight across the fleet.
        ceiling: the most that may ever be; at least 1.
    """

    now_at: float
    by: str = ""
    in_flight: int = 0
    ceiling: int = 1


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a person should be told: what, about which hold, why, and who did it.

    Attributes:
        event: paused, resumed, hold_began, hold_ended or token_changed.
        seconds: for what has ended, how long it lasted.
        suspected: the hold was a suspicion, of whose beginning nobody was told.
    """

    event: str
    kind: HoldKind
    reason: str
    by: str
    seconds: float = 0.0
    suspected: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What follows.

    Attributes:
        convicted: leads that were refused although the API is well: dead, rejected.
        doubted: leads that were refused in company; the next time they stand alone.
        events: for the log and for Sentry.
    """

    governor: Governor
    convicted: tuple[Accused, ...] = ()
    doubted: tuple[Accused, ...] = ()
    events: tuple[Event, ...] = ()


def pause(governor: Governor, reason: str, moment: Moment) -> Step:
    """Hold until an operator resumes; it replaces any other hold."""
    before = governor.hold
    flight = before.flight if before else 0.0
    paused = Hold(HoldKind.PAUSED, reason, not_before_at=_asked_until_at(before), flight=flight)
    step = begin(governor, paused, moment)
    return replace(step, events=(*ended(before, moment), *step.events))


def resume(governor: Governor, moment: Moment) -> Step:
    """End the hold in force, whatever it is. What the API asked for outlasts any other hold."""
    hold = governor.hold
    if hold is None:
        return Step(governor)
    lasted = max(0.0, moment.now_at - hold.since_at)
    told = Event("resumed", hold.kind, hold.reason, moment.by, lasted, hold.suspected)
    step = end(governor, moment)
    begun = tuple(event for event in step.events if event.event == "hold_began")
    return replace(step, events=(told, *begun))


def elapse(governor: Governor, moment: Moment) -> Step:
    """End a hold whose time is over; nothing happens before."""
    hold = governor.hold
    if hold is None or hold.until_at is None or moment.now_at < hold.until_at:
        return Step(governor)
    return end(governor, moment)


def token_changed(governor: Governor, mark: str, moment: Moment) -> Step:
    """End a hold for credentials at once where a token other than the refused one is there.

    Whoever still has the refused one gets no leads meanwhile, or a lead of its would look guilty. A
    suspicion goes on: its trials will tell.
    """
    hold = governor.hold
    if hold is None or hold.kind is not HoldKind.CREDENTIALS or hold.suspected:
        return Step(governor)
    if mark in ("", hold.token_mark) or is_stale(governor, mark, moment.now_at):
        return Step(governor)
    step = end(governor, moment)
    told = Event("token_changed", hold.kind, "another token is there", moment.by)
    after = set_stale(step.governor, hold.token_mark, moment.now_at)
    return replace(step, governor=after, events=(told, *step.events))


def set_stale(governor: Governor, mark: str, now_at: float) -> Governor:
    """Note that a token is refused while another is taken."""
    others = tuple(each for each in governor.stale if each[0] != mark and each[1] > now_at)
    if not mark:
        return governor
    return replace(governor, stale=(*others, (mark, now_at + STALE_TOKEN_SECONDS))[-MAX_STALE:])


def is_stale(governor: Governor, mark: str, now_at: float) -> bool:
    """Whether a token was refused lately, while another was taken."""
    return any(mark == stale and now_at < until for stale, until in governor.stale)


def begin(governor: Governor, hold: Hold, moment: Moment) -> Step:
    """Put a hold in force, in place of whatever was. A suspicion is nobody's news yet."""
    in_force = replace(
        hold,
        by=moment.by,
        since_at=moment.now_at,
        number=governor.holds + 1,
        flight=max(hold.flight, flight_of(governor, moment)),
    )
    after = replace(governor, hold=in_force, holds=in_force.number)
    if hold.kind is not HoldKind.NOT_BEFORE:  # a 503 each time that it lets us try is an outage
        after = replace(after, run=0, failing=(), run_flight=0.0)
    name = "paused" if hold.kind is HoldKind.PAUSED else "hold_began"
    told = () if hold.suspected else (Event(name, hold.kind, hold.reason, moment.by),)
    return Step(after, events=told)


def end(governor: Governor, moment: Moment) -> Step:
    """End the hold in force; requests begin again from one at a time, no sooner than asked for."""
    hold = governor.hold
    if hold is None:
        return Step(governor)
    window = Window(1.0, max(1.0, hold.flight / 2), moment.now_at)
    after = replace(governor, hold=None, window=window, ended_at=moment.now_at)
    step = Step(after, events=ended(hold, moment))
    if hold.kind is HoldKind.NOT_BEFORE or hold.not_before_at <= moment.now_at:
        return step
    asked = Hold(HoldKind.NOT_BEFORE, ASKED, until_at=hold.not_before_at, flight=hold.flight)
    begun = begin(step.governor, asked, moment)
    return replace(begun, events=(*step.events, *begun.events))


def ended(hold: Hold | None, moment: Moment) -> tuple[Event, ...]:
    """What is told of a hold's end, where its beginning was told."""
    if hold is None or hold.suspected or hold.kind is HoldKind.PAUSED:
        return ()
    lasted = max(0.0, moment.now_at - hold.since_at)
    return (Event("hold_ended", hold.kind, hold.reason, moment.by, lasted),)


def _asked_until_at(hold: Hold | None) -> float:
    return max(hold.not_before_at, hold.until_at or 0.0) if hold else 0.0


def flight_of(governor: Governor, moment: Moment) -> float:
    """How wide the window is."""
    return governor.window.size if governor.window else float(max(1, moment.ceiling))
