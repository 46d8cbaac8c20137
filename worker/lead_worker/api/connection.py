"""urllib3's connections, taught three things: to keep the call's limits, to say what failed, and
not to be reused after some seconds of idleness.

It owns the seam between the libraries and a call. Every failure becomes `CallFailed` here, where it
happens and where it is plain whether something was sent, instead of being guessed from the type of
an exception that has been wrapped three times. urllib3 passes an exception that it does not know
through, and discards the connection on its way.

Each read from the socket waits for no longer than is left of the call; `timeout=` of requests
bounds one read, so that a server that drips a byte a second would hold the call open for ever.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from time import monotonic
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from .call import CallFailed, current
from .dial import dial

LIBRARY_ERRORS = (HTTPError, http.client.HTTPException, OSError, ValueError)
"""What requests (its errors are OSErrors), urllib3, http.client, ssl and sockets raise because of
what the other side does; ValueError for numbers and text in it that cannot be read."""


class BoundedStream(io.RawIOBase):
    """What comes in on a socket, read within the limits of this thread's call."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock = sock
        # Only to be closed: the socket lives until every file that was made of it is closed.
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        call = current()
        self._sock.settimeout(call.seconds_left())
        try:
            count = self._sock.recv_into(buffer)
        except TimeoutError:
            raise CallFailed(call.late) from None
        call.received(count)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class BoundedResponse(http.client.HTTPResponse):
    """An answer that is read within the limits of the call, interim answers skipped."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(BoundedStream(sock, self.fp.detach()))

    def begin(self) -> None:
        """Read up to the body. Python's takes `103 Early Hints` for the answer itself, and would
        leave the real one in the connection, to be taken for the answer to the next lead."""
        super().begin()
        while 101 < self.status < 200:
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()
        # urllib3 logs what it cannot read of the headers, and that may be part of an echoed lead.
        self.msg.defects = []
        self.msg.set_payload("")


class BoundedConnection(HTTPConnection):
    """A connection that belongs to the call of the thread that uses it."""

    response_class = BoundedResponse
    _answered_at = 0.0
    _held: list[Any] | None = None

    @property
    def is_connected(self) -> bool:
        """Whether it can be used again. One that was idle for long is about to be closed by the
        other side, and a lead that is sent into that moment has an unknown outcome."""
        if self.sock is None or monotonic() - self._answered_at >= current().idle_seconds:
            return False
        return super().is_connected

    def _new_conn(self) -> socket.socket:
        try:
            return dial(self._dns_host, self.port, current())
        except CallFailed:
            if self.proxy is not None:
                raise CallFailed("proxy") from None
            raise

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        """Write the request in one piece: headers and body are one packet, and the one place where
        something is written is the one place that knows whether something was."""
        self._held = []
        try:
            super().request(method, url + current().query, *args, **kwargs)
        finally:
            held, self._held = self._held, None
        if self.sock is None:
            self.connect()
        self._write(b"".join(held))

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)  # CONNECT to a proxy: nothing of the lead
        else:
            self._held.append(data)

    def _write(self, request: bytes) -> None:
        call = current()
        call.begin_sending()
        rest = memoryview(request)
        try:
            while rest:
                self.sock.settimeout(call.seconds_left())
                rest = rest[self.sock.send(rest) :]
        except TimeoutError:
            raise CallFailed(call.late) from None
        except ConnectionError:
            pass  # the API may have answered before it closed: a 413, say
        except OSError:
            raise CallFailed("dropped") from None

    def getresponse(self) -> Any:
        try:
            response = super().getresponse()
        except OSError:  # before HTTPException: a connection closed without a word is both
            raise CallFailed("dropped") from None
        except LIBRARY_ERRORS:
            raise CallFailed("garbled") from None
        self._answered_at = monotonic()
        return response


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
