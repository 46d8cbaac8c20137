"""A FastAPI app that takes leads at `POST /leads` and never blocks its event loop.

`enqueue` waits for Redis: a millisecond, or up to its bound of 2 s where Redis hangs. In an
`async def` that wait would stop every other request of the process, so it goes to a thread. Not to
a thread of the default pool, though: each plain `def` endpoint and each file that is served runs in
one of its 40, and a Redis that hangs would soon have them all. A limiter of its own lends the
enqueues other threads, and no more of them than it says.

This module owns what a caller is answered. It must not wait for a delivery.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from logging import getLogger
from typing import Any
from urllib.parse import parse_qsl

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from lead_producers import BadLead, LeadProducer, ProducerError

BODY_MAX_BYTES = 524_288
ENQUEUING_MOST = 20  # fewer than the producer's 50 connections, so that nobody waits for one
RETRY_AFTER_SECONDS = 5
SOURCE = "website"

log = getLogger("uvicorn.error")
enqueuing = CapacityLimiter(ENQUEUING_MOST)
producer = LeadProducer.from_url(
    os.environ.get("LEADS_REDIS_URL", "redis://localhost:6379/0"),
    os.environ.get("LEADS_NAMESPACE", "leads"),
    spool=os.environ.get("LEADS_SPOOL") or None,
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Close the producer's connections at the end."""
    yield
    producer.close()


app = FastAPI(lifespan=lifespan)


@app.post("/leads", status_code=202)
async def take(request: Request) -> dict[str, str]:
    """Enqueue a lead, in a thread."""
    lead, key = submitted(request.headers.get("content-type", ""), await body(request))
    call = partial(producer.enqueue, lead, key=key, source=SOURCE)
    receipt = await to_thread.run_sync(call, limiter=enqueuing)
    return {"lead_id": receipt.lead_id}


@app.get("/health")
def health() -> dict[str, int]:
    """Tell that the app is alive; a plain `def`, to show that the default pool is free as well."""
    return {"enqueuing": int(enqueuing.borrowed_tokens)}


@app.exception_handler(BadLead)
async def refuse(_: Request, error: BadLead) -> JSONResponse:
    """Say what is wrong: the text names the field and holds no value."""
    return JSONResponse({"error": str(error)}, 422)


@app.exception_handler(ProducerError)
async def ask_again(_: Request, error: ProducerError) -> JSONResponse:
    """Have the caller ask again.

    The error's text names the Redis: for the log, not for strangers. Where the lead was enqueued
    all the same, the same `submission_id` gets the receipt of that one.
    """
    log.error("no receipt for a lead: %s", error)
    answer = {"error": "the lead could not be taken just now: send it again"}
    return JSONResponse(answer, 503, {"Retry-After": str(RETRY_AFTER_SECONDS)})


async def body(request: Request) -> bytes:
    """Read the body, which may be no longer than `BODY_MAX_BYTES`: nobody else looks to that."""
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > BODY_MAX_BYTES:
            raise HTTPException(413)
    return bytes(received)


def submitted(content_type: str, received: bytes) -> tuple[dict[str, Any], Any]:
    """Read the lead of a body, and its idempotency key.

    The key is what the page put into `submission_id` when it was shown: a visitor who clicks twice,
    or a browser that asks again after a 503, makes no second lead.
    """
    read = READERS.get(content_type.partition(";")[0].strip().lower())
    if read is None:
        raise HTTPException(415, f"expected one of {', '.join(READERS)}")
    try:
        lead = read(received)
    except (ValueError, RecursionError):
        raise HTTPException(
            400, "expected what the Content-Type says, found something else"
        ) from None
    key = lead.pop("submission_id", None) if isinstance(lead, dict) else None
    if not isinstance(lead, dict) or not lead:
        raise BadLead("", "expected a form or a JSON object with at least one field")
    return lead, key or None


def from_form(received: bytes) -> dict[str, Any]:
    """Make a lead of a flat form: what begins with `utm_` goes into `utm`."""
    form = dict(parse_qsl(received.decode(), keep_blank_values=True))
    utm = {name: value for name, value in form.items() if name.startswith("utm_")}
    rest = {name: value for name, value in form.items() if name not in utm}
    return {**rest, "utm": utm} if utm else rest


READERS: dict[str, Callable[[bytes], Any]] = {
    "application/json": json.loads,
    "application/x-www-form-urlencoded": from_form,
}
