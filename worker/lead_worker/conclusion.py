"""What a result means for its lead, as the settlement that the store is told.

It joins the pure decisions: where the lead goes, what is written down. It must do no I/O.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .core.groups import group_of
from .core.lifecycle import LOOK_AGAIN, Policy, Standing, Transition, decide
from .core.looks import Look, Sought, as_outcome, decide_look, settle_unasked
from .core.outcome import Outcome, Unknown
from .core.reconcile import Answer
from .core.timeline import attempt_entry, look_entry, look_fields, record_fields
from .sender import Result
from .settings import Settings
from .store import Claimed, Settlement


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A result, where its lead goes, and what the store is told."""

    result: Result
    transition: Transition
    settlement: Settlement

    @property
    def outcome(self) -> Outcome:
        """What the attempt amounted to; of a look, what it is evidence of."""
        return self.result.outcome


class Concluder:
    """Concludes by the settings of one worker."""

    def __init__(self, settings: Settings, worker: str) -> None:
        self._worker = worker
        self._policy = Policy(
            max_attempts=settings.max_attempts,
            max_age_seconds=settings.max_age_seconds,
            backoff_base_seconds=settings.backoff_base_seconds,
            backoff_cap_seconds=settings.backoff_cap_seconds,
            on_unknown_outcome=settings.on_unknown_outcome,
            fallback=settings.reconcile_fallback,
            first_look_seconds=settings.first_look_seconds,
            second_look_seconds=settings.second_look_seconds,
        )

    def conclude(
        self, result: Result, *, spared: bool = False, owners: Mapping[str, str] | None = None
    ) -> Conclusion:
        """Conclude one result.

        Args:
            spared: a hold is in force, so that a failure spends no attempt.
            owners: of the API ids that a look found, those that are known, each with its lead.
        """
        if result.lead.look:
            return self._look(result, spared, owners or {})
        lead, outcome = result.lead, result.outcome
        transition = decide(outcome, _standing(lead), self._policy, random.random(), spared=spared)
        entry = attempt_entry(
            outcome,
            transition,
            attempt=lead.attempts + 1,
            worker=self._worker,
            took_seconds=result.took_seconds,
        )
        settlement = _settlement(
            lead,
            transition,
            entry,
            api_id=getattr(outcome, "api_id", ""),
            group=group_of(transition.reason, outcome) if transition.reason else "",
            fields=record_fields(outcome, transition),
        )
        return Conclusion(result, transition, settlement)

    def _look(self, result: Result, spared: bool, owners: Mapping[str, str]) -> Conclusion:
        lead = result.lead
        look = self._decide_look(result, spared, owners)
        if look is None:
            code = getattr(result.outcome, "cause", "")
            entry: dict[str, object] = {
                "event": "not_looked",
                "cause": code,
                "worker": self._worker,
            }
            return Conclusion(result, LOOK_AGAIN, _settlement(lead, LOOK_AGAIN, entry))
        entry = look_entry(
            look,
            lead.progress,
            result.asked_by,
            worker=self._worker,
            took_seconds=result.took_seconds,
        )
        fields, reason = look_fields(look), look.transition.reason
        settlement = _settlement(
            lead,
            look.transition,
            entry,
            api_id=look.api_id,
            group=group_of(reason, None, fields["cause"]) if reason else "",
            fields=fields,
        )
        return Conclusion(result, look.transition, settlement)

    def _decide_look(self, result: Result, spared: bool, owners: Mapping[str, str]) -> Look | None:
        """None where nothing was done, not even decided that nothing can be."""
        lead, standing = result.lead, _standing(result.lead)
        if isinstance(result.outcome, Unknown):
            return settle_unasked(standing, self._policy)
        if result.finding is None and result.outcome != as_outcome(None):
            return None
        sought = Sought(lead.lead_id, lead.progress, standing, spared)
        return decide_look(result.finding, sought, owners, self._policy)


def found_ids(result: Result) -> tuple[str, ...]:
    """The API's ids that a look found."""
    finding = result.finding
    return (*finding.equal, *finding.similar) if isinstance(finding, Answer) else ()


def _settlement(
    lead: Claimed, transition: Transition, entry: Mapping[str, object], **more: Any
) -> Settlement:
    """
    Args:
        more: what else it has: `api_id`, `group`, `fields`.
    """
    return Settlement(
        lead_id=lead.lead_id,
        token=lead.token,
        to=transition.to,
        due_seconds=transition.due_seconds,
        spends_attempt=transition.spends_attempt,
        look=lead.look,
        entry=entry,
        **more,
    )


def _standing(lead: Claimed) -> Standing:
    return Standing(
        attempts=lead.attempts, returned=lead.returned, age_seconds=max(0.0, lead.age_seconds)
    )
