"""The stand-in API as a process, and what it saw. It owns the process and says how fast it is."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Any, NamedTuple, Self

from lead_ops import die_with_parent

from .leads import lead_of
from .places import BenchError, stand_in_command
from .processes import cpu_seconds_of

_CONNECTIONS = 64


class Seen(NamedTuple):
    """How many leads had arrived at an instant of the stand-in's own clock, in seconds.

    `distinct` leads they were: where it is less, some arrived twice.
    """

    leads: int
    distinct: int
    at: float


class StandInApi:
    """The stand-in, for as long as the block lasts.

    Raises:
        BenchError: it does not start.
    """

    def __init__(self) -> None:
        command = die_with_parent.command(*stand_in_command())
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
        )
        line = self._process.stdout.readline() if self._process.stdout else b""
        if not line.strip().isdigit():
            self._end()
            raise BenchError(f"expected the stand-in API to tell its port, found {line!r}")
        self.port = int(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    @property
    def url(self) -> str:
        """The base URL that leads are delivered under."""
        return f"http://127.0.0.1:{self.port}/rest"

    def begin(self, latency_ms: float = 0.0) -> None:
        """Forget what was seen, and answer after so long from now on."""
        self._ask("POST", f"/control?latency_ms={latency_ms:g}")

    def seen(self) -> Seen:
        """How many leads have arrived since `begin`."""
        found: dict[str, Any] = json.loads(self._ask("GET", "/seen"))
        return Seen(found["seen"], found["distinct"], found["now_ns"] / 1e9)

    def times(self) -> list[float]:
        """Seconds from enqueue to arrival of each lead that had the instant in it, sorted."""
        return sorted(int(line) / 1e9 for line in self._ask("GET", "/times").split())

    def cpu_seconds(self) -> float:
        """Its CPU time until now."""
        return cpu_seconds_of(self._process.pid)

    def ceiling(self, seconds: float) -> float:
        """How many requests a second it answers, one at a time on each of 64 connections.

        The asking shares the machine's cores with it, so it is faster than this.
        """
        self.begin()
        body = json.dumps(lead_of(0)).encode()
        asked = b"POST /rest/leads HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        with ExitStack() as stack:
            connections = [
                stack.enter_context(socket.create_connection(("127.0.0.1", self.port)))
                for _ in range(_CONNECTIONS)
            ]
            connections[0].sendall(asked)
            length = len(connections[0].recv(65_536))  # each answer is as long as any other
            began, answered = time.monotonic(), 0
            while time.monotonic() - began < seconds:
                for connection in connections:
                    connection.sendall(asked)
                for connection in connections:
                    connection.recv(length, socket.MSG_WAITALL)
                answered += _CONNECTIONS
            return answered / (time.monotonic() - began)

    def _ask(self, method: str, path: str) -> bytes:
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            asking.request(method, path)
            return asking.getresponse().read()
        finally:
            asking.close()
