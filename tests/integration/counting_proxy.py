"""A TCP proxy before Redis that counts round trips, and bytes in both directions.

It knows nothing of Redis's protocol: a round trip begins where a
client speaks after the server did, so it does not matter in how many pieces either arrives.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from dataclasses import dataclass, replace

from tests.integration.relay import Relay, close

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


class CountingProxy(Relay):
    """Passes everything on, and counts."""

    def __init__(self, target: int) -> None:
        self._traffic = Traffic()
        super().__init__(target)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def traffic(self) -> Traffic:
        """What went through so far."""
        with self._lock:
            return replace(self._traffic)

    def _join(self, client: socket.socket, server: socket.socket) -> None:
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
                        return close(client, server)
                    self._count(
                        len(block), begins=source is client and not asks, asks=source is client
                    )
                    asks = source is client
                    (server if asks else client).sendall(block)
        return close(client, server)

    def _count(self, size: int, *, begins: bool, asks: bool) -> None:
        with self._lock:
            self._traffic.round_trips += begins
            if asks:
                self._traffic.sent += size
            else:
                self._traffic.received += size
