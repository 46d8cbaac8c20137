"""RQ: a job that posts one lead."""

from __future__ import annotations

import os
from collections.abc import Iterator

import requests
from redis import Redis
from rq import Queue, Retry  # type: ignore[import-not-found]

from bench.leads import Lead, chunks

URL = os.environ["BENCH_API"] + "/leads"
HEADERS = {"Authorization": "Bearer token"}

queue = Queue(connection=Redis.from_url(os.environ["BENCH_REDIS"]))
retry = Retry(max=3, interval=[10, 30, 60])


def deliver(lead: Lead) -> None:
    """Post one lead."""
    requests.post(URL, json=lead, headers=HEADERS, timeout=10).raise_for_status()


def enqueue(lead: Lead) -> None:
    """With one call."""
    queue.enqueue(deliver, lead, retry=retry)


def enqueue_many(leads: Iterator[Lead]) -> None:
    """In one pipeline for each list."""
    for chunk in chunks(leads):
        queue.enqueue_many([Queue.prepare_data(deliver, (lead,), retry=retry) for lead in chunk])
