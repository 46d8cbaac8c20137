"""The leads that all contenders deliver: 250 bytes of JSON each, no two alike.

`peers/bullmq/bullmq.mjs` makes the same ones. It must import nothing but Python: each contender's
own environment runs it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

CHUNK = 1000
"""Leads to a call in bulk, where a contender takes a list and not an iterable."""

Lead = dict[str, Any]


def lead_of(number: int) -> Lead:
    """The lead of a number from 0 to 999,999."""
    return {
        "name": "Maria da Silva",
        "email": f"maria{number:06d}@example.com",
        "phone": f"(11) 98765-{number % 10_000:04d}",
        "company": "Padaria Boa Vista",
        "site": "https://example.com",
        "custom": {"cargo": "gerente", "loja": "centro"},
        "utm": {"source": "google", "medium": "cpc", "campaign": "outono"},
    }


def stamped(number: int, enqueued_ns: int) -> Lead:
    """The same lead with the instant at which it was enqueued, in nanoseconds of the epoch."""
    lead = lead_of(number)
    lead["custom"] |= {"enqueued_ns": str(enqueued_ns)}
    return lead


def chunks(leads: Iterator[Lead]) -> Iterator[list[Lead]]:
    """The leads in lists of `CHUNK`."""
    chunk: list[Lead] = []
    for lead in leads:
        chunk.append(lead)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
