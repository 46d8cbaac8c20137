"""Calls of the API that sent nothing, so that the lead certainly did not arrive."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from lead_worker.api import LeadsApi
from lead_worker.core.outcome import Delivered, GivenBack, Retry
from lead_worker.core.reply import NotSent
from lead_worker.errors import SettingsError
from lead_worker.settings import Secret, Settings

from tests.integration.api_calls import (
    BODY,
    SHORT_SECONDS,
    TOKEN,
    client,
    judged,
    outcome_of,
    post,
    reply_of,
)
from tests.integration.bad_server import CERTIFICATE, Behaviour, Peer, Serve
from tests.integration.behaviours import OK, answering, http

pytestmark = pytest.mark.usefixtures("way_of_the_kept")


def test_a_closed_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert outcome_of(f"http://127.0.0.1:{port}/rest") == Retry("refused")


@pytest.fixture
def full_port() -> Iterator[int]:
    """A port whose queue of connections is full, so that connecting to it waits."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            sock = stack.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.mark.parametrize("connect_seconds", [0.2, 60.0])
def test_a_port_that_does_not_answer_is_a_connect_timeout(
    full_port: int, connect_seconds: float
) -> None:
    reply = reply_of(
        f"http://127.0.0.1:{full_port}",
        connect_timeout_seconds=connect_seconds,
        deadline_seconds=SHORT_SECONDS,
    )
    assert reply == NotSent("connect_timeout")


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70 + ".invalid", "ex..ample.invalid"])
def test_a_name_that_does_not_exist_is_dns(host: str) -> None:
    assert outcome_of(f"http://{host}/rest") == Retry("dns")


def test_a_name_is_looked_up_and_each_of_its_addresses_tried(serve: Serve) -> None:
    server = serve(answering(OK))
    url = f"http://localhost:{server.port}/rest"  # ::1 as well, on most machines
    assert outcome_of(url) == Delivered("lead-1")


def saying_plainly(peer: Peer) -> None:
    peer.hear()
    peer.say(http(400))


def closing_at_once(peer: Peer) -> None:
    peer.hear()


def resetting_at_once(peer: Peer) -> None:
    peer.hear()
    peer.reset()


@pytest.mark.parametrize("behaviour", [saying_plainly, closing_at_once, resetting_at_once])
def test_https_to_a_server_without_tls_is_tls(serve: Serve, behaviour: Behaviour) -> None:
    server = serve(behaviour)
    assert outcome_of(f"https://127.0.0.1:{server.port}/rest") == Retry("tls")


def test_a_handshake_that_never_comes_is_a_connect_timeout(serve: Serve) -> None:
    server = serve(lambda peer: peer.be_silent())
    url = f"https://127.0.0.1:{server.port}/rest"
    assert reply_of(url, connect_timeout_seconds=0.2) == NotSent("connect_timeout")


def test_a_dripped_handshake_is_a_connect_timeout(serve: Serve) -> None:
    server = serve(lambda peer: peer.drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 999))
    url = f"https://127.0.0.1:{server.port}/rest"
    assert reply_of(url, connect_timeout_seconds=0.2) == NotSent("connect_timeout")


def test_a_certificate_that_nobody_vouches_for_is_tls(serve: Serve) -> None:
    server = serve(answering(OK), scheme="https")
    assert outcome_of(server.url) == Retry("tls")
    assert server.asked == []


def test_a_certificate_for_another_name_is_tls(serve: Serve) -> None:
    server = serve(answering(OK), scheme="https")
    url = server.url.replace("127.0.0.1", "127.1")  # the same address, by a name of its own
    assert outcome_of(url, api_ca_bundle=str(CERTIFICATE)) == Retry("tls")
    assert server.connections == 1
    assert server.asked == []


def test_a_ca_bundle_vouches_for_a_certificate(serve: Serve) -> None:
    server = serve(answering(OK), scheme="https")
    with client(server.url, api_ca_bundle=str(CERTIFICATE)) as api:
        assert [judged(post(api)) for _ in range(3)] == [Delivered("lead-1")] * 3
    assert server.connections == 1


def test_a_ca_bundle_without_certificates_is_an_error_at_start(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("no certificate", encoding="utf-8")
    with pytest.raises(SettingsError, match="LEADS_API_CA_BUNDLE: expected a file of CA"):
        LeadsApi(Settings(api_token=Secret(TOKEN), api_ca_bundle=str(bundle)))


def test_nothing_is_sent_on_a_lease_that_ends_before_the_deadline(serve: Serve) -> None:
    server = serve(answering(OK))
    with client(server.url, deadline_seconds=5.0) as api:
        reply = api.post_lead(BODY, lease_ends_at_monotonic=time.monotonic() + 4.9)
    assert reply == NotSent("lease_short")
    assert judged(reply) == GivenBack(None, "lease_short")
    assert server.connections == 0


def test_nothing_is_sent_after_close(serve: Serve) -> None:
    server = serve(answering(OK))
    with client(server.url) as api:
        api.close()
        assert post(api) == NotSent("connect")
    assert server.connections == 0
