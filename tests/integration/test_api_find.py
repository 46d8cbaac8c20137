"""Calls that ask the API for leads, and credentials that change while calls run."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from lead_ops.sandbox import SandboxServer
from lead_worker.api import LeadsApi
from lead_worker.core.question import question
from lead_worker.core.reconcile import Answer, AskAgain, Finding, Unaskable, judge
from lead_worker.core.reply import Answered, NoAnswer, NotSent, Reply
from lead_worker.settings import Secret

from tests.integration.api_calls import BODY, SHORT_SECONDS, TOKEN, client, post
from tests.integration.bad_server import CERTIFICATE, Behaviour, Peer, Serve
from tests.integration.behaviours import (
    SENT,
    answering,
    closing,
    dripping,
    endless,
    hanging_up_after,
    http,
    resetting,
    silent,
    tunnelling,
)

ASKED = (("email", "ana+1@example.com"), ("name", "Zoë & Söhne"), ("page", "2"))
TARGET = "/rest/leads?email=ana%2B1%40example.com&name=Zo%C3%AB%20%26%20S%C3%B6hne&page=2"
EMPTY = http(200, b'{"data": []}')


def find(api: LeadsApi, parameters: tuple[tuple[str, str], ...] = ASKED) -> Reply:
    return api.find_leads(parameters, lease_ends_at_monotonic=time.monotonic() + 600)


def found_at(url: str, **changed: Any) -> Reply:
    with client(url, **changed) as api:
        return find(api)


def finding(
    api: LeadsApi, sent: dict[str, object], attempt_at: float, offset: float = 0.0, page: int = 1
) -> Finding:
    asked = question(sent, attempt_at=attempt_at, api_offset_seconds=offset, page=page)
    assert asked is not None
    reply = find(api, asked.parameters())
    return judge(reply, asked, sent, now_at=time.time(), retry_after_cap_seconds=60.0)


# --- on the wire


def test_a_question_is_a_get_without_a_body(serve: Serve) -> None:
    server = serve(answering(EMPTY))
    assert found_at(server.url) == Answered(200, b'{"data": []}')
    [asked] = server.asked
    assert asked.first_line == f"GET {TARGET} HTTP/1.1"
    assert parse_qsl(urlsplit(asked.first_line.split()[1]).query) == [*ASKED]
    assert asked.body == b""
    assert asked.headers == {
        "host": f"127.0.0.1:{server.port}",
        "authorization": f"Bearer {TOKEN}",
        "accept-encoding": "identity",
        "user-agent": "leads-worker",
    }


def test_what_utf_8_cannot_write_is_asked_as_a_question_mark(serve: Serve) -> None:
    server = serve(answering(EMPTY))
    with client(server.url) as api:
        assert isinstance(find(api, (("name", "A\ud800\r\nX: y"),)), Answered)
    assert server.asked[0].first_line == "GET /rest/leads?name=A%3F%0D%0AX%3A%20y HTTP/1.1"


def test_a_question_goes_through_the_proxy_of_the_settings(serve: Serve) -> None:
    server, proxy = serve(answering(http(500))), serve(answering(EMPTY))
    proxy_url = Secret(f"http://user:pass@127.0.0.1:{proxy.port}")
    assert isinstance(found_at(server.url, api_proxy=proxy_url), Answered)
    [asked] = proxy.asked
    assert asked.first_line == f"GET http://127.0.0.1:{server.port}{TARGET} HTTP/1.1"
    assert asked.headers["proxy-authorization"] == "Basic dXNlcjpwYXNz"
    assert server.connections == 0


def test_a_question_goes_through_a_tunnel_of_the_proxy_which_does_not_see_it(serve: Serve) -> None:
    server, proxy = serve(answering(EMPTY), scheme="https"), serve(tunnelling)
    proxy_url = Secret(f"http://127.0.0.1:{proxy.port}")
    reply = found_at(server.url, api_ca_bundle=str(CERTIFICATE), api_proxy=proxy_url)
    assert isinstance(reply, Answered)
    assert server.asked[0].first_line == f"GET {TARGET} HTTP/1.1"
    assert proxy.asked[0].first_line.startswith(f"CONNECT 127.0.0.1:{server.port} ")


def test_questions_and_leads_share_a_connection_and_each_gets_its_own_answer(serve: Serve) -> None:
    def behave(peer: Peer) -> None:
        while asked := peer.read():
            peer.say(http(200, asked.first_line.split()[1].encode() + asked.body))

    server = serve(behave)
    with client(server.url) as api:
        bodies = [r.body for r in (find(api), post(api), find(api)) if isinstance(r, Answered)]
    assert bodies == [TARGET.encode(), b"/rest/leads" + BODY, TARGET.encode()]
    assert server.connections == 1


def test_no_log_holds_what_was_asked_for(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    found_at(serve(hanging_up_after(http(200, b"{}", "garbled header"))).url)
    found_at(serve(resetting).url)
    assert "GET /rest/leads" in caplog.text
    assert "example.com" not in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_of_a_question_is_not_followed(serve: Serve, status: int) -> None:
    target = serve(answering(EMPTY))
    server = serve(answering(http(status, b"", f"Location: {target.url}/leads")))
    assert found_at(server.url) == Answered(status, b"")
    assert len(server.asked) == 1
    assert target.connections == 0


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [
        (silent, "deadline"),
        (dripping(http(200, b" " * 9999)), "deadline"),
        (closing, "dropped"),
        (resetting, "dropped"),
        (answering(b"SSH-2.0\r\n\r\n"), "garbled"),
        (endless(http(200, b"", length=10**9), b" " * 65_536), "oversized"),
        (answering(http(200, b" " * 1_048_577)), "oversized"),
    ],
)
def test_a_question_without_a_whole_answer_has_none_and_is_asked_once(
    serve: Serve, behaviour: Behaviour, cause: str
) -> None:
    server = serve(behaviour)
    seconds = SHORT_SECONDS if cause == "deadline" else 5.0
    assert found_at(server.url, deadline_seconds=seconds) == NoAnswer(cause)
    assert len(server.asked) == 1


def test_a_question_to_a_closed_port_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert found_at(f"http://127.0.0.1:{port}/rest") == NotSent("refused")


def test_no_question_is_asked_on_a_lease_that_ends_before_the_deadline(serve: Serve) -> None:
    server = serve(answering(EMPTY))
    with client(server.url, deadline_seconds=5.0) as api:
        reply = api.find_leads(ASKED, lease_ends_at_monotonic=time.monotonic() + 4.9)
    assert reply == NotSent("lease_short")
    assert server.connections == 0


# --- with the sandbox


@pytest.fixture
def api(sandbox: SandboxServer) -> Iterator[LeadsApi]:
    with client(sandbox.url) as api:
        api.use_token(Secret(sandbox.token))
        yield api


@pytest.mark.parametrize(
    "sent",
    [
        {"email": "Ana+1@example.com", "name": "Zoë & Söhne", "custom": {"score": "7"}},
        {"phone": "+5511987654321", "utm": {"source": "ads"}, "capture": "partial"},
        {"name": "100% Ana = Bia?", "agentId": "a1"},
    ],
    ids=["email", "phone", "name"],
)
def test_a_lead_that_arrived_is_found(
    api: LeadsApi, sandbox: SandboxServer, sent: dict[str, object]
) -> None:
    began_at = time.time()
    assert finding(api, sent, began_at) == Answer()
    for body in (sent, {**sent, "company": "Other"}, {**sent, "email": "b@example.com"}, sent):
        post(api, json.dumps(body).encode())
    ids = [lead["id"] for lead in sandbox.leads]
    similar = ids[1:2] if "email" in sent else ids[1:3]
    assert finding(api, sent, began_at) == Answer((ids[0], ids[3]), tuple(similar))


def test_a_lead_on_the_second_page_is_found_there(api: LeadsApi, sandbox: SandboxServer) -> None:
    began_at = time.time()
    sent: dict[str, object] = {"name": "Ana"}
    post(api, b'{"name": "Ana"}')
    for _ in range(100):
        post(api, b'{"name": "Joana"}')
    assert finding(api, sent, began_at) == Answer(more=True)
    assert finding(api, sent, began_at, page=2) == Answer((sandbox.leads[0]["id"],))


def test_a_clock_that_is_an_hour_ahead_asks_again_and_finds_it(
    api: LeadsApi, sandbox: SandboxServer
) -> None:
    post(api)
    began_at = time.time() + 3600
    about = question(SENT, attempt_at=began_at, api_offset_seconds=0.0, page=1)
    assert about is not None
    again = judge(
        find(api, about.parameters()), about, SENT, now_at=began_at, retry_after_cap_seconds=60.0
    )
    assert isinstance(again, AskAgain)
    moved = question(SENT, attempt_at=began_at, api_offset_seconds=again.api_offset_seconds, page=1)
    assert moved is not None
    reply = find(api, moved.parameters())
    found = judge(reply, moved, SENT, now_at=began_at + 1, retry_after_cap_seconds=60.0)
    assert found == Answer((sandbox.leads[0]["id"],))


def test_an_address_without_a_listing_makes_the_question_unaskable(sandbox: SandboxServer) -> None:
    with client(sandbox.url.replace("/rest", "/elsewhere")) as api:
        assert finding(api, {"name": "Ana"}, time.time()) == Unaskable("status_404")
