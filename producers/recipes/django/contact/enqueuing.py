"""The first way: enqueue once the transaction has committed.

It owns this process's producer. Where Redis is away after the commit there are data without a lead,
unless the producer has a spool; who cannot live with that takes the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from logging import getLogger
from typing import Any

from django.conf import settings
from django.db import transaction
from lead_producers import LeadProducer, ProducerError

SOURCE = "contact-form"
KEY_PREFIX = "contact:"
"""All producers of a namespace share its keys; with this none of ours is that of another app."""

log = getLogger(__name__)


@cache
def producer() -> LeadProducer:
    """This process's producer, for all of its threads.

    Made when it is first used: a command of `manage.py`, perhaps run by another user, must not make
    the spool's file.

    Raises:
        ValueError, SpoolError: a setting is wrong.
    """
    return LeadProducer.from_url(
        settings.LEADS_REDIS_URL, settings.LEADS_NAMESPACE, spool=settings.LEADS_SPOOL
    )


def enqueue_on_commit(lead: Mapping[str, Any], contact_id: object) -> None:
    """Enqueue when the transaction that is under way has committed; where none is, at once.

    Before that the lead could be delivered although the transaction is rolled back. Under
    `ATOMIC_REQUESTS` this is after the view has returned, so no view can answer with a lead's id.
    Django's `TestCase` never commits: `captureOnCommitCallbacks(execute=True)` runs it there.
    """
    # A setting that is wrong raises here, while the data can still be rolled back.
    transaction.on_commit(partial(_enqueue, producer(), lead, contact_id))


def _enqueue(producer: LeadProducer, lead: Mapping[str, Any], contact_id: object) -> None:
    try:
        producer.enqueue(lead, key=f"{KEY_PREFIX}{contact_id}", source=SOURCE)
    except ProducerError as error:
        # The data are saved, so an error page would be a lie, and callbacks after this one would
        # not run. `robust=True` spares them too, but logs a traceback, whose frames hold the lead.
        log.error("no receipt for the lead of contact %s: %s", contact_id, error)
