"""Single answers, and the governors that they lead to, for tests by example."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lead_worker.core.evidence import Seen
from lead_worker.core.governor import Accused, Governor, Hold, Moment, Step
from lead_worker.core.outcome import Delivered, GivenBack, HoldKind, Mangled, Outcome, Retry
from lead_worker.core.verdict import observe

NOW = 1_700_000_000.0
OK = Delivered("id")
REFUSED = GivenBack(HoldKind.CREDENTIALS, "status_401", 401, "UNAUTHORIZED")


def at(seconds: float = 0.0) -> Moment:
    return Moment(NOW + seconds, "w1", in_flight=4, ceiling=8)


def seen(lead_id: str, outcome: Outcome, canary_of: int = 0, **more: str | int) -> Seen:
    made = Seen(lead_id, outcome, f"token-of-{lead_id}", NOW, canary_of, "mark")
    return replace(made, **more)  # type: ignore[arg-type]


def refusal(kind: HoldKind) -> Outcome:
    if kind is HoldKind.CONTRACT:
        return Mangled("id", ("name",))
    return GivenBack(kind, "status_4xx", 403) if kind is not HoldKind.OUTAGE else Retry("refused")


def after(several: Iterable[Seen], governor: Governor | None = None) -> Step:
    """What follows of several outcomes, with the events and verdicts of all of them."""
    steps = [Step(governor or Governor())]
    for each in several:
        steps.append(observe(steps[-1].governor, each, at()))
    return Step(
        steps[-1].governor,
        tuple(each for step in steps for each in step.convicted),
        tuple(each for step in steps for each in step.doubted),
        tuple(each for step in steps for each in step.events),
    )


def held(step: Step) -> Hold:
    hold = step.governor.hold
    assert hold is not None
    return hold


def standing(kind: HoldKind) -> Governor:
    """Under a hold that stands, number 1, whose canary has been claimed."""
    three = [seen(name, refusal(kind), number) for number, name in ((0, "a"), (1, "b"), (1, "c"))]
    if kind is HoldKind.OUTAGE:
        three = [seen(name, refusal(kind)) for name in "abcab"]
    hold = replace(held(after(three)), canary_at=NOW + 31, canary="d")
    return replace(after(three).governor, hold=hold)


def ids(leads: Iterable[Accused]) -> list[str]:
    return [each.lead_id for each in leads]


def names(step: Step) -> list[str]:
    return [event.event for event in step.events]
