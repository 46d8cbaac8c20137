"""The proxy before Redis and the API: each way of misbehaving, with real sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos.links import ProxyProcess
from chaos.proxy import Behaviour

SILENT_SECONDS = 0.2
HANGS_SECONDS = 20.0


class Echo:
    """A server that sends back what it gets, and notes it."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.got = threading.Semaphore(0)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def close(self) -> None:
        """Listen no more; a thread that waits for a connection would keep a closed socket open."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            while block := client.recv(1 << 16):
                self.got.release()
                client.sendall(block)


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


@pytest.fixture
def proxy(echo: Echo, tmp_path: Path) -> Iterator[ProxyProcess]:
    process = ProxyProcess("echo", echo.port, tmp_path)
    yield process
    process.close()


def connected(proxy: ProxyProcess) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=HANGS_SECONDS)


def answered(client: socket.socket, text: bytes) -> bool:
    client.sendall(text)
    return _received(client) == text


def _received(client: socket.socket, seconds: float = HANGS_SECONDS) -> bytes | None:
    client.settimeout(seconds)
    try:
        return client.recv(1 << 16)
    except TimeoutError:
        return None


def _is_reset(client: socket.socket) -> bool:
    try:
        return _received(client) == b""
    except ConnectionResetError:
        return True


def _is_turned_away(proxy: ProxyProcess) -> bool:
    """A reset may come before `connect` has returned."""
    try:
        with connected(proxy) as client:
            return _is_reset(client)
    except ConnectionResetError:
        return True


def test_it_passes_everything_on(proxy: ProxyProcess) -> None:
    with connected(proxy) as client:
        assert answered(client, b"one")
        assert answered(client, b"two")


def test_connections_are_cut_and_new_ones_are_taken(proxy: ProxyProcess) -> None:
    with connected(proxy) as client, connected(proxy) as later:
        assert answered(client, b"one")
        proxy.cut()
        assert _is_reset(client)
        assert _is_reset(later)
    with connected(proxy) as client:
        assert answered(client, b"two")


def test_while_it_refuses_nobody_gets_in(proxy: ProxyProcess) -> None:
    with connected(proxy) as client:
        assert answered(client, b"one")
        proxy.behave(Behaviour(refusing=True))
        assert _is_reset(client)
    with pytest.raises(ConnectionRefusedError):
        connected(proxy)
    proxy.behave(Behaviour())
    with connected(proxy) as client:
        assert answered(client, b"two")


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(dead="both"),
        Behaviour(dead="up"),
        Behaviour(dead="down"),
        Behaviour(reading=False),
    ],
    ids=str,
)
def test_nothing_comes_back_until_it_is_over_and_then_all_of_it(
    proxy: ProxyProcess, behaviour: Behaviour
) -> None:
    with connected(proxy) as client:
        assert answered(client, b"one")
        proxy.behave(behaviour)
        with connected(proxy) as newcomer:
            newcomer.sendall(b"new")
            client.sendall(b"late")
            assert _received(client, SILENT_SECONDS) is None
            assert _received(newcomer, SILENT_SECONDS) is None
            proxy.behave(Behaviour())
            assert _received(client) == b"late"
            assert _received(newcomer) == b"new"


def test_with_the_way_back_dead_the_server_gets_what_is_sent(
    proxy: ProxyProcess, echo: Echo
) -> None:
    proxy.behave(Behaviour(dead="down"))
    with connected(proxy) as client:
        client.sendall(b"one")
        assert echo.got.acquire(timeout=HANGS_SECONDS)
        assert _received(client, SILENT_SECONDS) is None


def test_what_a_client_sent_before_it_left_comes_late(proxy: ProxyProcess, echo: Echo) -> None:
    proxy.behave(Behaviour(dead="up"))
    with connected(proxy) as client:
        client.sendall(b"one")
    assert not echo.got.acquire(timeout=SILENT_SECONDS)
    proxy.behave(Behaviour())
    assert echo.got.acquire(timeout=HANGS_SECONDS)


def test_delayed_pieces_keep_their_order(proxy: ProxyProcess) -> None:
    proxy.behave(Behaviour(delay_seconds=0.05))
    with connected(proxy) as client:
        sent = b"".join(b"%05d" % number for number in range(20_000))
        threading.Thread(target=client.sendall, args=(sent,), daemon=True).start()
        got = b""
        while len(got) < len(sent):
            got += _received(client) or b""
        assert got == sent


def test_where_nobody_listens_behind_it_connections_are_reset(
    proxy: ProxyProcess, echo: Echo
) -> None:
    echo.close()
    assert _is_turned_away(proxy)
