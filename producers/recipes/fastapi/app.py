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
import re
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from logging import getLogger
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from lead_producers import BadLead, BadPayload, LeadProducer, ProducerError
from lead_producers.mappings import form
from starlette.exceptions import HTTPException

BODY_MAX_BYTES = 524_288
FIELDS_MAX = 1000  # of a form
ENQUEUING_MOST = 20  # fewer than the producer's 50 connections, so that nobody waits for one
RETRY_AFTER_SECONDS = 5
SOURCE = "website"

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
CHARSETS = ("utf-8", "cp1252")  # the second is what browsers write for a page in Latin-1
BLANK: tuple[Any, ...] = (None, "", [], {})
REFUSALS = {
    400: f"expected JSON or a form of at most {FIELDS_MAX} fields, as the Content-Type says",
    413: f"expected at most {BODY_MAX_BYTES} bytes, found more",
    415: f"expected application/json, {FORM} or {MULTIPART} as the Content-Type, found another",
}

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
    lead, key = await submitted(BoundedRequest(request.scope, request.receive))
    call = partial(producer.enqueue, lead, key=key, source=SOURCE)
    receipt = await to_thread.run_sync(call, limiter=enqueuing)
    return {"lead_id": receipt.lead_id}


@app.get("/health")
def health() -> dict[str, int]:
    """Tell that the app is alive; a plain `def`, to show that the default pool is free as well."""
    return {"enqueuing": int(enqueuing.borrowed_tokens)}


@app.exception_handler(BadLead)
@app.exception_handler(BadPayload)
async def refuse(_: Request, error: ProducerError) -> JSONResponse:
    """Say what is wrong: the text names the field and holds no value."""
    return JSONResponse({"error": str(error)}, 422)


@app.exception_handler(HTTPException)
async def refuse_request(_: Request, error: HTTPException) -> JSONResponse:
    """Refuse what is no request for a lead, in the same form."""
    answer = {"error": REFUSALS.get(error.status_code, error.detail)}
    return JSONResponse(answer, error.status_code, error.headers)


@app.exception_handler(ProducerError)
async def ask_again(_: Request, error: ProducerError) -> JSONResponse:
    """Have the caller ask again.

    The error's text names the Redis: for the log, not for strangers. Where the lead was enqueued
    all the same, the same `submission_id` gets the receipt of that one.
    """
    log.error("no receipt for a lead: %s", error)
    answer = {"error": "the lead could not be taken just now: send it again"}
    return JSONResponse(answer, 503, {"Retry-After": str(RETRY_AFTER_SECONDS)})


class BoundedRequest(Request):
    """A request with a body of at most `BODY_MAX_BYTES`: nobody else looks to that."""

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Give the body piece by piece, as `body` and `form` read it."""
        received = 0
        async for chunk in super().stream():
            received += len(chunk)
            if received > BODY_MAX_BYTES:
                raise HTTPException(413)
            yield chunk


async def submitted(request: Request) -> tuple[dict[str, Any], str | None]:
    """Read the lead, and its idempotency key."""
    body = await request.body()
    mimetype = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if mimetype == "application/json" or re.fullmatch(r"application/.+\+json", mimetype):
            return from_json(body)
        if mimetype in (FORM, MULTIPART):
            is_multipart = mimetype == MULTIPART
            return from_form(await multipart(request) if is_multipart else urlencoded(body))
    except ProducerError:
        raise
    except (ValueError, RecursionError):
        raise HTTPException(400) from None
    raise HTTPException(415)


def from_json(body: bytes) -> tuple[dict[str, Any], str | None]:
    """Read a lead as the schema has it."""
    lead = json.loads(body, object_pairs_hook=each_once)
    submission_id = lead.pop("submission_id", None) if isinstance(lead, dict) else None
    if not isinstance(lead, dict) or all(value in BLANK for value in lead.values()):
        raise BadLead("", "expected a JSON object with a field that is filled in, found none")
    return lead, key_of(submission_id)


def from_form(fields: dict[str, list[str]]) -> tuple[dict[str, Any], str | None]:
    """Read a lead of a form's fields: `telefone` becomes `phone`, what has no place `custom`."""
    ids = fields.pop("submission_id", [])
    [mapped] = form(fields)
    # Not `mapped.key`: that is made of fields which a visitor can choose.
    return mapped.raw, key_of(ids[0] if len(ids) == 1 else ids or None)


def key_of(submission_id: object) -> str | None:
    """Make the idempotency key of what the page put into `submission_id` when it was shown.

    A visitor who clicks twice, or a browser that asks again after a 503, makes no second lead.

    A lead under a known key is dropped, and all producers of a namespace share their keys. What is
    in this field a visitor can choose. So its keys begin with this app's name: none is ever that of
    a webhook or a relay. And it is a UUID: nobody can guess the one of somebody else's page.
    """
    if submission_id in (None, ""):
        return None
    with suppress(ValueError):
        if isinstance(submission_id, str):
            return f"{SOURCE}:{UUID(submission_id)}"
    raise BadLead("submission_id", "expected a UUID, found something else")


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its members; json alone drops all of a name but the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise BadLead("", f"expected each name once in an object, found {name!a:.100} again")
    return found


def urlencoded(body: bytes) -> dict[str, list[str]]:
    """Read a form in one of `CHARSETS`: a browser does not say in which it wrote it."""
    for charset in CHARSETS:
        with suppress(UnicodeDecodeError):
            text = body.decode(charset)
            return parse_qs(text, encoding=charset, errors="strict", max_num_fields=FIELDS_MAX)
    raise ValueError


async def multipart(request: Request) -> dict[str, list[str]]:
    """Read the texts of a form; files are left out."""
    if not (await request.body()).rstrip().endswith(b"--"):
        raise ValueError  # it was cut off; Starlette would take what is there
    fields: dict[str, list[str]] = {}
    async with request.form(max_files=FIELDS_MAX, max_fields=FIELDS_MAX) as found:
        for name, value in found.multi_items():
            if isinstance(value, str):
                fields.setdefault(name, []).append(value)
    return fields
