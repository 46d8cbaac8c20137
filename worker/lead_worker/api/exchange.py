"""One call on a connection that is open already, for whoever must not wait for it.

It owns what can be known of an answer that is still coming in. Nothing here waits but `reply`, and
that one only where something is missing: reading an answer is the same for both.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from ..core.reply import Answered, Reply
from .answer import certain, take_answer
from .call import Call, CallFailed, calling
from .connection import BoundedConnection

_BLOCK_BYTES = 65_536
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n")


class Progress(Enum):
    """What there is of an answer."""

    COMING = auto()
    """More is to come, and all of it will be known as such."""
    WHOLE = auto()
    """All of it is here: `Exchange.reply` does not wait."""
    UNFORESEEABLE = auto()
    """Only reading on tells where it ends: `Exchange.reply` may wait."""


class Exchange:
    """A request that was written, and what has come of its answer."""

    def __init__(
        self, pool: Any, connection: BoundedConnection, call: Call, max_answer_bytes: int
    ) -> None:
        """Take the connection over; `reply` gives it back to its pool, or closes it."""
        self._pool = pool
        self._connection = connection
        self._call = call
        self._max_answer_bytes = max_answer_bytes
        self._unsent: memoryview = memoryview(b"")
        self._got = bytearray()
        self._whole_bytes = 0
        self._is_given_back = False

    @property
    def deadline_at(self) -> float:
        """When the call ends, as `time.monotonic` counts."""
        return self._call.deadline_at

    @property
    def is_sent(self) -> bool:
        """Whether the connection has taken all of the request; else `reply` writes the rest."""
        return not self._unsent

    def fileno(self) -> int:
        """Of the connection, to be asked whether something has come."""
        return self._connection.sock.fileno()

    def send(self, target: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Write a POST, as much of it as the connection takes without waiting.

        Raises:
            CallFailed: as the connection's `request`.
        """
        with calling(self._call):
            self._unsent = self._connection.begin("POST", target, body, headers)

    def receive(self) -> Progress:
        """Take what has come."""
        try:
            block = self._connection.sock.recv(_BLOCK_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return Progress.COMING
        except OSError:
            return Progress.UNFORESEEABLE  # whoever reads on meets it again
        self._got += block
        if not self._whole_bytes:
            self._whole_bytes = _whole_bytes(bytes(self._got), self._call.bytes_left)
        if not block or not self._whole_bytes:
            return Progress.UNFORESEEABLE
        if len(self._got) < self._whole_bytes:
            return Progress.COMING
        self._call.end()  # what is whole needs no more: should its reader want more, it fails
        return Progress.WHOLE

    def reply(self) -> Reply:
        """The reply. It waits, for what is missing and until the deadline; after it, not at all."""
        return certain(self._call, self._answer)

    def close(self) -> None:
        """Close the connection, which no other call can use in the middle of this one."""
        if not self._is_given_back:
            self._connection.close()

    def _answer(self) -> Answered:
        try:
            if self._unsent:
                self._connection.write(self._unsent)
            response = self._connection.getresponse(bytes(self._got))
        except CallFailed:
            self.close()
            raise
        if 0 < self._whole_bytes < len(self._got):
            self.close()  # there is more than an answer on it
        self._is_given_back = True  # or closed by `take_answer`
        response.belongs_to(self._pool, self._connection)
        return take_answer(response, self._max_answer_bytes)


def _whole_bytes(got: bytes, at_most: int) -> int:
    """How long the whole answer is that begins like this, where its head is all there and says so
    in the one way that leaves nothing to interpret (RFC 9112, 6.3); else 0."""
    end = got.find(b"\r\n\r\n") + 4
    if end < 4 or got[:9] != b"HTTP/1.1 " or got[9:10] not in (b"2", b"3", b"4", b"5"):
        return 0
    head = got[:end].lower()
    if b"transfer-encoding" in head or head.count(b"content-length") != 1:
        return 0
    if head.count(b"\n") != head.count(b"\r\n") or b"\r\n " in head or b"\r\n\t" in head:
        return 0  # a reader by lines sees other headers, or a value that goes on in the next one
    if head[9:12] in (b"204", b"304"):
        return 0  # these have no body, whatever length they tell
    length = _LENGTH.search(head)
    whole = end + int(length[1]) if length else 0
    return whole if whole <= at_most else 0
