"""A trace of a delivery: from the app's request that enqueued the lead to the API's answer.

It owns which deliveries are traced, and builds each trace when the lead is settled, so that the
senders know nothing of it. It must not hold a value of a lead.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sentry_sdk

from .sentry import DELIVER

NAME = "deliver a lead"

MOST_A_SECOND = 20
"""A process sends no more traces than this: the SDK's queue is short, and reports come first."""

UNSAMPLED = "0"
"""In place of headers: the app decided that its request is not traced, and so is the delivery."""


@dataclass(frozen=True, slots=True)
class Traced:
    """One attempt that is over.

    Attributes:
        trace: headers of the app's trace, as a JSON object, where the app sampled it; else "".
        enqueued_at, claimed_at: by Redis's clock; enqueued_at may be 0.
        took_seconds: from the claim to the outcome.
        api_seconds: of them, in the call of the API.
    """

    trace: str
    lead_id: str
    lane: str
    attempt: int
    outcome: str
    cause: str
    enqueued_at: float
    claimed_at: float
    took_seconds: float
    api_seconds: float


class Tracer:
    """Sends the traces of one process to Sentry.

    Args:
        rate: the part of deliveries that are traced, 0 to 1, where the app did not decide; with 0
            none is traced at all.
        clock: seconds, of a clock that does not go back.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._second, self._sent = 0, 0

    def takes(self, trace: str) -> bool:
        """Whether a delivery is to be traced; to be asked once for each, for some fit in a second.

        Args:
            trace: as in its record: headers, "0", or "" where no app decided. Of headers only those
                that end in the app's decision are one; anything else leaves it to the rate.
        """
        sampled = _decided(trace)
        if self._rate <= 0 or sampled is False:
            return False
        if sampled is None and random.random() >= self._rate:
            return False
        second = int(self._clock())
        if second != self._second:
            self._second, self._sent = second, 0
        self._sent += 1
        return self._sent <= MOST_A_SECOND

    def send(self, traced: Traced) -> None:
        """Send one attempt's trace; as a part of the app's where that is known."""
        with sentry_sdk.new_scope():
            transaction: Any = sentry_sdk.continue_trace(
                _headers(traced.trace), op=DELIVER, name=NAME, source="task"
            )
            sentry_sdk.start_transaction(transaction)
            ends_at = traced.claimed_at + traced.took_seconds
            transaction.start_timestamp = _moment(traced.claimed_at)
            tags = {"lead_id": traced.lead_id, "lane": traced.lane, "outcome": traced.outcome}
            tags |= {"attempt": str(traced.attempt), "cause": traced.cause}
            for name, value in tags.items():
                transaction.set_tag(name, value)
            transaction.set_status("ok" if traced.outcome == "delivered" else "unknown_error")
            if traced.attempt == 1 and 0 < traced.enqueued_at < traced.claimed_at:
                _span(transaction, "queue.wait", traced.enqueued_at, traced.claimed_at)
            if traced.api_seconds:
                _span(transaction, "http.client", ends_at - traced.api_seconds, ends_at)
            transaction.finish(end_timestamp=_moment(ends_at))


def _span(transaction: Any, op: str, from_at: float, to_at: float) -> None:
    span = transaction.start_child(op=op, name=op)
    span.start_timestamp = _moment(from_at)
    span.finish(end_timestamp=_moment(to_at))


def _decided(trace: str) -> bool | None:
    """Whether the app has sampled its request; None where it did not decide."""
    if trace == UNSAMPLED:
        return False
    end = _headers(trace).get("sentry-trace", "")[-2:]
    return {"-1": True, "-0": False}.get(end)


def _headers(trace: str) -> dict[str, str]:
    try:
        headers = json.loads(trace or "{}")
    except (ValueError, RecursionError):
        headers = {}
    found = headers if isinstance(headers, dict) else {}
    return {name: str(found[name]) for name in ("sentry-trace", "baggage") if found.get(name)}


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
