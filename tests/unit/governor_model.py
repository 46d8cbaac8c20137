"""A fleet in pure Python, as far as the governor sees it: time is simulated, the API is a function.

`_admit` and `_choose` are copies of those in `fleet.lua` and `claim.lua`, `_judge` of what
`govern.lua` does to leads. All decisions are the core's own; what each one was is kept in `log`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from lead_worker.core.evidence import Seen
from lead_worker.core.governor import Governor, Hold, Moment, Step, elapse, is_stale, token_changed
from lead_worker.core.lifecycle import Policy, Reason, Standing, State, Transition, decide
from lead_worker.core.looks import BEGUN, Progress, Sought, as_outcome, decide_look
from lead_worker.core.outcome import HoldKind, Outcome
from lead_worker.core.reconcile import Answer, AskAgain, Finding, Unanswered, Unaskable
from lead_worker.core.verdict import observe, spares

from tests.unit.governor_examples import NOW

LEASE_SECONDS = 30.0
PATIENT = Policy(10**6, 1e9, 5.0, 300.0, "reconcile")
"""No lead is used up."""


@dataclass(slots=True, eq=False)
class Lead:
    """One lead's record."""

    lead_id: str
    arrived_at: float
    due_at: float
    state: State = State.WAITING
    reason: Reason | None = None
    attempts: int = 0
    returned: int = 0
    doubted: int = 0
    settled: str = ""
    progress: Progress = BEGUN
    done_at: float = math.inf

    def ends(self, state: State, reason: Reason | None, at: float) -> None:
        self.state, self.reason, self.done_at = state, reason, at


@dataclass(frozen=True, slots=True)
class Request:
    """What the API is asked. `mark` is of the token."""

    lead_id: str
    mark: str
    look: bool
    sent_at: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What comes of it, after so many seconds; None where the worker dies of it."""

    outcome: Outcome | Finding | None
    seconds: float = 0.1


World = Callable[[Request], Reply]


@dataclass(frozen=True, slots=True, eq=False)
class Flight:
    """A request under way."""

    lead: Lead
    token: str
    request: Request
    reply: Reply
    canary_of: int

    @property
    def lands_at(self) -> float:
        died = self.reply.outcome is None
        return self.request.sent_at + (LEASE_SECONDS if died else self.reply.seconds)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one outcome led to."""

    at: float
    before: Governor
    seen: Seen
    step: Step
    transition: Transition


