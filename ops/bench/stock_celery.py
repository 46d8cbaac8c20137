"""Stock Celery as its documentation has it, for comparison: a task for each lead posts it."""

from __future__ import annotations

import os
from typing import Any

import requests
from celery import Celery

app = Celery("stock", broker=os.environ["BENCH_BROKER"])
app.conf.update(task_ignore_result=True, task_default_queue="stock")
URL, TOKEN = os.environ["BENCH_API"], "token"


@app.task(  # type: ignore[untyped-decorator]
    autoretry_for=(requests.RequestException,), retry_backoff=True, max_retries=20
)
def deliver(lead: dict[str, Any]) -> None:
    """Post one lead."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    requests.post(f"{URL}/leads", json=lead, headers=headers, timeout=10).raise_for_status()
