"""The HTTP server that Prometheus scrapes: small, bounded, and for nobody but whom it is meant for.

It owns the listening socket and the token. On loopback it asks for none; beyond it, it refuses to
listen without one, since nothing here is told to whoever happens to reach the port.
"""

from __future__ import annotations

import errno
import hmac
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from lead_worker.settings import is_loopback
from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.registry import Collector

from lead_ops.errors import OpsError

CLIENT_SECONDS = 10.0
"""How long a client keeps its thread in all, however slowly it says or reads something."""

MOST_CLIENTS = 16
"""So many are served side by side. For one more, who has longest not said what it wants goes; where
all have, the new one does."""

Start = Callable[..., Any]
Token = Callable[[], str]
App = Callable[[dict[str, Any], Start], Iterable[bytes]]


class ExporterError(OpsError):
    """It cannot listen where it was told to."""

    exit_code = 2


class ExporterServer:
    """Serves in threads of this process while it is entered.

    Args:
        port: 0 takes a free one.
        token: gives what a client has to send as its Bearer token, asked at each request; or None.

    Raises:
        ExporterError: when it is entered: the port is taken, or there is no such address; at once:
            the address is beyond loopback, and there is no token.
    """

    def __init__(
        self, collector: Collector, host: str, port: int, token: Token | None = None
    ) -> None:
        if not (token or is_loopback(host)):
            raise ExporterError(
                f"--host {host} is beyond loopback, where whoever reaches the port could read:"
                " give a --token-file too, and Prometheus the same as its credentials_file"
            )
        registry = CollectorRegistry()
        registry.register(collector)
        self._host, self._asked_port = host, port
        self._app = _guarded(make_wsgi_app(registry), token)
        self._server: WSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it is scraped."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        port = self._server.server_port if self._server else self._asked_port
        return f"http://{host}:{port}/metrics"

    def __enter__(self) -> Self:
        kind = _Server6 if ":" in self._host else _Server
        try:
            self._server = kind((self._host, self._asked_port), _Handler)
        except OSError as error:
            raise _cannot_listen(self._host, self._asked_port, error) from None
        self._server.set_app(self._app)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="exporter", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server and self._thread:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(CLIENT_SECONDS)


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False  # a client that hangs must not keep us from ending
    request_queue_size = 64

    def __init__(self, *arguments: Any) -> None:
        self._lock = threading.Lock()
        self._clients: dict[Any, bool] = {}  # the oldest first; whether it has said what it wants
        super().__init__(*arguments)

    def server_bind(self) -> None:
        """As it is but for the name of the host, which may take a name server seconds to find."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]
        self.setup_environ()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Never waits, or nobody else would be served, and nothing could stop us."""
        with self._lock:
            if len(self._clients) >= MOST_CLIENTS:
                oldest = next((each for each, heard in self._clients.items() if not heard), request)
                self._clients.pop(oldest, None)
                _hang_up(oldest)
            if len(self._clients) < MOST_CLIENTS:
                self._clients[request] = False
        super().process_request(request, client_address)

    def heard(self, request: Any) -> None:
        """A client has said what it wants."""
        with self._lock:
            if request in self._clients:
                self._clients[request] = True

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        end = threading.Timer(CLIENT_SECONDS, _hang_up, (request,))
        end.daemon = True
        end.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            end.cancel()
            with self._lock:
                self._clients.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is nobody's business."""


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = CLIENT_SECONDS
    server: _Server

    def parse_request(self) -> bool:
        """The header is read; it may have come by single bytes."""
        understood = super().parse_request()
        self.server.heard(self.request)
        return understood

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's signature
        """A line for each scrape would be noise."""


def _hang_up(request: Any) -> None:
    """End a connection; the thread that has it wakes, and closes it."""
    with suppress(OSError):
        request.shutdown(socket.SHUT_RDWR)


def _guarded(app: App, token: Token | None) -> App:
    """Let in who sends the token; anybody, where there is none."""

    def guard(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        given = str(environ.get("HTTP_AUTHORIZATION", "")).encode("latin-1", "replace")
        if token and not hmac.compare_digest(given, f"Bearer {token()}".encode()):
            start("401 Unauthorized", [("WWW-Authenticate", "Bearer")])
            return [b"expected the Bearer token of --token-file\n"]
        return app(environ, start)

    return guard


def _cannot_listen(host: str, port: int, error: OSError) -> ExporterError:
    if error.errno == errno.EADDRINUSE:
        return ExporterError(
            f"port {port} is taken: stop what listens there, or name another with --port"
        )
    if isinstance(error, socket.gaierror):
        return ExporterError(f"expected an address of this machine as --host, found {host}")
    return ExporterError(f"cannot listen on {host}, port {port}: {error.strerror}")
