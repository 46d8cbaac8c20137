"""One open connection to Redis: bytes out, a reply in, each within a deadline however they drip.

redis-py's time-outs bound each read, so a server that drips bytes renews them for ever. This module
owns RESP2, as far as a script's call needs it. It must not open a connection or repeat a command.
"""

from __future__ import annotations

import errno
import re
import select
import time
from collections.abc import Iterable
from ssl import SSLWantReadError
from typing import Any

REPLY_MAX_BYTES = 65_536
"""More is no reply to what is asked here."""

_READ_BYTES = 65_536
# What nearly each call is answered: known at sight, as parsing it takes a twentieth of a call.
_ALL_TAKEN = b"*1\r\n$2\r\nok\r\n"
# Redis 6.2 puts the error of a command in a script behind "ERR Error running script ...: -".
_CODE = re.compile(r"(?:^|: -)([A-Z]{3,})\b")


class Deadline:
    """A point in time that several steps share; `seconds` is the whole bound, for messages."""

    __slots__ = ("_ends_at", "seconds")

    def __init__(self, seconds: float, left_seconds: float | None = None) -> None:
        self.seconds = seconds
        self._ends_at = time.monotonic() + (seconds if left_seconds is None else left_seconds)

    def left_seconds(self) -> float:
        """What is left, at least 0."""
        return max(0.0, self._ends_at - time.monotonic())


class LineError(Exception):
    """Why Redis did not do what it was asked; the text follows "Redis at ..."."""


class NoReply(LineError):
    """No answer came, so nothing is known.

    Attributes:
        sent: whether any of the command may have arrived.
    """

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


class Refused(LineError):
    """Redis answered with an error.

    Attributes:
        code: its first word, such as `OOM`; that of the command where a script ran it.
    """

    def __init__(self, text: str) -> None:
        # Redis lists the arguments of a command that it does not know.
        super().__init__(f"refused the call: {text.split(', with args', 1)[0][:200]}")
        self.code = (_CODE.findall(text) or ["ERR"])[-1]
        if "unauthenticated" in text:  # how it refuses a command of more than ten arguments
            self.code = "NOAUTH"


def bulks(*arguments: bytes) -> bytes:
    """Encode arguments of a command, without the count that goes before them."""
    return b"".join([b"$%d\r\n%b\r\n" % (len(argument), argument) for argument in arguments])


def command(*arguments: bytes) -> bytes:
    """Encode a whole command."""
    return b"*%d\r\n%b" % (len(arguments), bulks(*arguments))


class Wire:
    """Speaks RESP2 on the socket of one of redis-py's connections, which it closes at the end."""

    __slots__ = (
        "_connection",
        "_news",
        "_received",
        "_socket",
        "home",
        "idle_since",
        "tells_durability",
    )

    def __init__(self, connection: Any, home: Any = None) -> None:
        self.home = home
        self._connection = connection
        self._socket = connection._sock
        # Says in one system call, and without an exception, that there is nothing to read. eventlet
        # takes it out of the module.
        self._news = select.poll() if hasattr(select, "poll") else None
        if self._news:
            self._news.register(self._socket, select.POLLIN)
        self._received = bytearray()
        self.idle_since = 0.0
        self.tells_durability = ""

    def quiet(self) -> bool:
        """Whether the server has neither closed the connection nor spoken unasked."""
        if self._received:
            return False
        if self._news and not self._news.poll(0):
            return True
        try:  # what came may also be TLS's own
            self._socket.settimeout(0)
            self._socket.recv(1)
        except (BlockingIOError, SSLWantReadError):
            return True
        except OSError:
            pass
        return False

    def close(self) -> None:
        self._connection.disconnect()

    def ask(self, data: bytes, deadline: Deadline) -> Any:
        """Send one command and read its reply. Raises as `send` and `read`."""
        self.send(data, deadline)
        return self.read(deadline)

    def send(self, data: bytes, deadline: Deadline) -> None:
        """Send bytes.

        Raises:
            NoReply: they could not be sent in time, or not at all.
        """
        rest = memoryview(data)
        try:
            while rest:
                self._socket.settimeout(_left_seconds(deadline))
                rest = rest[self._socket.send(rest) :]
        except OSError as error:
            raise NoReply(reason(error, deadline), sent=True) from None

    def read(self, deadline: Deadline) -> Any:
        """Read one reply: bytes, an int, None, or a list of these.

        Raises:
            NoReply: none came in time, the connection broke, or it was no RESP2.
            Refused: it is an error.
        """
        try:
            if not self._received:
                self._receive(deadline)
            if self._received == _ALL_TAKEN:
                self._received.clear()
                return [b"ok"]
            return self._reply(deadline)
        except OSError as error:
            raise NoReply(reason(error, deadline), sent=True) from None
        except ValueError:
            raise NoReply("answered with what is not Redis's protocol", sent=True) from None

    def _reply(self, deadline: Deadline) -> Any:
        line = self._line(deadline)
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise Refused(rest.decode("utf-8", "replace"))
        if kind == b"+":
            return rest
        if kind not in (b":", b"$", b"*"):
            raise ValueError
        number = int(rest)
        if kind == b":":
            return number
        if number < 0:
            return None
        return self._bulk(number, deadline) if kind == b"$" else self._array(number, deadline)

    def _array(self, length: int, deadline: Deadline) -> list[Any]:
        if length > REPLY_MAX_BYTES:
            raise ValueError
        return [self._reply(deadline) for _ in range(length)]

    def _bulk(self, length: int, deadline: Deadline) -> bytes:
        while len(self._received) < length + 2:
            self._receive(deadline)
        return self._take(length)

    def _line(self, deadline: Deadline) -> bytes:
        while (end := self._received.find(b"\r\n")) < 0:
            self._receive(deadline)
        return self._take(end)

    def _take(self, length: int) -> bytes:
        taken = bytes(self._received[:length])
        del self._received[: length + 2]
        return taken

    def _receive(self, deadline: Deadline) -> None:
        if len(self._received) > REPLY_MAX_BYTES:
            raise ValueError
        self._socket.settimeout(_left_seconds(deadline))
        received = self._socket.recv(_READ_BYTES)
        if not received:
            raise ConnectionResetError(errno.ECONNRESET, "it closed the connection")
        self._received += received


def first_refusal(commands: Iterable[bytes], wire: Wire, deadline: Deadline) -> Refused | None:
    """Make some calls at once; gives the first one's error that has one.

    Raises:
        NoReply: as `Wire.read`.
    """
    calls = [*commands]
    wire.send(b"".join(calls), deadline)
    found = None
    for _ in calls:
        try:
            wire.read(deadline)
        except Refused as refused:
            found = found or refused
    return found


def reason(error: BaseException, deadline: Deadline) -> str:
    """Put an error of the network into words."""
    cause: BaseException | None = error
    while cause and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, TimeoutError):
        return f"did not answer within {deadline.seconds:g} s"
    text = cause.strerror if isinstance(cause, OSError) else None
    return f"cannot be reached: {text or type(cause or error).__name__}"


def _left_seconds(deadline: Deadline) -> float:
    left = deadline.left_seconds()
    if left <= 0:
        raise TimeoutError
    return left
