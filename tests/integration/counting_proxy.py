"""A TCP proxy before Redis that counts round trips, and bytes in both directions.

It owns its sockets and threads. It knows nothing of Redis's protocol: a round trip begins where a
client speaks after the server did, so it does not matter in how many pieces either arrives.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

BLOCK = 1 << 18


@dataclass
class Traffic:
    """What went through, since the proxy was there.

    Attributes:
        sent, received: bytes from clients, and to them.
    """

    round_trips: int = 0
    sent: int = 0
    received: int = 0

    def since(self, before: Traffic) -> Traffic:
        """What went through since it was `before`."""
        return Traffic(
            self.round_trips - before.round_trips,
            self.sent - before.sent,
            self.received - before.received,
        )


class CountingProxy:
    """Passes everything on, and counts.

    Args:
        target: the port on 127.0.0.1 of the real Redis.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._traffic = Traffic()
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._listener.getsockname()[1]}"

    def traffic(self) -> Traffic:
        """What went through so far."""
        with self._lock:
            return replace(self._traffic)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _close(self._listener)
        with self._lock:
            for sock in self._sockets:
                _close(sock)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            for sock in (client, server):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._sockets += [client, server]
            threading.Thread(target=self._pump, args=(client, server), daemon=True).start()

    def _pump(self, client: socket.socket, server: socket.socket) -> None:
        """One thread for both directions, so that their order is known."""
        asks = False
        with selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
            selector.register(client, selectors.EVENT_READ)
            selector.register(server, selectors.EVENT_READ)
            while True:
                # Where both have something, the server spoke first: it answers what came before.
                ready = {key.fileobj for key, _ in selector.select()}
                for source in (each for each in (server, client) if each in ready):
                    block = source.recv(BLOCK)
                    if not block:
                        return _close(client, server)
                    self._count(
                        len(block), begins=source is client and not asks, asks=source is client
                    )
                    asks = source is client
                    (server if asks else client).sendall(block)
        return _close(client, server)

    def _count(self, size: int, *, begins: bool, asks: bool) -> None:
        with self._lock:
            self._traffic.round_trips += begins
            if asks:
                self._traffic.sent += size
            else:
                self._traffic.received += size


def _close(*sockets: socket.socket) -> None:
    for sock in sockets:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()
