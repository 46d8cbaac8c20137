"""What a call gives back: a `Receipt` for a lead, a `Summary` for a bulk of them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Receipt:
    """The lead is in the queue, or in the spool on its way there.

    Attributes:
        lead_id: 32 hex digits; what identifies the lead from now on.
        duplicate: it is there already, by its idempotency key or its content; `lead_id` is that of
            the first lead.
        spooled: it waits in the spool on this machine instead of in Redis.
    """

    lead_id: str
    duplicate: bool = False
    spooled: bool = False


@dataclass(slots=True)
class Summary:
    """What became of a bulk of leads; each is in one of the counts.

    Attributes:
        accepted: how many are in the queue by this call.
        spooled: how many wait in the spool instead.
        duplicates: how many were there already, by their idempotency key or their content.
        refused_count: how many cannot be stored.
        refused: index and reason of the first 1,000 of those, unless `on_refused` was told of all.
    """

    accepted: int = 0
    spooled: int = 0
    duplicates: int = 0
    refused_count: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many leads were read, and are known to be in one of the counts."""
        return self.accepted + self.spooled + self.duplicates + self.refused_count
