"""A TCP proxy before Redis that loses the answer of each script once.

It knows of Redis's protocol only how a call of a script looks.
"""

from __future__ import annotations

import re
import socket
import threading

from tests.integration.relay import Relay, close

_EVALSHA = re.compile(rb"EVALSHA\r\n\$40\r\n([0-9a-f]{40})")


class ReplyLosingProxy(Relay):
    """Passes everything on, but cuts the connection in place of a script's first answer.

    The call itself reaches Redis and runs: what is lost is only the news of it.

    Args:
        target: the port on 127.0.0.1 of the real Redis.
        losses: how often the answer of each script is lost.
    """

    def __init__(self, target: int, losses: int = 1) -> None:
        self._losses = losses
        self.lost: dict[str, int] = {}
        super().__init__(target)

    def _join(self, client: socket.socket, server: socket.socket) -> None:
        cut = threading.Event()
        for source, sink, watches in ((client, server, True), (server, client, False)):
            arguments = (source, sink, cut, watches)
            threading.Thread(target=self._pump, args=arguments, daemon=True).start()

    def _pump(
        self, source: socket.socket, sink: socket.socket, cut: threading.Event, watches: bool
    ) -> None:
        try:
            while block := source.recv(1 << 20):
                if watches and self._is_to_be_lost(block):
                    cut.set()
                elif not watches and cut.is_set():
                    break  # Redis has answered, so the script has run
                sink.sendall(block)
        except OSError:
            pass
        close(source, sink)

    def _is_to_be_lost(self, block: bytes) -> bool:
        with self._lock:
            for sha in map(bytes.decode, _EVALSHA.findall(block)):
                if self.lost.get(sha, 0) < self._losses:
                    self.lost[sha] = self.lost.get(sha, 0) + 1
                    return True
        return False
