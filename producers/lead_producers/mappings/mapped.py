"""What a mapping gives: the arguments of `LeadProducer.enqueue`, and whether the lead is a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, repr=False)
class Mapped:
    """One lead as the schema wants it.

    It has no repr of its fields, because a lead is personal data and reprs end up in logs.

    Attributes:
        raw: the lead; values are as they came.
        key: the idempotency key that the source offers; None where it offers none that is safe.
        source: the mapping's name in `MAPPINGS`.
        test: whether the source says that nobody is behind it; `raw["custom"]["test_lead"]` is
            then "yes".
    """

    raw: dict[str, Any]
    key: str | None
    source: str
    test: bool = False
