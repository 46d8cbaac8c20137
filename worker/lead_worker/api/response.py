"""An answer as it comes in on a connection, read within the limits of the call.

It owns the reading of the status line, the headers and the framing of the body, which `http.client`
knows. Its headers are read here: they take Python's parser of e-mail, which it asks, longer than
all the rest of a call.
"""

from __future__ import annotations

import http.client
import io
import socket
from typing import Any

from .call import Call, CallFailed, current

MAX_LINE_BYTES = 65_536
MAX_HEADERS = 100
"""What `http.client` allows, too."""


class BoundedStream(io.RawIOBase):
    """What comes in on a socket, read within the limits of this thread's call.

    Each read waits for no longer than is left of the call; `timeout=` of requests bounds one read,
    so that a server that drips a byte a second would hold the call open for ever.

    Args:
        begun: what was read of it before.
    """

    def __init__(self, sock: socket.socket, begun: bytes = b"") -> None:
        self._sock = sock
        self._begun = memoryview(begun)
        # Only to be closed: the socket lives until every file that was made of it is closed.
        self._raw = sock.makefile("rb", buffering=0)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Itself as a file, as `http.client` asks a socket for one."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        call = current()
        count = self._read_begun(buffer) or self._receive(buffer, call)
        call.received(count)
        return count

    def _read_begun(self, buffer: Any) -> int:
        count = min(len(buffer), len(self._begun))
        buffer[:count], self._begun = self._begun[:count], self._begun[count:]
        return count

    def _receive(self, buffer: Any, call: Call) -> int:
        self._sock.settimeout(call.seconds_left())
        try:
            return self._sock.recv_into(buffer)
        except TimeoutError:
            raise CallFailed(call.late) from None

    def close(self) -> None:
        self._raw.close()
        super().close()


class BoundedResponse(http.client.HTTPResponse):
    """An answer that is read within the limits of the call, interim answers skipped.

    urllib3's pool sets `retries`, `_pool` and `_connection`, as it does of its own responses; where
    it was not asked, `belongs_to` does.

    Attributes:
        headers: names in lower case; the values of one that is repeated are joined by commas.
    """

    retries: Any = None
    _pool: Any = None
    _connection: Any = None

    def __init__(self, sock: socket.socket, method: str, begun: bytes = b"") -> None:
        super().__init__(BoundedStream(sock, begun), method=method)  # type: ignore[arg-type]

    def belongs_to(self, pool: Any, connection: Any) -> None:
        """Say where its connection is to be given back."""
        self._pool, self._connection = pool, connection

    def begin(self) -> None:
        """Read up to the body. Python's takes `103 Early Hints` for the answer itself, and would
        leave the real one in the connection, to be taken for the answer to the next lead."""
        status = 100
        while status == 100 or 101 < status < 200:
            version, status, reason = self._read_status()  # type: ignore[attr-defined]
            headers = _read_headers(self.fp)
        self.status = self.code = status
        self.reason, self.version = reason.strip(), _version(version)
        self.headers = self.msg = headers  # type: ignore[assignment]
        self.chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        self.chunk_left = None
        self.length = None if self.chunked else _length(headers, status)
        endless = not self.chunked and self.length is None
        # A 408 may be the answer to no request, before the server closes an idle connection.
        self.will_close = endless or status == 408 or self._check_close()  # type: ignore[attr-defined]

    @property
    def version_string(self) -> str:
        """For urllib3's log."""
        return f"HTTP/{self.version / 10}"

    @property
    def length_remaining(self) -> int | None:
        """How much of the body is to come, where that is known."""
        return self.length

    def get_redirect_location(self) -> None:
        """Nowhere: no redirect is followed."""

    def release_conn(self) -> None:
        """Give the connection back to its pool."""
        connection, self._connection = self._connection, None
        if connection:
            self._pool._put_conn(connection)

    def drop_conn(self) -> None:
        """Close the connection: what is left of this answer would begin the next one."""
        self.close()
        if self._connection:
            self._connection.close()


def _read_headers(lines: io.BufferedReader) -> dict[str, str]:
    """Headers up to the empty line; a value that goes on in the next line is joined by a space
    (RFC 9112, 5.2), and a line that is no header is passed over."""
    headers: dict[str, str] = {}
    latest = ""
    for _ in range(MAX_HEADERS + 1):
        line = lines.readline(MAX_LINE_BYTES + 1)
        if len(line) > MAX_LINE_BYTES:
            raise http.client.LineTooLong("header line")
        if line in (b"\r\n", b"\n"):
            return headers
        if not line:
            raise http.client.IncompleteRead(line)
        text = line.decode("latin-1")
        if text[0] in " \t":
            if latest:
                headers[latest] = f"{headers[latest]} {text.strip()}".strip()
            continue
        name, colon, value = text.partition(":")
        latest = name.strip().lower() if colon else ""
        if latest:
            known = headers.get(latest)
            headers[latest] = value.strip() if known is None else f"{known}, {value.strip()}"
    raise http.client.HTTPException(f"got more than {MAX_HEADERS} headers")


def _version(version: str) -> int:
    if version in ("HTTP/1.0", "HTTP/0.9"):
        return 10
    if version.startswith("HTTP/1."):
        return 11
    raise http.client.UnknownProtocol(version)


def _length(headers: dict[str, str], status: int) -> int | None:
    """Of the body; None where it ends with the connection."""
    if status in (204, 304) or status < 200:
        return 0
    try:
        lengths = {int(each) for each in headers.get("content-length", "").split(",")}
    except ValueError:
        return None
    if len(lengths) > 1:
        raise http.client.HTTPException("the answer has two lengths")
    length = lengths.pop()
    return length if length >= 0 else None
