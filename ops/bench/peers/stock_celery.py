"""Stock Celery: a task for each lead that posts it, with the retries of Celery's documentation.

`BENCH_SESSION` makes its tasks share one session instead of connecting anew for each lead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import requests
from celery import Celery
from requests.adapters import HTTPAdapter

from bench.leads import Lead

app = Celery("stock", broker=os.environ["BENCH_REDIS"])
URL = os.environ["BENCH_API"] + "/leads"
HEADERS = {"Authorization": "Bearer token"}
RETRIES = {
    "autoretry_for": (requests.RequestException,),
    "retry_backoff": True,
    "retry_kwargs": {"max_retries": 20},
}

session = requests.Session()
# As many connections as threads: with the ten of the default the others would connect anew.
session.mount("http://", HTTPAdapter(pool_maxsize=int(os.environ["BENCH_IN_FLIGHT"])))


@app.task(**RETRIES)  # type: ignore[untyped-decorator]
def deliver(lead: Lead) -> None:
    """Post one lead."""
    requests.post(URL, json=lead, headers=HEADERS, timeout=10).raise_for_status()


@app.task(**RETRIES)  # type: ignore[untyped-decorator]
def deliver_in_session(lead: Lead) -> None:
    """Post one lead over a connection that is kept."""
    session.post(URL, json=lead, headers=HEADERS, timeout=10).raise_for_status()


task = deliver_in_session if os.environ.get("BENCH_SESSION") else deliver
enqueue = task.delay


def enqueue_many(leads: Iterator[Lead]) -> None:
    """One by one, as Celery has no bulk call; a `group` sends one by one too, and is slower."""
    for lead in leads:
        task.delay(lead)
