"""The producer through TLS: `rediss://`, with a certificate that is checked."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lead_producers import LeadProducer, QueueUnavailable
from lead_producers.keys import Keys

from tests.integration.producer_sight import LEAD, accepted, line_of

CERTIFICATE = Path(__file__).with_name("loopback.pem")


@contextmanager
def tls_before(
    path: str, *, host: str = "127.0.0.1", clients: ssl.VerifyMode = ssl.CERT_NONE
) -> Iterator[int]:
    """Put TLS before a Redis's unix socket; gives the port.

    Args:
        clients: whether they have to show a certificate too.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    context.load_verify_locations(CERTIFICATE)
    context.verify_mode = clients

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=relay, args=(client,), daemon=True).start()

    def relay(client: socket.socket) -> None:
        """One request, one reply, in turns, as a producer does it."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as redis:
            redis.connect(path)
            with context.wrap_socket(client, server_side=True) as secure:
                back = threading.Thread(target=pump, args=(redis, secure), daemon=True)
                back.start()
                pump(secure, redis)
                redis.shutdown(socket.SHUT_RDWR)
                back.join()

    with socket.create_server((host, 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while block := source.recv(65536):
            sink.sendall(block)


@pytest.fixture
def tls_port(redis_url: str) -> Iterator[int]:
    with tls_before(unquote(urlsplit(redis_url).path)) as port:
        yield port


def test_leads_go_through_tls_on_one_connection(
    tls_port: int, redis_client: object, keys: Keys
) -> None:
    url = f"rediss://localhost:{tls_port}/0?ssl_ca_certs={CERTIFICATE}"
    with closing(LeadProducer.from_url(url, keys.namespace)) as producer:
        producer.enqueue(LEAD)
        connections = {id(wire) for wire in line_of(producer)._pool.idle}
        producer.enqueue({"note": "x" * 250_000})
        producer.enqueue_many([{"n": n, "note": "x" * 2000} for n in range(700)])
        assert {id(wire) for wire in line_of(producer)._pool.idle} == connections
    assert accepted(redis_client, keys) == 702


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_port: int, keys: Keys) -> None:
    with (
        closing(LeadProducer.from_url(f"rediss://localhost:{tls_port}/0")) as producer,
        pytest.raises(QueueUnavailable, match=r"certificate verify failed.*\(not enqueued\)"),
    ):
        producer.enqueue(LEAD)
