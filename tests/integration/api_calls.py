"""A client of the API for a test, and its replies judged."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lead_worker.api import LeadsApi
from lead_worker.core.classify import classify
from lead_worker.core.outcome import Outcome
from lead_worker.core.reply import Reply
from lead_worker.settings import Secret, Settings

from tests.integration.behaviours import SENT

TOKEN = "sample-token-7f3a"
BODY = json.dumps(SENT).encode()
SHORT_SECONDS = 0.2


@contextmanager
def client(url: str, **changed: Any) -> Iterator[LeadsApi]:
    settings: dict[str, Any] = {"deadline_seconds": 5.0, "idle_seconds": 60.0, **changed}
    api = LeadsApi(Settings(api_url=url, api_token=Secret(TOKEN), **settings))
    try:
        yield api
    finally:
        api.close()


def post(api: LeadsApi, body: bytes = BODY) -> Reply:
    return api.post_lead(body, lease_ends_at_monotonic=time.monotonic() + 600)


def reply_of(url: str, **changed: Any) -> Reply:
    with client(url, **changed) as api:
        return post(api)


def judged(reply: Reply) -> Outcome:
    return classify(reply, SENT, now_at=time.time(), retry_after_cap_seconds=3600.0)


def outcome_of(url: str, **changed: Any) -> Outcome:
    return judged(reply_of(url, **changed))