@dataclass(slots=True)
class Fleet:
    """Workers with one token each (`marks`), and the leads that they share."""

    world: World
    marks: Sequence[str] = ("token",)
    ceiling: int = 8
    policy: Policy = PATIENT
    governor: Governor = field(default_factory=Governor)
    now_at: float = NOW
    leads: list[Lead] = field(default_factory=list)
    flights: list[Flight] = field(default_factory=list)
    log: list[Verdict] = field(default_factory=list)
    most_canaries: int = 0
    requests: list[Request] = field(default_factory=list)

    def arrive(self, number: int = 1, *, after: float = 0.0) -> list[Lead]:
        """Let new leads arrive, all at one moment."""
        at, first = self.now_at + after, len(self.leads)
        new = [Lead(f"lead-{n:04d}", at, at) for n in range(first, first + number)]
        self.leads += new
        return new

    def moment(self) -> Moment:
        return Moment(self.now_at, "w1", len(self.flights), self.ceiling)

    def take(self, step: Step) -> None:
        """Let a step come into force, as `govern.lua` does."""
        self.governor = step.governor
        self._judge(step)

    def run(self, seconds: float, *, stop: Callable[[], bool] = lambda: False) -> None:
        """Let time pass, until nothing can happen any more or `stop` says so."""
        until_at = self.now_at + seconds
        while not stop():
            self.take(elapse(self.governor, self.moment()))
            while sum(map(self._claim, self.marks)):
                pass
            next_at = self._next_at()
            self.now_at = max(self.now_at, min(next_at, until_at))
            if next_at > until_at:
                return
            for flight in [each for each in self.flights if each.lands_at <= self.now_at]:
                self._land(flight)

    def _next_at(self) -> float:
        hold = self.governor.hold
        at = [flight.lands_at for flight in self.flights] + [lead.due_at for lead in self.leads]
        planned = (hold.canary_at, hold.trial_at, hold.until_at) if hold else ()
        at += [each for each in planned if each is not None]
        at += [until for _, until in self.governor.stale]
        return min((each for each in at if each > self.now_at), default=math.inf)

    def _due(self, state: State) -> list[Lead]:
        busy = {flight.lead for flight in self.flights}
        due = [each for each in self.leads if each.state is state and each.due_at <= self.now_at]
        return sorted((each for each in due if each not in busy), key=lambda each: each.due_at)

    def _claim(self, mark: str) -> bool:
        """One claim of one worker; whether it got something, or may ask again at once."""
        if is_stale(self.governor, mark, self.now_at):
            return False
        hold = self.governor.hold
        room, only = self._admit(hold)
        if hold is None:
            due = self._due(State.WAITING) or self._due(State.UNKNOWN)
            for lead in due[: min(1, room)]:
                self._send(lead, mark, 0)
            return bool(due) and room > 0
        if not room:
            return self._has_another_token(hold, mark)
        chosen = self._choose(hold, only)
        if chosen is None:
            return False
        guard = self.now_at + LEASE_SECONDS + 1
        trial_at = guard if hold.trial_at else None
        tried = replace(hold, canary=chosen.lead_id, canary_at=guard, trial_at=trial_at)
        self.governor = replace(self.governor, hold=tried)
        self._send(chosen, mark, hold.number)
        return True

    def _admit(self, hold: Hold | None) -> tuple[int, str]:
        flying = len(self.flights)
        if hold is None:
            window = self.governor.window
            return int(min(window.size if window else self.ceiling, self.ceiling)) - flying, ""
        if hold.until_at is not None:
            return 0, ""
        if hold.canary_at and self.now_at >= hold.canary_at:
            return int(bool(hold.trial_at) or flying == 0), "canary"
        return int(bool(hold.trial_at and self.now_at >= hold.trial_at)), "trial"

    def _choose(self, hold: Hold, only: str) -> Lead | None:
        accused = {each.lead_id for each in hold.accused}

        def rank(lead: Lead) -> int:
            blamed, last = lead.lead_id in accused, lead.lead_id == hold.canary
            asked = 16 if lead.state is State.UNKNOWN else 0
            return asked + 8 * blamed + 4 * last + (lead.returned > 0)

        due = self._due(State.WAITING)
        weighed = due[::-1][:5] + due[:5]
        if only == "canary":
            weighed += self._due(State.UNKNOWN)[:5]
        else:
            weighed = [lead for lead in weighed if lead.lead_id not in accused]
        return min(weighed, key=rank, default=None)

    def _has_another_token(self, hold: Hold, mark: str) -> bool:
        if hold.kind is not HoldKind.CREDENTIALS or hold.token_mark in ("", mark):
            return False
        self.take(token_changed(self.governor, mark, self.moment()))
        return self.governor.hold is not hold

    def _send(self, lead: Lead, mark: str, canary_of: int) -> None:
        request = Request(lead.lead_id, mark, lead.state is State.UNKNOWN, self.now_at)
        if not request.look:
            lead.state = State.LEASED
        self.requests.append(request)
        token = f"claim-{len(self.requests)}"
        self.flights.append(Flight(lead, token, request, self.world(request), canary_of))
        hold = self.governor.hold
        number = hold.number if hold else -1
        canaries = sum(each.canary_of == number for each in self.flights)
        self.most_canaries = max(self.most_canaries, canaries)

    def _land(self, flight: Flight) -> None:
        lead, answer, look = flight.lead, flight.reply.outcome, flight.request.look
        if answer is None:
            lead.attempts += not look
            lead.state, lead.due_at = State.UNKNOWN, self.now_at
            self.flights.remove(flight)
            return
        finding = answer if isinstance(answer, Answer | AskAgain | Unaskable | Unanswered) else None
        outcome = as_outcome(finding) if finding else answer
        assert not isinstance(outcome, Answer | AskAgain | Unaskable | Unanswered)
        seen = self._seen(flight, outcome)
        before = self.governor
        step = observe(before, seen, self.moment())
        self.take(step)
        spared = spares(before, step.governor)
        standing = Standing(lead.attempts, lead.returned, 0.0)
        if look:
            sought = Sought(lead.lead_id, lead.progress, standing, spared)
            found = decide_look(finding, sought, {}, self.policy)
            transition, lead.progress = found.transition, found.progress
        else:
            transition = decide(outcome, standing, self.policy, 0.5, spared=spared)
        self.log.append(Verdict(self.now_at, before, seen, step, transition))
        self.flights.remove(flight)
        self._settle(flight, transition)

    def _seen(self, flight: Flight, outcome: Outcome) -> Seen:
        lead, request = flight.lead, flight.request
        return Seen(
            lead.lead_id,
            outcome,
            token=flight.token,
            claimed_at=request.sent_at,
            canary_of=flight.canary_of,
            mark=request.mark,
            doubted=0 if request.look else lead.doubted,
            look=request.look,
        )

    def _settle(self, flight: Flight, transition: Transition) -> None:
        lead = flight.lead
        lead.settled = flight.token
        lead.due_at = self.now_at + transition.due_seconds
        lead.attempts += transition.spends_attempt
        lead.returned += not transition.spends_attempt and transition.to is State.WAITING
        if transition.to in (State.WAITING, State.UNKNOWN):
            lead.state = transition.to
        else:
            lead.ends(transition.to, transition.reason, self.now_at)

    def _judge(self, step: Step) -> None:
        by_id = (
            {lead.lead_id: lead for lead in self.leads} if step.convicted or step.doubted else {}
        )
        for each in (*step.convicted, *step.doubted):
            lead = by_id.get(each.lead_id)
            if lead is None or lead.state is not State.WAITING or lead.settled != each.token:
                continue  # it was sent again since
            if each in step.convicted:
                lead.ends(State.DEAD, Reason.REJECTED, self.now_at)
            else:
                lead.doubted += 1
