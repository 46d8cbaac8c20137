"""Bytes in, HTTP/1.1 requests out (RFC 9112), as a machine that does no I/O.

It owns framing and its limits. It must not know what a lead is, and it raises nothing: what is no
HTTP becomes `Malformed`, after which nothing more can be read from that connection.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass

MAX_HEAD_BYTES = 16_384
MAX_BODY_BYTES = 1_048_576
MAX_CHUNK_LINE_BYTES = 256
_TOKEN = (string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~").encode()
_STRAY = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n")
_TARGET = re.compile(
    r"(?:https?://(?P<host>[^/?#]*))?(?P<path>/[^?#]*)(?:\?(?P<query>[^#]*))?", re.I
)
_ONCE_ONLY = frozenset(("content-length", "transfer-encoding", "host"))


@dataclass(frozen=True, slots=True)
class Head:
    """A request before its body. Header names are in lower case; of a repeated one the first."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    keep_alive: bool


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request; `body` is what was sent, with the chunks put together."""

    head: Head
    body: bytes


@dataclass(frozen=True, slots=True)
class Malformed:
    """What came cannot be read as a request; `status` is the answer that it deserves."""

    status: int
    message: str


@dataclass(frozen=True, slots=True)
class Framing:
    """How the end of a body is known: `length` bytes, or chunks where `length` is None."""

    length: int | None
    expects_continue: bool


class RequestReader:
    """Takes the bytes of one connection and gives its requests, one after the other.

    `awaits_continue` is true while a client holds its body back until it sees `100 Continue`; who
    sends that line sets it to false.
    """

    def __init__(self, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self.awaits_continue = False
        self._max_body_bytes = max_body_bytes
        self._buffer = bytearray()
        self._open: tuple[Head, Framing] | None = None
        self._chunks = bytearray()
        self._in_trailer = False
        self._broken = False

    @property
    def buffered_bytes(self) -> int:
        """How much was fed and not yet given out."""
        return len(self._buffer) + len(self._chunks)

    @property
    def is_midway(self) -> bool:
        """Whether a request has begun and is not whole yet."""
        return not self._broken and (self._open is not None or bool(self._buffer))

    def feed(self, data: bytes) -> None:
        """Take what came; nothing is looked at before `take`."""
        if not self._broken:
            self._buffer += data

    def take(self) -> Request | Malformed | None:
        """The next request; None where more bytes are needed (and for ever after a `Malformed`)."""
        if self._broken:
            return None
        found = self._next()
        if isinstance(found, Malformed):
            self._broken = True
            self.awaits_continue = False
            self._buffer.clear()
        return found

    def _next(self) -> Request | Malformed | None:
        if self._open is None:
            opened = self._read_head()
            if opened is None or isinstance(opened, Malformed):
                return opened
            self._open = opened
            self.awaits_continue = opened[1].expects_continue
        head, framing = self._open
        body = self._read_chunks() if framing.length is None else self._read_exactly(framing.length)
        if body is None or isinstance(body, Malformed):
            return body
        self._open = None
        self.awaits_continue = False
        return Request(head, body)

    def _read_head(self) -> tuple[Head, Framing] | Malformed | None:
        while self._buffer.startswith(b"\r\n"):  # RFC 9112, 2.2: empty lines before a request
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES + 4)
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                return Malformed(431, f"The head is larger than {MAX_HEAD_BYTES} bytes")
            return None
        raw = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        return _parse_head(raw, self._max_body_bytes)

    def _read_exactly(self, length: int) -> bytes | None:
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        return body

    def _read_chunks(self) -> bytes | Malformed | None:
        while not self._in_trailer:
            step = self._read_chunk()
            if step is None or isinstance(step, Malformed):
                return step
            self._in_trailer = step == 0
        return self._read_trailer()

    def _read_chunk(self) -> int | Malformed | None:
        end = self._buffer.find(b"\r\n", 0, MAX_CHUNK_LINE_BYTES)
        if end < 0:
            too_long = len(self._buffer) >= MAX_CHUNK_LINE_BYTES
            return Malformed(400, "A chunk's size line is too long") if too_long else None
        digits = bytes(self._buffer[:end]).split(b";", 1)[0].strip(b" \t")
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", digits):
            return Malformed(400, "A chunk's size is not a hexadecimal number")
        size = int(digits, 16)
        if len(self._chunks) + size > self._max_body_bytes:
            return _too_large(self._max_body_bytes)
        if size == 0:
            del self._buffer[: end + 2]
            return 0
        if len(self._buffer) < end + 2 + size + 2:
            return None
        if self._buffer[end + 2 + size : end + 4 + size] != b"\r\n":
            return Malformed(400, "A chunk does not end where its size says")
        self._chunks += self._buffer[end + 2 : end + 2 + size]
        del self._buffer[: end + 4 + size]
        return size

    def _read_trailer(self) -> bytes | Malformed | None:
        while (end := self._buffer.find(b"\r\n", 0, MAX_HEAD_BYTES)) > 0:
            del self._buffer[: end + 2]
        if end < 0:
            too_long = len(self._buffer) >= MAX_HEAD_BYTES
            return Malformed(431, "The trailer is too large") if too_long else None
        del self._buffer[:2]
        body = bytes(self._chunks)
        self._chunks.clear()
        self._in_trailer = False
        return body


def _parse_head(raw: bytes, max_body_bytes: int) -> tuple[Head, Framing] | Malformed:
    if _STRAY.search(raw):
        return Malformed(400, "The head holds a control character or a bare line end")
    first, *lines = raw.split(b"\r\n")
    headers = _parse_headers(lines)
    if isinstance(headers, Malformed):
        return headers
    head = _parse_request_line(first, headers)
    if isinstance(head, Malformed):
        return head
    framing = _parse_framing(headers, max_body_bytes)
    return framing if isinstance(framing, Malformed) else (head, framing)


def _parse_headers(lines: list[bytes]) -> dict[str, str] | Malformed:
    headers: dict[str, str] = {}
    for line in lines:
        raw_name, colon, value = line.partition(b":")
        if not colon or not raw_name or raw_name.translate(None, _TOKEN):
            return Malformed(400, "A header line is not 'Name: value'")
        name = raw_name.decode("ascii").lower()
        if name not in headers:
            headers[name] = value.strip(b" \t").decode("latin-1")
        elif name in _ONCE_ONLY:
            return Malformed(400, f"The header {name} comes more than once")
    return headers


def _parse_request_line(line: bytes, headers: dict[str, str]) -> Head | Malformed:
    parts = line.decode("latin-1").split(" ")
    if len(parts) != 3 or not parts[0] or parts[0].encode("latin-1").translate(None, _TOKEN):
        return Malformed(400, "The first line is not 'METHOD /path HTTP/1.1'")
    method, target, version = parts
    if version not in ("HTTP/1.1", "HTTP/1.0"):
        return Malformed(505 if version.startswith("HTTP/") else 400, "Expected HTTP/1.1")
    matched = _TARGET.fullmatch(target)
    if matched is None:
        return Malformed(400, "The request target is not a path")
    if (host := matched["host"]) is not None:  # RFC 9112, 3.2.2: it counts, not the Host header
        headers["host"] = host
    if not headers.get("host"):
        return Malformed(400, "The Host header is missing")
    return Head(
        method, matched["path"], matched["query"] or "", headers, _keeps_alive(version, headers)
    )


def _keeps_alive(version: str, headers: dict[str, str]) -> bool:
    asked = headers.get("connection")
    if asked is None:
        return version == "HTTP/1.1"
    options = {option.strip() for option in asked.lower().split(",")}
    return "close" not in options and (version == "HTTP/1.1" or "keep-alive" in options)


def _parse_framing(headers: dict[str, str], max_body_bytes: int) -> Framing | Malformed:
    expect = headers.get("expect")
    if expect is not None and expect.lower() != "100-continue":
        return Malformed(417, "The only expectation that can be met is 100-continue")
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if length is not None:
            return Malformed(400, "Content-Length and Transfer-Encoding exclude each other")
        if coding.lower() != "chunked":
            return Malformed(501, "The only transfer coding that can be read is chunked")
        return Framing(None, expect is not None)
    if length is None:
        return Framing(0, False)
    if not re.fullmatch(r"[0-9]{1,15}", length):
        return Malformed(400, "Content-Length is not a number of bytes")
    if int(length) > max_body_bytes:
        return _too_large(max_body_bytes)
    return Framing(int(length), expect is not None)


def _too_large(max_body_bytes: int) -> Malformed:
    return Malformed(413, f"The body is larger than {max_body_bytes} bytes")
