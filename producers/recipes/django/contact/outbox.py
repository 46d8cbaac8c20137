"""The second way: an outbox. The lead is a row of the app's own transaction, and a relay sends it.

There is a lead if and only if the transaction committed, whatever is away and whoever is killed: a
row is deleted only once Redis has confirmed its lead, and one that is sent again changes nothing,
because its key is known. It must not use a spool: the row is the better one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from lead_producers import LeadProducer

from .models import OutboxLead

BATCH = 200
"""As many as the producer sends in one round trip."""

SOURCE = "contact-form"


def add(lead: Mapping[str, Any]) -> None:
    """Write a lead into the outbox; to be called in the transaction that saves what it tells of."""
    OutboxLead.objects.create(raw_json=json.dumps(lead, cls=DjangoJSONEncoder))


def send_batch(producer: LeadProducer) -> int:
    """Send the oldest leads of the outbox; gives how many rows were seen to.

    Raises:
        ProducerError: Redis did not confirm. The rows stay, and the call can be repeated.
    """
    with _oldest() as rows:
        sent: list[int] = []
        summary = producer.enqueue_many(
            map(_lead, rows),
            "live",
            source=SOURCE,
            key=lambda index, _: str(rows[index].key),
            on_receipt=lambda index, _: sent.append(rows[index].pk),
        )
        OutboxLead.objects.filter(pk__in=sent).delete()
        # No try will mend these: whoever looks after the app must see them, and the rest go on.
        for index, reason in summary.refused:
            OutboxLead.objects.filter(pk=rows[index].pk).update(error=reason)
    return len(rows)


@contextmanager
def _oldest() -> Iterator[list[OutboxLead]]:
    """Rows to send, in the order in which they were written.

    Where the database can, they are locked, and relays side by side share the work. Where it cannot
    (SQLite) two of them may send the same rows, which costs time and makes no second lead; a
    transaction would only keep the app from writing while Redis is waited for.
    """
    rows = OutboxLead.objects.filter(error="").order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        with transaction.atomic():
            yield list(rows.select_for_update(skip_locked=True)[:BATCH])
    else:
        yield list(rows[:BATCH])


def _lead(row: OutboxLead) -> Any:
    try:
        return json.loads(row.raw_json)
    except ValueError:
        return None  # somebody else wrote it; the producer refuses it
