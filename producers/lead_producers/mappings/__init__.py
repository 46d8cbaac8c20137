"""From the payloads that leads really come in to the lead schema: one pure function per source.

An app imports this package by itself (`from lead_producers.mappings import typeform`); importing
`lead_producers` does not load it. A mapping reads no clock, does no I/O, and raises `BadPayload`
and nothing else, whatever the payload holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .bad_payload import BadPayload
from .form_posts import form
from .google_lead_forms import google_ads
from .mapped import Mapped
from .meta_lead_ads import meta
from .rd_station_webhooks import rd_station
from .typeform_responses import typeform

MAPPINGS: dict[str, Callable[[Mapping[str, Any]], list[Mapped]]] = {
    "rd-station": rd_station,
    "meta": meta,
    "google-ads": google_ads,
    "typeform": typeform,
    "form": form,
}
"""Each mapping by the name that its leads have as their source."""

__all__ = [
    "MAPPINGS",
    "BadPayload",
    "Mapped",
    "form",
    "google_ads",
    "meta",
    "rd_station",
    "typeform",
]
