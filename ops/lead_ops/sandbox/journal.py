"""What arrived, in order, with what became of it: for tests, which hold it against what was sent.

It owns the order and the counts. It holds bodies, which are personal data: they stay out of its
reprs, and who shows an arrival shows no body unasked. It takes no lock: the desk holds it.
"""

from __future__ import annotations

import base64
from collections import Counter, deque
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from .faults import Kind

LIMIT = 100_000


class Sent(StrEnum):
    """How much of the answer was handed to the connection."""

    PENDING = "pending"
    WHOLE = "whole"
    PART = "part"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request.

    Attributes:
        number: from 1, in order of arrival.
        at: epoch seconds.
        monotonic_at: seconds of the monotonic clock of the sandbox's process.
        method: such as `POST`; "" where what came was no HTTP.
        path: without the query.
        query: as sent, without `?`.
        body: as received; the chunks of a chunked one put together.
        status: of the answer; None where there was none to be.
        lead_id: of the lead that this request created, or None.
        fault: what went wrong on request, or None.
        sent: how much of the answer was handed to the connection.
    """

    number: int
    at: float
    monotonic_at: float
    method: str
    path: str
    query: str = field(repr=False)
    body: bytes = field(repr=False)
    status: int | None
    lead_id: str | None
    fault: Kind | None
    sent: Sent

    def as_json(self) -> dict[str, Any]:
        """All of it; `body_base64` is the body to the byte."""
        return {
            "number": self.number,
            "at": self.at,
            "monotonic_at": self.monotonic_at,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "body_base64": base64.b64encode(self.body).decode("ascii"),
            "status": self.status,
            "lead_id": self.lead_id,
            "fault": self.fault,
            "sent": self.sent,
        }


class Journal:
    """The last `LIMIT` arrivals; the counts are of all."""

    def __init__(self) -> None:
        self._arrivals: deque[Arrival] = deque(maxlen=LIMIT)
        self._by_status: Counter[str] = Counter()
        self.total = 0

    def record(
        self,
        times: tuple[float, float],
        request: tuple[str, str, str, bytes],
        *,
        status: int | None,
        lead_id: str | None = None,
        fault: Kind | None = None,
        sent: Sent = Sent.WHOLE,
    ) -> int:
        """Add an arrival; answers its number.

        Args:
            times: epoch and monotonic seconds.
            request: method, path, query and body.
            status: as in `Arrival`, as are the others.
        """
        self.total += 1
        method, path, query, body = request
        self._arrivals.append(
            Arrival(self.total, *times, method, path, query, body, status, lead_id, fault, sent)
        )
        self._by_status["none" if status is None else str(status)] += 1
        return self.total

    def settle(self, number: int, sent: Sent) -> None:
        """Note what became of an answer that was pending."""
        index = number - (self.total - len(self._arrivals)) - 1
        if index >= 0:
            self._arrivals[index] = replace(self._arrivals[index], sent=sent)

    def all(self) -> list[Arrival]:
        """The arrivals that are still kept, oldest first."""
        return list(self._arrivals)

    def after(self, number: int, size: int) -> list[Arrival]:
        """Up to `size` arrivals whose number is larger."""
        first = max(0, number - (self.total - len(self._arrivals)))
        return [self._arrivals[i] for i in range(first, min(len(self._arrivals), first + size))]

    def by_status(self) -> dict[str, int]:
        """How many requests were answered with which status; `none` counts those without one."""
        return dict(sorted(self._by_status.items()))
