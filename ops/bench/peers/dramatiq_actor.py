"""Dramatiq: an actor that posts one lead, with its default retries and middleware."""

from __future__ import annotations

import os
from collections.abc import Iterator

import dramatiq  # type: ignore[import-not-found]
import requests
from dramatiq.brokers.redis import RedisBroker  # type: ignore[import-not-found]

from bench.leads import Lead

dramatiq.set_broker(RedisBroker(url=os.environ["BENCH_REDIS"]))
URL = os.environ["BENCH_API"] + "/leads"
HEADERS = {"Authorization": "Bearer token"}


@dramatiq.actor  # type: ignore[untyped-decorator]
def deliver(lead: Lead) -> None:
    """Post one lead."""
    requests.post(URL, json=lead, headers=HEADERS, timeout=10).raise_for_status()


enqueue = deliver.send


def enqueue_many(leads: Iterator[Lead]) -> None:
    """One by one, as Dramatiq has no bulk call; a `group` sends one by one too, and is slower."""
    for lead in leads:
        deliver.send(lead)
