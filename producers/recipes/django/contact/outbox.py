"""The second way: an outbox. The lead is a row of the app's own transaction, and a relay sends it.

There is a lead if and only if the transaction committed, whatever is away and whoever is killed: a
row is deleted only once Redis has confirmed its lead, and one that is sent again changes nothing,
because its key is known. It must not use a spool: the row is the better one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from lead_producers import BadLead, LeadProducer

from .models import OutboxLead

BATCH = 200
"""As many as the producer sends in one round trip."""

SOURCE = "contact-form"
KEY_PREFIX = "outbox:"
"""All producers of a namespace share its keys; with this none of ours is that of another app."""


def add(lead: Mapping[str, Any]) -> None:
    """Write a lead into the outbox; to be called in the transaction that saves what it tells of."""
    OutboxLead.objects.create(raw_json=json.dumps(lead, cls=DjangoJSONEncoder))


def send_batch(producer: LeadProducer) -> int:
    """Send the oldest leads of the outbox; gives how many rows were seen to.

    Raises:
        ProducerError: Redis did not confirm. The rows stay, and the call can be repeated.
    """
    with _oldest() as rows:
        leads, faults = _read(rows)
        sent: list[int] = []
        summary = producer.enqueue_many(
            (lead for _, lead in leads),
            "live",
            source=SOURCE,
            key=lambda index, _: f"{KEY_PREFIX}{leads[index][0].key}",
            on_receipt=lambda index, _: sent.append(leads[index][0].pk),
        )
        OutboxLead.objects.filter(pk__in=sent).delete()
        faults |= {leads[index][0].pk: reason for index, reason in summary.refused}
        # No try will mend these: whoever looks after the app must see them, and the rest go on.
        for pk, reason in faults.items():
            OutboxLead.objects.filter(pk=pk).update(error=reason)
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


def _read(rows: list[OutboxLead]) -> tuple[list[tuple[OutboxLead, Any]], dict[int, str]]:
    """Read the leads; gives for each row that cannot be read the reason, by its id."""
    leads: list[tuple[OutboxLead, Any]] = []
    faults: dict[int, str] = {}
    for row in rows:
        try:
            leads.append((row, json.loads(row.raw_json, object_pairs_hook=_each_once)))
        except BadLead as error:
            faults[row.pk] = str(error)
        except RecursionError:
            faults[row.pk] = "raw_json: expected fewer levels, found more than can be read"
        except json.JSONDecodeError:
            faults[row.pk] = "raw_json: expected JSON, found another text"
        except ValueError:
            faults[row.pk] = "raw_json: expected shorter numbers, found one that cannot be read"
    return leads, faults


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its members; json alone drops all of a name but the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise BadLead(
            "raw_json", f"expected each name once in an object, found {name!a:.100} again"
        )
    return found
