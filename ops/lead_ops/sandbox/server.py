"""The sandbox as a running server: its socket, its thread, and what tests ask of it.

It owns the thread and the loop in it. Everything that is decided is decided at the desk; every
method here may be called from any thread.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from lead_worker.settings import is_loopback

from .body import Lead
from .connection import Connection, DateLine
from .desk import Desk, check_tokens
from .errors import SandboxError
from .faults import Faults
from .journal import Arrival

DEFAULT_TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but a sandbox
REQUEST_SECONDS = 30.0
STOP_SECONDS = 5.0


class SandboxServer:
    """A stand-in for the API, on loopback, in a thread of this process.

        with SandboxServer(token="t") as sandbox:
            sandbox.set_faults(Faults(status=503, retry_after="3", count=2))
            ...  # deliver to sandbox.url
            sandbox.wait_for(lambda s: len(s.leads) == 3)

    It may be started again after `stop`, on the same port and with the leads that it has: an
    outage in which connections are refused.

    Args:
        port: 0 takes a free one.
        token: what the API accepts; a sequence where there are several.
        host: a loopback address.
        data: a file that keeps the leads over a restart (mode 0600), or None.
        idle_seconds: a kept-alive connection that is idle for longer is closed, as servers do.

    Raises:
        SandboxError: the address is not loopback, a token or the data file cannot be used.
    """

    def __init__(
        self,
        port: int = 0,
        token: str | Iterable[str] = DEFAULT_TOKEN,
        *,
        host: str = "127.0.0.1",
        data: Path | None = None,
        idle_seconds: float = 5.0,
    ) -> None:
        if not is_loopback(host):
            raise SandboxError(f"expected a loopback address, such as 127.0.0.1, found {host}")
        self._host = "127.0.0.1" if host == "localhost" else host
        self._port = port
        self._idle_seconds = idle_seconds
        self._desk = Desk([token] if isinstance(token, str) else token, data)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    def __enter__(self) -> Self:
        """Start, unless it runs."""
        if self._thread is None:
            try:
                self.start()
            except SandboxError:
                self._desk.close()
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop for good."""
        self.stop()
        self._desk.close()

    @property
    def port(self) -> int:
        """The port; before the first start the one that was asked for."""
        return self._port

    @property
    def url(self) -> str:
        """The base URL, as `LEADS_API_URL` takes it."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}/rest"

    @property
    def token(self) -> str:
        """The first of the tokens that are accepted now."""
        return self._desk.tokens[0]

    @property
    def leads(self) -> list[Lead]:
        """The leads that were created, in order. The list is a copy, its leads are not."""
        with self._desk.changed:
            return list(self._desk.book.leads)

    @property
    def journal(self) -> list[Arrival]:
        """The arrivals at `/rest` (and those that were no HTTP), in order."""
        with self._desk.changed:
            return self._desk.journal.all()

    def set_faults(self, *faults: Faults) -> None:
        """Let these be the faults in force, and no others; of two the later one decides."""
        with self._desk.changed:
            self._desk.faults.clear()
            for each in faults:
                self._desk.faults.add(each, time.monotonic())

    def clear_faults(self) -> None:
        """End all faults. What hangs goes on hanging until its client leaves."""
        self.set_faults()

    def set_token(self, token: str | Iterable[str]) -> None:
        """Accept this token from now on (or these), and no other.

        Raises:
            SandboxError: it is no single word of printable ASCII.
        """
        tokens = check_tokens([token] if isinstance(token, str) else token)
        with self._desk.changed:
            self._desk.tokens = tokens

    def wait_for(
        self, condition: Callable[[SandboxServer], bool], timeout_seconds: float = 10.0
    ) -> None:
        """Wait until a condition holds; it is looked at after each arrival, and now and then.

        Raises:
            TimeoutError: it did not hold in time; the text says what had come by then.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            with self._desk.changed:
                seen = self._desk.revision
            if condition(self):
                return
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"waited {timeout_seconds:g} s; {self._summary()}")
            with self._desk.changed:
                if self._desk.revision == seen:
                    self._desk.changed.wait(min(left, 0.05))

    def _summary(self) -> str:
        with self._desk.changed:
            book, journal = self._desk.book, self._desk.journal
            return (
                f"by then {journal.total} requests ({journal.by_status()}), {len(book.leads)} leads"
            )

    def start(self) -> None:
        """Listen and serve; connections are accepted when this returns.

        Raises:
            SandboxError: the port cannot be had.
        """
        if self._thread is not None:
            return
        listener = _listen(self._host, self._port)
        self._port = listener.getsockname()[1]
        ready = threading.Event()
        run = threading.Thread(
            target=asyncio.run, args=(self._serve(listener, ready),), name="sandbox", daemon=True
        )
        run.start()
        ready.wait(STOP_SECONDS)
        self._thread = run

    def stop(self) -> None:
        """Cut every connection off and stop listening. The leads stay."""
        thread, loop, stopping = self._thread, self._loop, self._stopping
        if thread is None or loop is None or stopping is None:
            return
        loop.call_soon_threadsafe(stopping.set)
        thread.join(STOP_SECONDS)
        self._thread = None

    async def _serve(self, listener: socket.socket, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        connections: set[Connection] = set()
        date = DateLine()
        server = await self._loop.create_server(
            lambda: Connection(self._desk, connections, date), sock=listener, backlog=1024
        )
        sweeping = self._loop.create_task(self._sweep(connections))
        ready.set()
        await self._stopping.wait()
        server.close()
        acting = [connection.abort() for connection in tuple(connections)]
        sweeping.cancel()
        ended = [task for task in (sweeping, *acting) if task is not None]
        await asyncio.gather(*ended, return_exceptions=True)

    async def _sweep(self, connections: set[Connection]) -> None:
        while True:
            await asyncio.sleep(min(1.0, self._idle_seconds / 4))
            now = time.monotonic()
            for connection in tuple(connections):
                if connection.is_stale(now, self._idle_seconds, REQUEST_SECONDS):
                    connection.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SandboxError(
                f"port {port} is taken: stop what listens there, or name another with --port"
            ) from None
        raise SandboxError(f"cannot listen on {host}, port {port}: {error.strerror}") from None
    except OverflowError:
        raise SandboxError(f"a port: expected 0 to 65535, found {port}") from None
