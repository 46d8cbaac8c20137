"""A client of the API for a test, and its replies judged."""

from __future__ import annotations

import json
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from lead_worker.api import Exchange, LeadsApi, Progress
from lead_worker.api.call import Call, CallFailed, calling
from lead_worker.api.connection import LIBRARY_ERRORS
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
    """Post in the way that the fixture `way` has chosen, which must make no difference."""
    if way.is_begun:
        if way.opens_first:
            _open_a_connection(api)
        begun = api.begin_post(body, lease_ends_at_monotonic=time.monotonic() + 600)
        if begun is not None:
            return _awaited(begun) if isinstance(begun, Exchange) else begun
    return api.post_lead(body, lease_ends_at_monotonic=time.monotonic() + 600)


@dataclass
class Way:
    """How `post` posts.

    Args:
        is_begun: begun on an open connection, and read as it comes in; else by a thread that waits.
        opens_first: have a connection open even for the first; else that one is waited for.
    """

    is_begun: bool = False
    opens_first: bool = False


way = Way()


def _open_a_connection(api: LeadsApi) -> None:
    """Have one open before the call, as after an earlier one; nothing where that fails."""
    pool: Any = api._adapter.pool
    with suppress(CallFailed, *LIBRARY_ERRORS), calling(Call(api._settings, time.monotonic())):
        connection = pool._get_conn()
        if connection.sock is None:
            if connection.proxy is not None:
                pool._prepare_proxy(connection)
            connection.connect()
            connection._answered_at = time.monotonic()
        pool._put_conn(connection)


def _awaited(exchange: Exchange) -> Reply:
    """What `Sending` does, for one call."""
    progress = Progress.COMING if exchange.is_sent else Progress.UNFORESEEABLE
    while progress is Progress.COMING and (left := exchange.deadline_at - time.monotonic()) > 0:
        if select.select([exchange], [], [], left)[0]:
            progress = exchange.receive()
    return exchange.reply()


def reply_of(url: str, **changed: Any) -> Reply:
    with client(url, **changed) as api:
        return post(api)


def judged(reply: Reply) -> Outcome:
    return classify(reply, SENT, now_at=time.time(), retry_after_cap_seconds=3600.0)


def outcome_of(url: str, **changed: Any) -> Outcome:
    return judged(reply_of(url, **changed))
