"""The app's own data, and the outbox that leads wait in until Redis has them."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models


class Contact(models.Model):
    """Somebody who filled in the form."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    email = models.EmailField(unique=True)
    phone = models.CharField(max_length=50, blank=True)

    def as_lead(self) -> dict[str, Any]:
        """What is handed over: the API's names, and nothing that it has no use for."""
        return {"name": self.name, "email": self.email, "phone": self.phone}


class OutboxLead(models.Model):
    """A lead that was written together with the app's data and is not in the queue yet.

    The row goes when the lead is in the queue, and with it this copy of the personal data. One that
    cannot be stored there stays, with the reason: `OutboxLead.objects.exclude(error="")`.
    """

    # Of the idempotency key. It makes it harmless to send a row again.
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    # Text, not a JSONField: no database then finds fault with a value (PostgreSQL's jsonb refuses
    # "\u0000") and fails the transaction of the app.
    raw_json = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    error = models.TextField(blank=True, default="")
