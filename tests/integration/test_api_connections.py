"""The connections of the client: kept, dropped, and shared by threads."""

from __future__ import annotations

import select
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from lead_worker.api import LeadsApi
from lead_worker.core.outcome import Delivered
from lead_worker.core.reply import Answered, NoAnswer, Reply

from tests.integration.api_calls import BODY, client, judged, outcome_of, post
from tests.integration.bad_server import CERTIFICATE, Peer, Serve
from tests.integration.behaviours import OK, answering, hanging_up_after, http

pytestmark = pytest.mark.usefixtures("way_of_the_kept")


def test_a_kept_connection_that_the_server_closed_is_not_an_unknown_outcome(serve: Serve) -> None:
    server = serve(hanging_up_after(OK))
    with client(server.url) as api:
        for count in range(1, 6):
            assert judged(post(api)) == Delivered("lead-1")
            wait_for_the_goodbye(api)
            assert server.connections == count


def wait_for_the_goodbye(api: LeadsApi) -> None:
    pool: Any = api._adapter.pool.pool
    [kept] = [connection.sock for connection in pool.queue if connection is not None]
    select.select([kept], [], [])
    assert kept.recv(1, socket.MSG_PEEK) == b""


@pytest.mark.parametrize(("idle_seconds", "connections"), [(0.0, 4), (60.0, 1)])
def test_a_connection_is_used_again_until_it_was_idle_for_too_long(
    serve: Serve, idle_seconds: float, connections: int
) -> None:
    server = serve(answering(OK))
    with client(server.url, idle_seconds=idle_seconds) as api:
        assert [judged(post(api)) for _ in range(4)] == [Delivered("lead-1")] * 4
    assert server.connections == connections


def test_64_threads_share_one_client_and_each_gets_its_own_answer(serve: Serve) -> None:
    def echo(peer: Peer) -> None:
        while asked := peer.read():
            peer.say(http(200, asked.body))

    server = serve(echo)
    together = threading.Barrier(64)

    def deliver(thread: int) -> list[Reply]:
        together.wait()
        bodies = [f'{{"id": "{thread}-{n}"}}'.encode() for n in range(20)]
        return [post(api, body) for body in bodies]

    with client(server.url, concurrency=64) as api, ThreadPoolExecutor(64) as pool:
        for thread, replies in enumerate(pool.map(deliver, range(64))):
            expected = [f'{{"id": "{thread}-{n}"}}'.encode() for n in range(20)]
            assert [r.body for r in replies if isinstance(r, Answered)] == expected
    assert len(server.asked) == 64 * 20
    assert server.connections <= 64


def test_a_deadline_that_passes_does_not_touch_the_calls_of_others(serve: Serve) -> None:
    def behave(peer: Peer) -> None:
        while asked := peer.read():
            if asked.body == BODY:
                peer.say(OK)
            else:
                peer.be_silent()

    url = serve(behave).url
    with client(url, concurrency=32, deadline_seconds=0.5) as api, ThreadPoolExecutor(32) as pool:
        slow = [pool.submit(post, api, b"{}") for _ in range(8)]
        quick = [pool.submit(post, api) for _ in range(400)]
        assert {judged(call.result()) for call in quick} == {Delivered("lead-1")}
        assert {call.result() for call in slow} == {NoAnswer("deadline")}


def test_no_tls_session_secrets_are_written_for_the_environment(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "secrets"))
    server = serve(answering(OK), scheme="https")
    assert outcome_of(server.url, api_ca_bundle=str(CERTIFICATE)) == Delivered("lead-1")
    assert not (tmp_path / "secrets").exists()
