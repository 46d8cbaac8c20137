"""A server on loopback that says exactly the bytes it is told to, and notes what it was asked.

It owns sockets and threads of its own, and ends them all when it is closed. It knows just enough of
HTTP to tell where a request ends; what it answers need not be HTTP.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

CERTIFICATE = Path(__file__).with_name("loopback.pem")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came."""

    first_line: str
    headers: dict[str, str]
    body: bytes


class Peer:
    """One connection, seen from the server."""

    def __init__(self, sock: socket.socket, server: BadServer) -> None:
        self._sock = sock
        self._server = server
        self._received = b""

    def read(self) -> Asked | None:
        """The next request, or None where the client has closed."""
        while b"\r\n\r\n" not in self._received:
            if not self._receive():
                return None
        head, _, rest = self._received.partition(b"\r\n\r\n")
        first_line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = int(headers.get("content-length", "0"))
        self._received = rest
        while len(self._received) < length:
            if not self._receive():
                return None
        body, self._received = self._received[:length], self._received[length:]
        asked = Asked(first_line, headers, body)
        self._server.asked.append(asked)
        return asked

    def _receive(self) -> bool:
        block = self._sock.recv(65_536)
        self._received += block
        return bool(block)

    def say(self, data: bytes) -> None:
        self._sock.sendall(data)

    def drip(self, data: bytes) -> None:
        """Say a byte every 20 ms."""
        for value in data:
            self._sock.sendall(bytes([value]))
            if self._server.closing.wait(0.02):
                return

    def hear(self) -> None:
        """Whatever comes first, HTTP or not."""
        self._received += self._sock.recv(65_536)

    def read_no_more(self) -> None:
        """Leave the connection open, and what is sent on it unread."""
        self._server.closing.wait()

    def be_silent(self) -> None:
        """Until the client goes away, or the server is closed."""
        while self._sock.recv(65_536):
            pass

    def close(self) -> None:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
        self._sock.close()

    def reset(self) -> None:
        """Close without a goodbye (RST in place of FIN)."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def start_tls(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        self._sock = context.wrap_socket(self._sock, server_side=True)
        self._server.hold(self._sock)

    def relay(self, port: int) -> None:
        """Be a tunnel to a port of this machine, both ways, until either side closes."""
        with socket.create_connection(("127.0.0.1", port)) as other:
            self._server.hold(other)
            back = threading.Thread(target=_pump, args=(other, self._sock))
            back.start()
            _pump(self._sock, other)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while block := source.recv(65_536):
            target.sendall(block)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


Behaviour = Callable[[Peer], object]


@dataclass
class BadServer:
    """Runs its behaviour for each connection, each in a thread; a context manager."""

    behaviour: Behaviour
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    scheme: str = "http"

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._held: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/rest"

    def hold(self, sock: socket.socket) -> None:
        """Have a socket closed with the server."""
        self._held.append(sock)

    def __enter__(self) -> BadServer:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        for sock in self._held:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for sock in [self._listener, *self._held]:
            sock.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections += 1
                self.hold(sock)
                thread = threading.Thread(target=self._serve, args=(sock,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, sock: socket.socket) -> None:
        peer = Peer(sock, self)
        with contextlib.suppress(OSError):
            if self.scheme == "https":
                peer.start_tls()
            self.behaviour(peer)
        peer.close()


Serve = Callable[..., BadServer]
"""Starts a server for a behaviour; `scheme="https"` for TLS."""
