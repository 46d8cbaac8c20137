"""A stand-in for Sentry on loopback that keeps the events that workers send it."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class SentryStandIn:
    """Takes envelopes, as many as come.

    Attributes:
        events: those that are events, in the order in which they came.
        bytes_taken: of all envelopes, decompressed.
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.bytes_taken = 0
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                stand_in.take(body)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.dsn = f"http://key@127.0.0.1:{self._server.server_port}/1"

    def take(self, body: bytes) -> None:
        """Keep an envelope's event; here none holds more than one item."""
        self.bytes_taken += len(body)
        _, headers, item = body.split(b"\n", 2)
        if json.loads(headers)["type"] == "event":
            self.events.append(json.loads(item))

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
