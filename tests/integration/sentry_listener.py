"""A stand-in for Sentry on loopback, to see what really leaves a process."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class SentryListener:
    """A real HTTP server that takes Sentry's envelopes.

    Attributes:
        envelopes: each with its HTTP headers, decompressed, as text.
    """

    def __init__(self) -> None:
        self.envelopes: list[str] = []
        self._bodies: list[bytes] = []
        envelopes, bodies = self.envelopes, self._bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                bodies.append(body)
                envelopes.append(f"{self.headers}\n{body.decode()}")
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args: object) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.dsn = f"http://key@127.0.0.1:{self._server.server_port}/1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def text(self) -> str:
        """All that came: as it was sent, and with JSON's escapes undone."""
        items = [item for body in self._bodies for _, item in _items(body)]
        told = "\n".join(json.dumps(item, ensure_ascii=False) for item in items)
        return "\n".join(self.envelopes) + told

    def items(self, kind: str) -> list[dict[str, Any]]:
        """What came of one kind (event, transaction, check_in), in the order of its time."""
        found = [item for body in list(self._bodies) for k, item in _items(body) if k == kind]
        return sorted(found, key=lambda item: str(item.get("timestamp")))

    @property
    def kinds(self) -> set[str]:
        """Of which kinds anything came."""
        return {kind for body in self._bodies for kind, _ in _items(body)}

    @property
    def events(self) -> list[dict[str, Any]]:
        return self.items("event")

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _items(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """The items of an envelope: a line of headers each, then so many bytes."""
    _, _, rest = body.partition(b"\n")
    while rest.strip():
        line, _, rest = rest.partition(b"\n")
        headers = json.loads(line)
        length = headers.get("length")
        payload = rest[:length] if length is not None else rest.partition(b"\n")[0]
        rest = rest[len(payload) :].removeprefix(b"\n")
        yield headers["type"], json.loads(payload)
