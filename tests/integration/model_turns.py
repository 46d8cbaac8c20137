"""Answers to claims, the store's and the model's, in one form: times to the ten seconds."""

from __future__ import annotations

from dataclasses import replace

from lead_worker.store import Claimed, Turn

from tests.integration.model_claims import Given, Told
from tests.integration.model_sight import about, lasting


def of_model(given: Given) -> Given:
    """What the model says that a claim gives."""
    leads = [
        replace(
            told,
            age=lasting(told.age),
            enqueued_at=about(told.enqueued_at),
            unknown_since=about(told.unknown_since),
        )
        for told in given.leads
    ]
    return replace(given, leads=tuple(leads))


def of_store(turn: Turn, began_at: float) -> Given:
    """What a claim gave.

    Args:
        began_at: Redis's clock when the model's was nought.
    """
    if turn.held:
        return Given(held=turn.held.kind, over=turn.held.over)
    return Given(tuple(_told(lead, began_at) for lead in turn.claimed), more=turn.more)


def _told(lead: Claimed, began_at: float) -> Told:
    return Told(
        lead.lead_id, lead.token, lead.look, lead.lane, lead.attempts, lead.returned,
        lead.expiries, lead.raw,
        age=lasting(lead.age_seconds),
        enqueued_at=about(lead.enqueued_at - began_at),
        canary_of=lead.canary_of,
        doubted=lead.doubted,
        unknown_since=about(lead.unknown_since_at - began_at) if lead.look else 0.0,
        progress=lead.progress,
    )  # fmt: skip
