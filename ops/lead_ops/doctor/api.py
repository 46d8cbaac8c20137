"""The API: its name, its certificate, how soon it answers, whether it takes the token.

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
from .tls import Party, Unreachable, certificate_days, connect, resolve

MOST_SECONDS = 20.0
"""For the question, where LEADS_DEADLINE_SECONDS allows more: a person waits."""

SLOW_SHARE = 0.25
"""Of LEADS_DEADLINE_SECONDS, from which on an answer is slow: this is the lightest of questions, on
a quiet connection; creating a lead takes longer, and past the deadline it is unknown."""

QUESTION = (("size", "1"), ("page", "1"))
OURS = ("deadline_seconds", "connect_timeout_seconds", "api_ca_bundle", "api_proxy")

WRONG_ADDRESS = f"is {API} right? It ends before /leads"
PARTY = Party("the API", API, "LEADS_API_CA_BUNDLE", "LEADS_API_PROXY")
RENEW = "put a token that the API takes into LEADS_API_TOKEN_FILE or LEADS_API_TOKEN"

PAGE = "what answers may be a proxy's page, and not the API"

_NOT_SENT = {
    "dns": ("its name is not known", f"is {API} right? does a name server answer?"),
    "refused": ("nobody listens there", f"is {PARTY.address} right? is {PARTY.who} away?"),
    "tls": ("TLS fails", "is a proxy in between? LEADS_API_CA_BUNDLE names the CA to trust"),
    "connect_timeout": ("it cannot be reached in time", "does a firewall stand between?"),
    "proxy": ("the proxy does not let it through", "see LEADS_API_PROXY"),
}
_NO_ANSWER = {
    "deadline": "no answer within {seconds:g} s",
    "dropped": "it hung up without an answer",
}
_AGAIN = "try again in a minute"
_UNTOLD = "no answer tells"


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
        connect(PARTY, host, port).close()
        yield good("tls", "none, on loopback")
        return
    yield judge_certificate(certificate_days(PARTY, host, port, settings.api_ca_bundle))


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
        yield bad("token", str(error), "set it as it says, or leave it out")
        return
    if isinstance(reply, Answered):
        case.api_ahead_seconds = api_offset_seconds(reply.date, time.time())
    yield from judge_reply(reply, took, settings.deadline_seconds)


def _ask(settings: Settings) -> tuple[Reply, float]:
    deadline = min(settings.deadline_seconds, MOST_SECONDS)
    connect = min(settings.connect_timeout_seconds, deadline)
    bounded = replace(
        settings, deadline_seconds=deadline, connect_timeout_seconds=connect, concurrency=1
    )
    began = time.monotonic()
    with closing(LeadsApi(bounded)) as api:
        reply = api.find_leads(QUESTION, lease_ends_at_monotonic=began + deadline + 60.0)
    return reply, time.monotonic() - began


def judge_reply(reply: Reply, took_seconds: float, deadline_seconds: float) -> Iterator[Finding]:
    """Judge what came back from `GET /leads?size=1`, and how soon.

    Args:
        deadline_seconds: LEADS_DEADLINE_SECONDS, after which a worker gives up.
    """
    match reply:
        case NotSent(cause):
            words, advice = _NOT_SENT.get(cause, (cause, "see the lines above"))
            yield bad("connection", words, advice)
            yield skipped("token", _UNTOLD)
        case NoAnswer(cause):
            words = _NO_ANSWER.get(cause, "what came back is no whole answer")
            shown = words.format(seconds=min(deadline_seconds, MOST_SECONDS))
            yield bad("answer", shown, f"is the API away? {_AGAIN}")
            yield skipped("token", _UNTOLD)
        case Answered():
            yield from _judge_answer(reply, took_seconds, deadline_seconds)
        case _:
            assert_never(reply)


def _judge_answer(reply: Answered, took: float, deadline_seconds: float) -> Iterator[Finding]:
    status, answer = reply.status, read_json_object(reply.body)
    in_time = f"{status} within {_span(took)}"
    if 200 <= status < 300 and answer is not None and isinstance(answer.get("data"), list):
        yield _judge_speed(in_time, took, deadline_seconds)
        yield good("token", "it is taken")
    elif status in (401, 403):
        advice = RENEW if answer is not None else f"{RENEW}; {PAGE}"
        yield bad("token", f"refused with {status}", advice)
    elif status == 402:
        yield bad("quota", "402: the spending limit is reached", "raise it at the API's vendor")
    else:
        yield _judge_refusal(status, in_time)
        yield skipped("token", _UNTOLD)


def _judge_speed(in_time: str, took: float, deadline_seconds: float) -> Finding:
    found = f"GET /leads?size=1: {in_time}"
    if took < SLOW_SHARE * deadline_seconds:
        return good("answer", found)
    advice = "ask the API's vendor; see the network, and LEADS_API_PROXY"
    return warning("answer", f"{found}, and workers give up at {deadline_seconds:g} s", advice)


def _judge_refusal(status: int, in_time: str) -> Finding:
    """Judge an answer that says nothing of the token."""
    if 200 <= status < 300:
        return bad("answer", f"{in_time}, and what answers is not the API", WRONG_ADDRESS)
    if status == 429:
        return warning("answer", "429: too many requests just now", _AGAIN)
    if status in (408, 425) or status >= 500:
        return bad("answer", f"the API is in trouble: {in_time}", _AGAIN)
    return bad("answer", f"{in_time}: this is not where leads are listed", WRONG_ADDRESS)


def _span(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
