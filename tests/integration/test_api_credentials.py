"""Tokens that change while the client is in use."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
from lead_ops.sandbox import SandboxServer
from lead_worker.api import LeadsApi
from lead_worker.core.reply import Answered, Reply
from lead_worker.errors import SettingsError
from lead_worker.settings import Secret, Settings

from tests.integration.api_calls import BODY, TOKEN, client, post
from tests.integration.bad_server import Peer, Serve
from tests.integration.behaviours import OK, answering, http

pytestmark = pytest.mark.usefixtures("way")

ASKED = (("name", "Ana"),)


def find(api: LeadsApi) -> Reply:
    return api.find_leads(ASKED, lease_ends_at_monotonic=time.monotonic() + 600)


def status_of(reply: Reply) -> int:
    assert isinstance(reply, Answered)
    return reply.status


def test_another_token_is_used_from_the_next_request_on(sandbox: SandboxServer) -> None:
    with client(sandbox.url) as api:
        assert [status_of(post(api)), status_of(find(api))] == [401, 401]
        api.use_token(Secret(sandbox.token))
        assert [status_of(post(api)), status_of(find(api))] == [200, 200]


def test_the_mark_tells_tokens_apart_without_showing_them() -> None:
    api = LeadsApi(Settings(api_token=Secret(TOKEN)))
    assert api.token_mark == sha256(b"leads-token:" + TOKEN.encode()).hexdigest()[:12]
    first = api.credentials
    assert first.mark == api.token_mark
    api.use_token(Secret("another-token"))
    assert api.token_mark != first.mark
    assert api.credentials is not first
    shown = repr(first) + repr(api.credentials) + repr(vars(api))
    assert TOKEN not in shown
    assert "another-token" not in shown


@pytest.mark.parametrize("token", ["", "two words", "ends-in-a-newline\n"])
def test_a_token_that_is_no_header_value_changes_nothing(token: str) -> None:
    api = LeadsApi(Settings(api_token=Secret(TOKEN)))
    before = api.credentials
    with pytest.raises(SettingsError, match="LEADS_API_TOKEN") as refused:
        api.use_token(Secret(token))
    assert not token or token not in str(refused.value)
    assert api.credentials is before


def test_a_request_uses_the_credentials_that_it_was_given(serve: Serve) -> None:
    server = serve(answering(OK))
    lease = time.monotonic() + 600
    with client(server.url) as api:
        old = api.credentials
        api.use_token(Secret("another"))
        api.post_lead(BODY, lease_ends_at_monotonic=lease, credentials=old)
        api.find_leads(ASKED, lease_ends_at_monotonic=lease, credentials=old)
        post(api)
        find(api)
    tokens = [asked.headers["authorization"] for asked in server.asked]
    assert tokens == [f"Bearer {TOKEN}"] * 2 + ["Bearer another"] * 2


def test_tokens_that_change_while_calls_run_are_never_mixed_up(serve: Serve) -> None:
    def behave(peer: Peer) -> None:
        while asked := peer.read():
            peer.say(http(200, asked.headers["authorization"].encode()))

    done = threading.Event()

    def change(api: LeadsApi) -> None:
        while not done.is_set():
            api.use_token(Secret("a" * 40))
            api.use_token(Secret("b" * 40))

    def ask(api: LeadsApi) -> None:
        for n in range(50):
            held, lease = api.credentials, time.monotonic() + 600
            if n % 2:
                reply = api.find_leads(ASKED, lease_ends_at_monotonic=lease, credentials=held)
            else:
                reply = api.post_lead(BODY, lease_ends_at_monotonic=lease, credentials=held)
            assert isinstance(reply, Answered)
            assert reply.body.decode() == held.headers["Authorization"]

    with client(serve(behave).url) as api, ThreadPoolExecutor(9) as pool:
        changing = pool.submit(change, api)
        asking = [pool.submit(ask, api) for _ in range(8)]
        try:
            for call in asking:
                call.result()
        finally:
            done.set()
        changing.result()
