"""What one answer of the API makes of the governor: the transition function of all holds. Pure.

How a hold comes about and goes:

1. A lead is refused in a way that may be everybody's fault (a bad token) or its own (a poisoned
   agent), or one too many calls in a row have failed: the hold is *suspected*. Other leads are
   tried, one at a time. If one succeeds it was the lead; if two fail alike the hold stands.
2. Under a hold that stands one lead at a time is tried, a *canary*, at a growing interval.
3. A success of a canary ends the hold. What was in flight when it began proves nothing about the
   time after, so its successes end no hold and convict no lead.

No answer under a hold spends an attempt (`spares`), so no outage can use a lead up.
"""

from __future__ import annotations

from dataclasses import replace

from .blame import WITNESSES, is_proven, is_the_tokens_fault, judged
from .evidence import (
    Seen,
    as_accused,
    asked_seconds,
    blamed,
    cause,
    is_alike,
    is_answer,
    is_down,
    is_slow,
    proves,
)
from .governor import (
    PACES,
    Accused,
    Event,
    Governor,
    Hold,
    Moment,
    Step,
    begin,
    end,
    ended,
    flight_of,
    is_stale,
    set_stale,
)
from .outcome import GivenBack, HoldKind, Invalid
from .window import grown, halved

RUN = 5
"""Failures in a row, across the fleet, that make an outage."""

MAX_ACCUSED = 32
AGAIN_SECONDS = 1.0
"""After a trial that says nothing, such as a time-out amid bad credentials."""


def observe(governor: Governor, seen: Seen, moment: Moment) -> Step:
    """Give what the governor is after one outcome."""
    hold = governor.hold
    if hold is None:
        return _at_ease(governor, seen, moment)
    wait = asked_seconds(seen.outcome)
    if wait:
        hold = _later(hold, moment.now_at + wait)
        governor = replace(governor, hold=hold)
    if hold.kind not in PACES:
        return Step(governor)
    is_canary = seen.canary_of == hold.number
    if (
        blamed(seen.outcome) is not None
        and not is_canary
        and is_stale(governor, seen.mark, moment.now_at)
    ):
        return Step(governor)  # known to be that token's fault
    if is_canary:
        return _canary_came_back(governor, hold, seen, moment)
    return _came_from_before(governor, hold, seen, moment)


def spares(before: Governor, after: Governor) -> bool:
    """Whether outcomes spend no attempt: a hold was in force, or their failures began one."""
    began = after.hold is not None and after.hold.kind is HoldKind.OUTAGE
    return before.hold is not None or began


def _at_ease(governor: Governor, seen: Seen, moment: Moment) -> Step:
    kind = blamed(seen.outcome)
    old_news = seen.claimed_at < governor.ended_at
    if kind is not None:
        if old_news or is_stale(governor, seen.mark, moment.now_at):
            return Step(governor)  # of a hold that is over, or known to be this token's fault
        return begin(governor, _suspicion(kind, seen, moment), moment)
    if not old_news:
        governor = _counted(governor, seen, moment)
    if governor.run >= RUN and is_down(seen.outcome):
        return _outage(governor, seen, moment)
    wait = asked_seconds(seen.outcome)
    if wait:
        reason = f"the API asked everyone to wait, {wait:g} s ({cause(seen.outcome)})"
        asked = Hold(HoldKind.NOT_BEFORE, reason, until_at=moment.now_at + wait)
        return begin(governor, asked, moment)
    return Step(governor)


def _counted(governor: Governor, seen: Seen, moment: Moment) -> Governor:
    """Count the run of failures, and let the window breathe."""
    window = governor.window
    # A `Retry-After` begins a hold, and what follows that begins from one anyway.
    if is_slow(seen.outcome) and not asked_seconds(seen.outcome):
        window = halved(window, seen.claimed_at, moment)
    if is_down(seen.outcome):
        failing = (*(i for i in governor.failing if i != seen.lead_id), seen.lead_id)[-WITNESSES:]
        flight = governor.run_flight if governor.run else flight_of(governor, moment)
        run = governor.run + 1
        return replace(governor, run=run, failing=failing, window=window, run_flight=flight)
    if is_answer(seen):
        return replace(governor, run=0, failing=(), run_flight=0.0, window=grown(window, moment))
    return replace(governor, window=window)


def _outage(governor: Governor, seen: Seen, moment: Moment) -> Step:
    wait = asked_seconds(seen.outcome)
    hold = Hold(
        HoldKind.OUTAGE,
        f"{governor.run} calls in a row failed, the last: {cause(seen.outcome)}",
        suspected=len(governor.failing) < WITNESSES,
        accused=tuple(Accused(lead_id) for lead_id in governor.failing),
        alike=len(governor.failing) - 1,
        not_before_at=moment.now_at + wait if wait else 0.0,
        flight=governor.run_flight,
    )
    return begin(governor, _not_sooner(_paced(hold, moment)), moment)


def _suspicion(kind: HoldKind, seen: Seen, moment: Moment) -> Hold:
    hold = Hold(
        kind,
        f"{_REASONS[kind]} ({cause(seen.outcome)})",
        suspected=True,
        accused=(as_accused(seen),),
        token_mark=seen.mark,
    )
    return _paced(hold, moment)


def _paced(hold: Hold, moment: Moment) -> Hold:
    """Plan the first canary; under suspicion, and a trial of another lead at once."""
    first = PACES[hold.kind].first_seconds
    return replace(
        hold,
        canary_at=moment.now_at + first,
        trial_at=moment.now_at if hold.suspected else None,
        pause_seconds=first * 2,
    )


