"""A Flask app that takes leads at `POST /leads`, as JSON or from an HTML form.

It owns what a caller is answered. It must not wait for a delivery: a receipt is all that it needs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask, abort, request
from lead_producers import BadLead, LeadProducer, ProducerError

BODY_MAX_BYTES = 524_288
RETRY_AFTER_SECONDS = 5
SOURCE = "website"


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
    def take() -> tuple[dict[str, Any], int]:
        lead, key = submitted()
        receipt = producer.enqueue(lead, key=key, source=SOURCE)
        return {"lead_id": receipt.lead_id}, 202

    @app.errorhandler(BadLead)
    def refuse(error: BadLead) -> tuple[dict[str, Any], int]:
        # Its text names the field and holds no value, so it may be shown and logged.
        return {"error": str(error)}, 422

    @app.errorhandler(ProducerError)
    def ask_again(error: ProducerError) -> tuple[dict[str, Any], int, dict[str, str]]:
        # The text names the Redis: for the log, not for strangers. Where the lead was enqueued all
        # the same, whoever asks again with the same `submission_id` gets the receipt of that one.
        app.logger.error("no receipt for a lead: %s", error)
        answer = {"error": "the lead could not be taken just now: send it again"}
        return answer, 503, {"Retry-After": str(RETRY_AFTER_SECONDS)}

    return app


def submitted() -> tuple[dict[str, Any], Any]:
    """Read the lead, and its idempotency key.

    The key is what the page put into `submission_id` when it was shown: a visitor who clicks twice,
    or a browser that asks again after a 503, makes no second lead.
    """
    lead = from_json() if request.is_json else from_form(request.form)
    key = lead.pop("submission_id", None) if isinstance(lead, dict) else None
    if not isinstance(lead, dict) or not lead:
        raise BadLead("", "expected a form or a JSON object with at least one field")
    return lead, key or None


def from_json() -> Any:
    """Read JSON; Flask answers 400 where it is none, but not where it is too deep to be read."""
    try:
        return request.get_json()
    except RecursionError:
        abort(400)


def from_form(form: Mapping[str, str]) -> dict[str, Any]:
    """Make a lead of a flat form: what begins with `utm_` goes into `utm`."""
    utm = {name: value for name, value in form.items() if name.startswith("utm_")}
    rest = {name: value for name, value in form.items() if name not in utm}
    return {**rest, "utm": utm} if utm else rest
