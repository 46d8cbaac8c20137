"""What becomes of an unknown lead after a look into the API. Pure.

A lead is looked for twice, some time apart, because what was created may be listed late. One
request asks for one page; what a look has found so far stands in the lead's record (`Progress`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from .classify import OWN_CAUSES
from .lifecycle import LEASE_EXPIRED, Policy, Standing, State, Transition, send_again
from .outcome import Delivered, GivenBack, Outcome, Retry
from .reconcile import Answer, AskAgain, Finding, Unanswered, Unaskable

LOOKS = 2
"""So many whole looks without anything like it mean that it did not arrive."""

CLOCKS = "clocks"
"""The question was put for another time than the API's clock has."""

MAX_UNANSWERED = 5
SHOWN = 5
UNANSWERED_SECONDS = 15.0
UNANSWERED_CAP_SECONDS = 240.0
"""How long to wait before an unanswered question is asked again; doubles up to the cap."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an unknown lead has been looked for.

    Attributes:
        looks: whole looks that found nothing to settle it by.
        page: to ask for next, from 1.
        unanswered: questions in a row that were not answered, holds left out.
        similar: an earlier page of this look had something similar.
    """

    looks: int = 0
    page: int = 1
    unanswered: int = 0
    similar: bool = False


BEGUN = Progress()


@dataclass(frozen=True, slots=True)
class Sought:
    """A lead that was looked for.

    Attributes:
        progress: how far it had been looked for before.
        standing: its attempt is counted already.
        spared: a hold is in force: that a question was not answered is nobody's fault.
    """

    lead_id: str
    progress: Progress
    standing: Standing
    spared: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What a look leads to.

    Attributes:
        found: in a word: found, similar, nothing, more, unaskable, unanswered, not_asked.
        progress: where it goes on, if it does.
        api_id: of the lead that it is in the API, or "".
        cause: a short code, where there is one.
        similar: API ids of the first leads that are similar, for a person to look at.
    """

    transition: Transition
    found: str
    progress: Progress = BEGUN
    api_id: str = ""
    cause: str = ""
    similar: tuple[str, ...] = ()


def decide_look(
    finding: Finding | None, sought: Sought, owners: Mapping[str, str], policy: Policy
) -> Look:
    """Decide what becomes of a lead after a look.

    Args:
        finding: what the API said; None for a lead that has nothing to ask by.
        sought: the lead.
        owners: of the API ids that were found, those that are known, each with its lead.
    """
    match finding:
        case None:
            return _fall_back("unaskable", "nothing_to_ask_by", sought.standing, policy)
        case AskAgain():
            at = sought.progress
            begun_anew = replace(sought, progress=Progress(at.looks, 1, at.unanswered, at.similar))
            return _unanswered(Unanswered(CLOCKS), begun_anew, policy)
        case Unaskable(cause=cause) if sought.progress.similar:
            transition = Transition(State.PARKED, spends_attempt=False)
            return Look(transition, "similar", cause=cause)
        case Unaskable(cause=cause):
            return _fall_back("unaskable", cause, sought.standing, policy)
        case Unanswered():
            return _unanswered(finding, sought, policy)
        case Answer():
            return _answered(finding, sought, owners, policy)
        case _:
            assert_never(finding)


def settle_unasked(standing: Standing, policy: Policy) -> Look:
    """What becomes of an unknown lead where the policy is not to ask."""
    if policy.on_unknown_outcome == "park":
        return Look(
            Transition(State.PARKED, spends_attempt=False), "not_asked", cause=LEASE_EXPIRED
        )
    return Look(send_again(standing, policy), "not_asked", cause=LEASE_EXPIRED)


def as_outcome(finding: Finding | None) -> Outcome:
    """What a look is evidence of, for the governor: that the API is there, or may be away. That a
    question was refused says nothing about leads."""
    match finding:
        case Answer() | AskAgain():
            return Delivered("")
        case Unanswered(cause=cause, retry_after_seconds=wait) if wait or not _is_refusal(cause):
            return Retry(cause, wait)
        case None:
            return GivenBack(None, "nothing_to_ask_by")
        case _:
            return GivenBack(None, finding.cause)


def _is_refusal(cause: str) -> bool:
    refused = cause.startswith(("status_2", "status_3", "status_4")) or cause in OWN_CAUSES
    return refused and cause not in ("status_408", "status_425", "status_429")


def _answered(answer: Answer, sought: Sought, owners: Mapping[str, str], policy: Policy) -> Look:
    def free(api_ids: tuple[str, ...]) -> list[str]:
        return [i for i in api_ids if owners.get(i, sought.lead_id) == sought.lead_id]

    progress, equal = sought.progress, free(answer.equal)
    if equal:
        return Look(Transition(State.DELIVERED, spends_attempt=False), "found", api_id=equal[0])
    strangers = tuple(free(answer.similar)[:SHOWN])
    similar = progress.similar or bool(strangers)
    if answer.more:
        step = _goes_on(Progress(progress.looks, progress.page + 1, 0, similar), "more")
        return replace(step, similar=strangers)
    name, looks = "similar" if similar else "nothing", progress.looks + 1
    if looks < LOOKS:
        # A similar one may be another lead of ours whose answer is on its way.
        wait = max(0.0, policy.second_look_seconds - policy.first_look_seconds)
        return replace(_goes_on(Progress(looks), name, wait), similar=strangers)
    if similar:
        return Look(Transition(State.PARKED, spends_attempt=False), name, similar=strangers)
    return Look(send_again(sought.standing, policy), name)


def _unanswered(finding: Unanswered, sought: Sought, policy: Policy) -> Look:
    progress = sought.progress
    unanswered = progress.unanswered + (0 if sought.spared else 1)
    if unanswered >= MAX_UNANSWERED and progress.similar:
        return Look(Transition(State.PARKED, spends_attempt=False), "similar", cause=finding.cause)
    if unanswered >= MAX_UNANSWERED:
        return _fall_back("unanswered", finding.cause, sought.standing, policy)
    wait = min(UNANSWERED_SECONDS * 2.0 ** max(0, unanswered - 1), UNANSWERED_CAP_SECONDS)
    wait = max(min(wait, policy.second_look_seconds), finding.retry_after_seconds or 0.0)
    later = Progress(progress.looks, progress.page, unanswered, progress.similar)
    if (
        finding.cause == CLOCKS and not sought.spared
    ):  # they are known by now: the question can be put right at once
        wait = 0.0
    return _goes_on(later, "unanswered", wait, finding.cause)


def _goes_on(progress: Progress, found: str, wait: float = 0.0, cause: str = "") -> Look:
    transition = Transition(State.UNKNOWN, due_seconds=wait, spends_attempt=False)
    return Look(transition, found, progress, cause=cause)


def _fall_back(found: str, cause: str, standing: Standing, policy: Policy) -> Look:
    if policy.fallback == "park":
        return Look(Transition(State.PARKED, spends_attempt=False), found, cause=cause)
    return Look(send_again(standing, policy), found, cause=cause)
