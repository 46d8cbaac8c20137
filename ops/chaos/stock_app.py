"""Stock Celery as its documentation has it: a task for each lead, acknowledged late, retried.

It is what the same faults are brought upon for comparison; the environment says where to.
"""

from __future__ import annotations

import os
from typing import Any

import requests
from celery import Celery

VISIBILITY_SECONDS = 60
"""Documented for Redis: longer than the longest countdown of a retry. The default is an hour, with
which no task of a killed worker would come back within a run."""

RETRY_CAP_SECONDS = 30
MAX_RETRIES = 20

app = Celery("stock", broker=os.environ.get("CHAOS_BROKER", "memory://"))
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    task_default_queue="stock",
    broker_transport_options={"visibility_timeout": VISIBILITY_SECONDS},
    broker_connection_retry_on_startup=True,
)


@app.task(  # type: ignore[untyped-decorator]
    acks_late=True,
    autoretry_for=(requests.RequestException,),
    retry_backoff=True,
    retry_backoff_max=RETRY_CAP_SECONDS,
    max_retries=MAX_RETRIES,
)
def deliver(lead: dict[str, Any]) -> None:
    """Post one lead."""
    headers = {"Authorization": f"Bearer {os.environ['CHAOS_TOKEN']}"}
    url = f"{os.environ['CHAOS_API']}/leads"
    requests.post(url, json=lead, headers=headers, timeout=2).raise_for_status()
