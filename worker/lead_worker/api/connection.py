"""urllib3's connections, taught three things: to keep the call's limits, to say what failed, and
not to be reused after some seconds of idleness.

It owns the seam between the libraries and a call. Every failure becomes `CallFailed` here, where it
happens and where it is plain whether something was sent, instead of being guessed from the type of
an exception that has been wrapped three times. urllib3 passes an exception that it does not know
through, and discards the connection on its way.

What urllib3 and `http.client` do for any request and any answer (checks of each header, a parser of
e-mail, a second response around the first) took two fifths of a call; here a request is written and
an answer is read as this one API needs it.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from time import monotonic
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util.ssltransport import SSLTransport

from .call import CallFailed, current
from .dial import dial
from .response import BoundedResponse

LIBRARY_ERRORS = (HTTPError, http.client.HTTPException, OSError, ValueError)
"""What requests (its errors are OSErrors), urllib3, http.client, ssl and sockets raise because of
what the other side does; ValueError for numbers and text in it that cannot be read."""


class BoundedConnection(HTTPConnection):
    """A connection that belongs to the call of the thread that uses it."""

    response_class = BoundedResponse  # of a proxy that is asked for a tunnel
    _answered_at = 0.0
    _method = ""

    @property
    def can_begin(self) -> bool:
        """Whether a request can be begun on it without waiting. TLS within the TLS of a proxy is
        written by urllib3 in a way that waits."""
        return isinstance(self.sock, socket.socket)

    @property
    def is_connected(self) -> bool:
        """Whether it can be used again. One that was idle for long is about to be closed by the
        other side, and a lead that is sent into that moment has an unknown outcome."""
        if self.sock is None or monotonic() - self._answered_at >= current().idle_seconds:
            return False
        return super().is_connected and not _holds_more(self.sock)

    def _new_conn(self) -> socket.socket:
        try:
            return dial(self._dns_host, self.port, current())
        except CallFailed:
            if self.proxy is not None:
                raise CallFailed("proxy") from None
            raise

    def request(
        self, method: str, url: str, body: Any = None, headers: Any = None, **_: Any
    ) -> None:
        """Write the request in one piece: headers and body are one packet, and the one place where
        something is written is the one place that knows whether something was.

        Args:
            headers: all that the request has, `Host` and `Content-Length` among them.
        """
        request = self._written(method, url, body or b"", headers)
        if self.sock is None:
            self.connect()
        self.write(memoryview(request))

    def begin(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> memoryview:
        """Write the request on a connection that is open, without waiting; gives what is left of
        it, which is nothing where it is not far larger than a lead."""
        rest = memoryview(self._written(method, url, body, headers))
        current().begin_sending()
        if self.sock.gettimeout() != 0:
            self.sock.settimeout(0)
        try:
            return rest[self.sock.send(rest) :]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return rest
        except ConnectionError:
            return rest[:0]  # the API may have answered before it closed: a 413, say
        except OSError:
            raise CallFailed("dropped") from None

    def _written(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        self._method = method
        head = [f"{method} {url}{current().query} HTTP/1.1"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*head, "", ""]).encode("ascii") + body

    def write(self, rest: memoryview) -> None:
        """Write a request, or the rest of one, within the limits of the call.

        Raises:
            CallFailed: `deadline`; `dropped`.
        """
        call = current()
        call.begin_sending()
        try:
            while rest:
                self.sock.settimeout(call.seconds_left())
                rest = rest[self.sock.send(rest) :]
        except TimeoutError:
            raise CallFailed(call.late) from None
        except ConnectionError:
            pass  # as above
        except OSError:
            raise CallFailed("dropped") from None

    def getresponse(self, begun: bytes = b"") -> Any:
        """The answer, read up to its body; it keeps the socket where the connection is to close.

        Args:
            begun: what was received of it before.
        """
        response = BoundedResponse(self.sock, self._method, begun)
        try:
            response.begin()
        except LIBRARY_ERRORS as error:
            response.close()
            # A connection closed without a word is an error of both kinds.
            raise CallFailed("dropped" if isinstance(error, OSError) else "garbled") from None
        if response.will_close:
            self.close()
        self._answered_at = monotonic()
        return response


def _holds_more(sock: Any) -> bool:
    """Whether TLS has taken from the socket what nobody has read: of an answer to nobody."""
    if isinstance(sock, SSLTransport):
        return bool(sock.incoming.pending or sock.sslobj.pending()) or _holds_more(sock.socket)
    return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0


class BoundedTLSConnection(BoundedConnection, HTTPSConnection):
    """The same over TLS, through a proxy's tunnel where there is one."""

    def connect(self) -> None:
        tunnelling = self.proxy_is_tunneling
        try:
            super().connect()
        except TimeoutError:
            raise CallFailed("connect_timeout") from None
        except ssl.SSLError:
            raise CallFailed("tls") from None
        except LIBRARY_ERRORS:
            raise CallFailed("proxy" if tunnelling else "tls") from None


class BoundedPool(HTTPConnectionPool):
    """Connections to an http address."""

    ConnectionCls = BoundedConnection


class BoundedTLSPool(HTTPSConnectionPool):
    """Connections to an https address."""

    ConnectionCls = BoundedTLSConnection
