"""The leads that the sandbox has created, in order, and how one comes to be.

It owns ids, time stamps and the moment from which a lead is listed. It reads no clock and takes no
lock: the desk gives the time and holds the lock.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .body import Lead
from .datafile import DataFile

ID_PREFIX = "sandbox_"
WORKSPACE_ID = "sandbox_workspace"


def stamp(at: float) -> str:
    """Epoch seconds as the API writes them: ISO 8601 with milliseconds and Z."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


@dataclass(slots=True)
class LeadBook:
    """Each lead that was created, oldest first.

    Attributes:
        file: where each new lead is appended before it counts, or None.
    """

    file: DataFile | None = None
    leads: list[Lead] = field(default_factory=list)
    _stamps: list[str] = field(default_factory=list)
    _listed_at: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.file is not None:
            self.leads = self.file.load()
            self._stamps = [lead["createdAt"] for lead in self.leads]

    def draft(self, fields: Lead, now: float) -> Lead:
        """A lead as the API would answer it, not created yet. `createdAt` never goes back."""
        created = max(stamp(now), self._stamps[-1] if self._stamps else "")
        return {
            "id": ID_PREFIX + os.urandom(10).hex(),
            "workspaceId": WORKSPACE_ID,
            **fields,
            "createdAt": created,
            "updatedAt": created,
        }

    def create(self, lead: Lead, listed_at: float | None = None) -> None:
        """Make a draft a lead.

        Args:
            lead: what `draft` gave.
            listed_at: epoch seconds before which no listing shows it; None means at once.

        Raises:
            OSError: the data file cannot be written; then the lead was not created.
        """
        if self.file is not None:
            self.file.append(lead)
        self.leads.append(lead)
        self._stamps.append(lead["createdAt"])
        if listed_at is not None:
            self._listed_at[lead["id"]] = listed_at

    def listed(self, now: float, since: str = "") -> Iterator[Lead]:
        """What a listing may show, newest first, created at `since` (a stamp) or later."""
        first = bisect_left(self._stamps, since)
        for index in range(len(self.leads) - 1, first - 1, -1):
            lead = self.leads[index]
            if self._listed_at.get(lead["id"], 0.0) <= now:
                yield lead
