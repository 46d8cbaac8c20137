"""One attempt at one lead: validate, send, classify, decide. Each step gives a value.

It owns the order of the steps. It must not touch the queue's state: the courier settles.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from .api import LeadsApi
from .core.classify import classify
from .core.lead import body
from .core.lifecycle import (
    LEASE_EXPIRED,
    LOOK_AGAIN,
    Policy,
    Standing,
    Transition,
    decide,
    decide_expired,
)
from .core.outcome import GivenBack, Invalid, Outcome, Unknown
from .core.schema import SchemaRules, validate
from .core.strict_json import write
from .core.timeline import attempt_entry, look_entry, record_fields
from .settings import Settings
from .store import Claimed, Settlement


@dataclass(frozen=True, slots=True)
class Result:
    """A lead that is done with, and not yet settled."""

    lead: Claimed
    outcome: Outcome
    transition: Transition
    took_seconds: float


class Sender:
    """Attempts deliveries; threads share it."""

    def __init__(self, settings: Settings, worker: str) -> None:
        self._settings = settings
        self._worker = worker
        self._api = LeadsApi(settings)
        self._policy = Policy(
            max_attempts=settings.max_attempts,
            max_age_seconds=settings.max_age_seconds,
            backoff_base_seconds=settings.backoff_base_seconds,
            backoff_cap_seconds=settings.backoff_cap_seconds,
            on_unknown_outcome=settings.on_unknown_outcome,
        )
        self._rules = SchemaRules(
            unknown_fields=settings.unknown_fields,
            phone_region=settings.phone_region,
            utm_keys=settings.utm_keys,
            custom_values=settings.custom_values,
        )

    def attempt(self, lead: Claimed, claimed_at_monotonic: float) -> Result:
        """Make one attempt, or look into an unknown lead, and decide what becomes of it.

        Args:
            claimed_at_monotonic: when the claim was asked for, so that the lease surely lasts from
                then for its seconds.
        """
        if lead.look:
            transition = decide_expired(_standing(lead), self._policy)
            return Result(lead, Unknown(LEASE_EXPIRED), transition, 0.0)
        outcome = self._outcome(lead, claimed_at_monotonic)
        return self.conclude(lead, outcome, time.monotonic() - claimed_at_monotonic)

    def conclude(self, lead: Claimed, outcome: Outcome, took_seconds: float = 0.0) -> Result:
        """Decide what an outcome means for a lead."""
        transition = decide(outcome, _standing(lead), self._policy, random.random())
        return Result(lead, outcome, transition, took_seconds)

    def give_back(self, lead: Claimed, cause: str) -> Result:
        """Return a lead that nothing was done with."""
        if lead.look:
            return Result(lead, GivenBack(None, cause), LOOK_AGAIN, 0.0)
        return self.conclude(lead, GivenBack(None, cause))

    def settlement(self, result: Result) -> Settlement:
        """What the store is told of a result."""
        lead, outcome, transition = result.lead, result.outcome, result.transition
        if lead.look:
            entry = look_entry(transition, worker=self._worker)
        else:
            entry = attempt_entry(
                outcome,
                transition,
                attempt=lead.attempts + 1,
                worker=self._worker,
                took_seconds=result.took_seconds,
            )
        return Settlement(
            lead_id=lead.lead_id,
            token=lead.token,
            to=transition.to,
            due_seconds=transition.due_seconds,
            spends_attempt=transition.spends_attempt,
            api_id=getattr(outcome, "api_id", ""),
            fields=record_fields(outcome, transition),
            entry=entry,
        )

    def close(self) -> None:
        """Close the connections to the API."""
        self._api.close()

    def _outcome(self, lead: Claimed, claimed_at_monotonic: float) -> Outcome:
        valid = validate(lead.raw, self._rules)
        if isinstance(valid, Invalid):
            return valid
        sent = body(valid)
        reply = self._api.post_lead(
            write(sent).encode(),
            lease_ends_at_monotonic=claimed_at_monotonic + self._settings.lease_seconds,
        )
        cap = self._settings.retry_after_cap_seconds
        return classify(reply, sent, now_at=time.time(), retry_after_cap_seconds=cap)


def _standing(lead: Claimed) -> Standing:
    return Standing(
        attempts=lead.attempts, returned=lead.returned, age_seconds=max(0.0, lead.age_seconds)
    )
