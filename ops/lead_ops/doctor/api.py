"""The API: its name, its certificate, its token.

It owns the one request that is made, `GET /leads?size=1`: a question that creates nothing. It goes
through the worker's own client, over the proxy and by the CA bundle that the worker would use. The
answer may hold a lead, so nothing of it is said but its status.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import assert_never
from urllib.parse import SplitResult, urlsplit

from lead_worker.api import LeadsApi
from lead_worker.core.classify import read_json_object
from lead_worker.core.question import api_offset_seconds
from lead_worker.core.reply import Answered, NoAnswer, NotSent, Reply
from lead_worker.errors import SettingsError
from lead_worker.settings import Settings

from lead_ops.context import TOKENS

from .case import API, Case
from .finding import Finding, bad, good, skipped, warning
from .tls import Unreachable, certificate_days, resolve

DEADLINE_SECONDS = 10.0
QUESTION = (("size", "1"), ("page", "1"))
OURS = ("deadline_seconds", "connect_timeout_seconds", "api_ca_bundle", "api_proxy")

WRONG_ADDRESS = f"is {API} right? It ends before /leads"
RENEW = "put a token that the API takes into LEADS_API_TOKEN_FILE or LEADS_API_TOKEN"

_NOT_SENT = {
    "dns": "its name is not known",
    "refused": "nobody listens there",
    "tls": "TLS fails",
    "connect_timeout": "it cannot be reached in time",
    "proxy": "the proxy does not let it through",
}
_NO_ANSWER = {
    "deadline": "it did not answer in time",
    "dropped": "it hung up without an answer",
}


def examine(case: Case) -> Iterator[Finding]:
    """Look at it."""
    if API in case.bad:
        yield skipped("address", f"{API} cannot be used, see above")
        return
    address = urlsplit(case.settings.api_url)
    try:
        yield from _way(case.settings, address)
    except Unreachable as error:
        yield bad(error.what, str(error), error.advice)
        yield skipped("token", "without a way to the API it cannot be tried")
        return
    yield from _token(case)


def _way(settings: Settings, address: SplitResult) -> Iterator[Finding]:
    host, secure = address.hostname or "", address.scheme == "https"
    port = address.port or (443 if secure else 80)
    if settings.api_proxy:
        yield skipped("name", "the proxy looks it up")
        return
    yield good("name", f"{host}: {resolve(host, port)}")
    if not secure:
        yield good("tls", "none, on loopback")
        return
    yield judge_certificate(certificate_days(host, port, settings.api_ca_bundle))


def judge_certificate(days: float) -> Finding:
    """Judge how long the API's certificate is good for; the API's people renew it."""
    found = f"the certificate is good for {days:.0f} days"
    if days < 3:
        return bad("tls", found, "tell the API's vendor: after that nothing can be delivered")
    if days < 14:
        return warning("tls", found, "tell the API's vendor, should it not be renewed soon")
    return good("tls", found)


def _token(case: Case) -> Iterator[Finding]:
    settings = case.settings
    if any(name in case.bad for name in TOKENS):
        yield skipped("token", "it cannot be used, see above")
        return
    if not settings.api_token:
        advice = "run this where a worker runs, with its environment"
        yield warning("token", "none is set here, so it is not tried", advice)
        return
    try:
        reply, took = _ask(settings)
    except SettingsError as error:
        yield bad("token", str(error), "")
        return
    if isinstance(reply, Answered):
        case.api_ahead_seconds = api_offset_seconds(reply.date, time.time())
    yield judge_reply(reply, took)


def _ask(settings: Settings) -> tuple[Reply, float]:
    deadline = min(settings.deadline_seconds, DEADLINE_SECONDS)
    connect = min(settings.connect_timeout_seconds, deadline)
    bounded = replace(
        settings, deadline_seconds=deadline, connect_timeout_seconds=connect, concurrency=1
    )
    began = time.monotonic()
    with closing(LeadsApi(bounded)) as api:
        reply = api.find_leads(QUESTION, lease_ends_at_monotonic=began + deadline + 60.0)
    return reply, time.monotonic() - began


def judge_reply(reply: Reply, took_seconds: float) -> Finding:
    """Judge what came back from `GET /leads?size=1`."""
    match reply:
        case NotSent(cause):
            words = _NOT_SENT.get(cause, cause)
            return bad("token", f"not tried: {words}", "is the API away? see the lines above")
        case NoAnswer(cause):
            words = _NO_ANSWER.get(cause, "what came back is no whole answer")
            return bad("token", f"the API: {words}", "is the API away? try again in a minute")
        case Answered():
            return _judge_answer(reply, took_seconds)
        case _:
            assert_never(reply)


def _judge_answer(reply: Answered, took_seconds: float) -> Finding:
    status, answer = reply.status, read_json_object(reply.body)
    in_time = f"{status} within {took_seconds:.1f} s"
    if 200 <= status < 300:
        if answer is not None and isinstance(answer.get("data"), list):
            return good("token", f"GET /leads?size=1 is taken: {in_time}")
        return bad("token", f"{in_time}, and what answers is not the API", WRONG_ADDRESS)
    if status in (401, 403):
        return bad("token", f"refused with {status}", RENEW)
    if status == 402:
        return bad("token", "402: the spending limit is reached", "raise it at the API's vendor")
    if status == 429:
        return warning("token", "429: too many requests just now", "try again in a minute")
    if status in (408, 425) or status >= 500:
        return bad("token", f"the API is in trouble: {in_time}", "try again in a minute")
    return bad("token", f"{in_time}: this is not where leads are listed", WRONG_ADDRESS)
