"""Calls of the API through a proxy of the settings."""

from __future__ import annotations

import socket

import pytest
from lead_worker.core.outcome import Delivered, Retry
from lead_worker.core.reply import NotSent
from lead_worker.settings import Secret

from tests.integration.api_calls import client, judged, outcome_of, post, reply_of
from tests.integration.bad_server import CERTIFICATE, Behaviour, Serve
from tests.integration.behaviours import (
    OK,
    answering,
    dripping,
    hanging_up_after,
    http,
    resetting,
    tunnelling,
)

pytestmark = pytest.mark.usefixtures("way_of_the_kept")


def test_the_proxy_of_the_settings_is_used(serve: Serve) -> None:
    server, proxy = serve(answering(http(500))), serve(answering(OK))
    proxy_url = Secret(f"http://user:pass@127.0.0.1:{proxy.port}")
    with client(server.url, api_proxy=proxy_url) as api:
        assert [judged(post(api)) for _ in range(3)] == [Delivered("lead-1")] * 3
    for asked in proxy.asked:
        assert asked.first_line == f"POST {server.url}/leads HTTP/1.1"
        assert asked.headers["proxy-authorization"] == "Basic dXNlcjpwYXNz"
    assert (proxy.connections, len(proxy.asked), server.connections) == (1, 3, 0)


def test_https_goes_through_a_tunnel_of_the_proxy_which_sees_no_token(serve: Serve) -> None:
    server, proxy = serve(answering(OK), scheme="https"), serve(tunnelling)
    with client(
        server.url,
        api_ca_bundle=str(CERTIFICATE),
        api_proxy=Secret(f"http://127.0.0.1:{proxy.port}"),
    ) as api:
        assert [judged(post(api)) for _ in range(3)] == [Delivered("lead-1")] * 3
    [asked] = proxy.asked
    assert asked.first_line.startswith(f"CONNECT 127.0.0.1:{server.port} ")
    assert "authorization" not in asked.headers
    assert server.connections == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        answering(http(407)),
        answering(http(502)),
        hanging_up_after(b""),
        hanging_up_after(b"SSH-2.0\r\n"),
        resetting,
    ],
)
def test_a_proxy_that_opens_no_tunnel_is_proxy_and_nothing_was_sent(
    serve: Serve, behaviour: Behaviour
) -> None:
    proxy = serve(behaviour)
    url, proxy_url = "https://127.0.0.1:9/rest", Secret(f"http://127.0.0.1:{proxy.port}")
    assert outcome_of(url, api_proxy=proxy_url) == Retry("proxy")


def test_a_proxy_that_drips_its_answer_is_a_connect_timeout(serve: Serve) -> None:
    proxy = serve(dripping(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 99))
    url, proxy_url = "https://127.0.0.1:9/rest", Secret(f"http://127.0.0.1:{proxy.port}")
    reply = reply_of(url, api_proxy=proxy_url, connect_timeout_seconds=0.2)
    assert reply == NotSent("connect_timeout")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_out_of_reach_is_proxy(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    proxy_url = Secret(f"http://127.0.0.1:{port}")
    assert outcome_of(f"{scheme}://127.0.0.1:9/rest", api_proxy=proxy_url) == Retry("proxy")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_may_itself_be_behind_tls(serve: Serve, scheme: str) -> None:
    server = serve(answering(OK), scheme=scheme)
    proxy = serve(tunnelling if scheme == "https" else answering(OK), scheme="https")
    with client(
        server.url,
        api_ca_bundle=str(CERTIFICATE),
        api_proxy=Secret(f"https://127.0.0.1:{proxy.port}"),
    ) as api:
        assert [judged(post(api)) for _ in range(3)] == [Delivered("lead-1")] * 3
    assert proxy.connections == 1