def _came_from_before(governor: Governor, hold: Hold, seen: Seen, moment: Moment) -> Step:
    """It was in flight when the hold began: more of the same confirms, a success is no proof."""
    if not hold.suspected:
        return Step(governor)
    if is_alike(hold, seen):
        return _accuse(governor, hold, seen, moment)
    if proves(hold, seen):
        return Step(replace(governor, hold=replace(hold, alike=0, tried=0)))
    return Step(governor)


def _canary_came_back(governor: Governor, hold: Hold, seen: Seen, moment: Moment) -> Step:
    kind = blamed(seen.outcome)
    if proves(hold, seen):
        return _acquit(governor, hold, seen, moment)
    if kind is not None and kind is not hold.kind:
        return _changed_kind(governor, hold, kind, seen, moment)
    if not is_alike(hold, seen):
        return Step(replace(governor, hold=_try_another(hold, seen, moment)))
    if hold.suspected:
        return _accuse(governor, _next_canary(hold, moment), seen, moment)
    return Step(replace(governor, hold=_next_canary(hold, moment)))


def _changed_kind(
    governor: Governor, hold: Hold, kind: HoldKind, seen: Seen, moment: Moment
) -> Step:
    """Another fault came to light. It goes on at the pace that the last one had come to: faults
    that take turns must not be asked without a pause."""
    later = moment.now_at + hold.pause_seconds
    suspicion = replace(
        _suspicion(kind, seen, moment),
        canary_at=later,
        trial_at=later,
        pause_seconds=min(hold.pause_seconds * 2, PACES[kind].cap_seconds),
        not_before_at=hold.not_before_at,
        flight=hold.flight,
    )
    begun = begin(governor, _not_sooner(suspicion), moment)
    return replace(begun, events=(*ended(hold, moment), *begun.events))


def _accuse(governor: Governor, hold: Hold, seen: Seen, moment: Moment) -> Step:
    """One more lead was refused alike; with the second other one, the hold stands."""
    known = seen.lead_id in {each.lead_id for each in hold.accused}
    accused, alike, tried = hold.accused, hold.alike, hold.tried
    if known:  # under another claim by now; of company that there is no other lead than, it counts
        tried += seen.canary_of == hold.number and seen.lead_id != accused[0].lead_id
        accused = tuple(as_accused(seen) if e.lead_id == seen.lead_id else e for e in accused)
    else:
        accused, alike = (*accused, as_accused(seen))[:MAX_ACCUSED], alike + 1
        tried += seen.canary_of == hold.number
    hold = replace(hold, accused=accused, alike=alike, tried=tried)
    if not is_proven(hold):
        trial_at = moment.now_at if seen.canary_of == hold.number else hold.trial_at
        return Step(replace(governor, hold=_not_sooner(replace(hold, trial_at=trial_at))))
    # It began when it was suspected, and its canary may be on its way: the same hold goes on.
    stands = _not_sooner(_paced(replace(hold, suspected=False), moment))
    told = Event("hold_began", hold.kind, hold.reason, hold.by)
    return Step(replace(governor, hold=stands), events=(told,))


def _acquit(governor: Governor, hold: Hold, seen: Seen, moment: Moment) -> Step:
    """A lead that was sent after the accusation was taken: the API is well."""
    step = end(governor, moment)
    if hold.kind is HoldKind.CREDENTIALS and seen.mark != hold.token_mark:
        if is_the_tokens_fault(hold):
            stale = set_stale(step.governor, hold.token_mark, moment.now_at)
            return replace(step, governor=stale)
        return replace(step, doubted=hold.accused)
    if hold.suspected and step.governor.hold is None:
        # Nothing was wrong with the API, so nothing has to begin slowly.
        window = grown(governor.window, moment)
        step = replace(step, governor=replace(step.governor, window=window))
    if hold.kind in (HoldKind.OUTAGE, HoldKind.CONTRACT):
        return step  # their leads are judged by what became of them
    return judged(step, hold, seen)


def _next_canary(hold: Hold, moment: Moment) -> Hold:
    cap = PACES[hold.kind].cap_seconds
    return _not_sooner(
        replace(
            hold,
            canary_at=moment.now_at + hold.pause_seconds,
            pause_seconds=min(hold.pause_seconds * 2, cap),
        )
    )


def _try_another(hold: Hold, seen: Seen, moment: Moment) -> Hold:
    """A canary that says nothing about the hold: it was invalid, or the API was slow."""
    unsent = isinstance(seen.outcome, Invalid | GivenBack) and not seen.look
    wait = 0.0 if unsent else PACES[hold.kind].first_seconds
    trial_at = moment.now_at + min(wait, AGAIN_SECONDS) if hold.suspected else None
    return _not_sooner(replace(hold, canary_at=moment.now_at + wait, trial_at=trial_at))


def _later(hold: Hold, until_at: float) -> Hold:
    """Obey a `Retry-After`, whatever else holds."""
    later = replace(hold, not_before_at=max(hold.not_before_at, until_at))
    if hold.kind is HoldKind.NOT_BEFORE:
        return replace(later, until_at=max(hold.until_at or 0.0, until_at))
    return _not_sooner(later)


def _not_sooner(hold: Hold) -> Hold:
    canary_at, trial_at = hold.canary_at, hold.trial_at
    return replace(
        hold,
        canary_at=None if canary_at is None else max(canary_at, hold.not_before_at),
        trial_at=None if trial_at is None else max(trial_at, hold.not_before_at),
    )


_REASONS = {
    HoldKind.CREDENTIALS: "the API refuses the token",
    HoldKind.CONFIGURATION: "what answers is not the API, or not at this address",
    HoldKind.QUOTA: "the API's spending limit is reached",
    HoldKind.CONTRACT: "the API loses fields that were sent",
}
