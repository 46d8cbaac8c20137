"""A Flask app that takes leads at `POST /leads`, as JSON or from an HTML form.

It owns what a caller is answered. It must not wait for a delivery: a receipt is all that it needs.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import suppress
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from flask import Flask, request
from lead_producers import BadLead, BadPayload, LeadProducer, ProducerError
from lead_producers.mappings import form
from werkzeug.datastructures import Headers
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)
from werkzeug.formparser import MultiPartParser

BODY_MAX_BYTES = 524_288
FIELDS_MAX = 1000  # of a form
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
Answer = tuple[dict[str, Any], int, dict[str, str]]


def create_app() -> Flask:
    """Make the app, with the one producer that all of its threads share."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX_BYTES
    # It connects when it is first used, so a server may fork after this.
    producer = LeadProducer.from_url(
        os.environ.get("LEADS_REDIS_URL", "redis://localhost:6379/0"),
        os.environ.get("LEADS_NAMESPACE", "leads"),
        spool=os.environ.get("LEADS_SPOOL") or None,
    )

    @app.post("/leads")
    def take() -> Answer:
        lead, key = submitted()
        receipt = producer.enqueue(lead, key=key, source=SOURCE)
        return {"lead_id": receipt.lead_id}, 202, {}

    @app.errorhandler(BadLead)
    @app.errorhandler(BadPayload)
    def refuse(error: ProducerError) -> Answer:
        # Its text names the field and holds no value, so it may be shown and logged.
        return {"error": str(error)}, 422, {}

    @app.errorhandler(HTTPException)
    def refuse_request(error: HTTPException) -> Answer:
        code = error.code or 500
        headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
        return {"error": REFUSALS.get(code, error.name)}, code, headers

    @app.errorhandler(ProducerError)
    def ask_again(error: ProducerError) -> Answer:
        # The text names the Redis: for the log, not for strangers. Where the lead was enqueued all
        # the same, whoever asks again with the same `submission_id` gets the receipt of that one.
        app.logger.error("no receipt for a lead: %s", error)
        answer = {"error": "the lead could not be taken just now: send it again"}
        return answer, 503, {"Retry-After": str(RETRY_AFTER_SECONDS)}

    return app


def submitted() -> tuple[dict[str, Any], str | None]:
    """Read the lead, and its idempotency key."""
    body = request.get_data()  # 413 beyond MAX_CONTENT_LENGTH
    try:
        if request.is_json:
            return from_json(body)
        if request.mimetype in (FORM, MULTIPART):
            return from_form(multipart(body) if request.mimetype == MULTIPART else urlencoded(body))
    except ProducerError:
        raise
    except (ValueError, RecursionError):
        raise BadRequest from None
    raise UnsupportedMediaType


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


class Parts(MultiPartParser):
    """A parser that keeps each byte of a text, where Flask's would spoil what is not UTF-8."""

    def get_part_charset(self, _headers: Headers) -> str:
        """Name the charset in which each byte is a character."""
        return "latin-1"


def multipart(body: bytes) -> dict[str, list[str]]:
    """Read the texts of a form; files are left out."""
    boundary = request.mimetype_params.get("boundary", "").encode()
    if not boundary:
        raise ValueError
    try:
        fields, _ = Parts(max_form_parts=FIELDS_MAX).parse(BytesIO(body), boundary, len(body))
    except RequestEntityTooLarge:
        raise ValueError from None
    return {name: [decoded(text) for text in texts] for name, texts in fields.lists()}


def decoded(text: str) -> str:
    """Decode a text of `Parts`, in one of `CHARSETS`."""
    for charset in CHARSETS:
        with suppress(UnicodeDecodeError):
            return text.encode("latin-1").decode(charset)
    raise ValueError
