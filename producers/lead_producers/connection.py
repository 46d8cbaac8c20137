"""The connections to one Redis, lent one call at a time, each within the borrower's deadline.

A web request needs a bound on the sum of all steps. So a connection is opened in a thread of its
own (a name server can hang for as long as it likes), and whoever waits gives up in time. It must
not send what a caller wants done: whoever calls knows what may be repeated.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from typing import Any
from urllib.parse import urlsplit

from redis import connection as redis_connection

from .wire import Deadline, LineError, NoReply, Wire, command, first_refusal, reason

IDLE_SECONDS = 30.0
"""A connection that was idle for longer may be dead without a sign of it, so it is closed."""


class Line:
    """A small pool of connections, safe for threads and across a fork."""

    def __init__(self, url: str, *, timeout_seconds: float, max_connections: int) -> None:
        """Read the address; nothing is opened yet.

        Raises:
            ValueError: it is not one. The text holds nothing of it, for the password's sake.
        """
        options = _parsed(url)
        self.where = _where(options)
        self._timeout_seconds = timeout_seconds
        self._most = int(options.pop("max_connections", max_connections))
        if self._most < 1:
            raise ValueError("max_connections: expected at least 1")
        self._class = options.pop("connection_class", redis_connection.Connection)
        self._greeting = _greeting(options)
        self._options = {
            **options,
            "socket_timeout": timeout_seconds,
            "socket_connect_timeout": timeout_seconds,
            "retry_on_timeout": False,
            # redis-py opens the socket, with TLS where it is asked to; what is said on it is ours.
            "redis_connect_func": lambda _: None,
        }
        _try_out(self._class, self._options)
        self._pool = _Pool(self._most)

    def borrow(self, deadline: Deadline) -> Wire:
        """Lend a connection that was alive a moment ago; hand it to `give_back` or `drop` after.

        Raises:
            NoReply: none could be had within the deadline.
            Refused: Redis does not want us.
        """
        pool = self._pool
        if pool.pid != os.getpid():
            pool = self._pool = _Pool(self._most)  # a child must not share its parent's sockets
        if not pool.places.acquire(timeout=deadline.left_seconds()):
            raise NoReply(f"has not answered {self._most} other calls yet", sent=False)
        opening = None
        try:
            wire = pool.take_idle()
            if wire is None:
                opening = _Opening(self, pool)
                wire = opening.wait(deadline)
        except BaseException:
            if opening is None or not opening.given_up:
                pool.places.release()
            raise
        return wire

    def give_back(self, wire: Wire) -> None:
        """Take back a connection whose replies have all been read."""
        wire.idle_since = time.monotonic()
        wire.home.idle.append(wire)
        wire.home.places.release()

    def drop(self, wire: Wire) -> None:
        """Take back a connection that is of no more use."""
        wire.close()
        wire.home.places.release()

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def dial(self, pool: _Pool) -> Wire:
        """Open a connection and introduce ourselves.

        Raises:
            NoReply, Refused: as `borrow`.
        """
        deadline = Deadline(self._timeout_seconds)
        connection = self._class(**self._options)
        try:
            connection.connect()
            wire = Wire(connection, pool)
            refusal = first_refusal(self._greeting, wire, deadline)
        except Exception as error:  # noqa: BLE001 - of the resolver, the socket, TLS or redis-py
            connection.disconnect()
            text = str(error) if isinstance(error, LineError) else reason(error, deadline)
            raise NoReply(text, sent=False) from None
        if refusal:
            wire.close()
            raise refusal
        return wire


class _Pool:
    """What one process has of connections: those that are idle, and places for those in use."""

    def __init__(self, most: int) -> None:
        self.pid = os.getpid()
        self.idle: deque[Wire] = deque()
        self.places = threading.BoundedSemaphore(most)

    def take_idle(self) -> Wire | None:
        """The connection used last, if it is still good."""
        while True:
            try:
                wire = self.idle.pop()
            except IndexError:
                return None
            if time.monotonic() - wire.idle_since < IDLE_SECONDS and wire.quiet():
                return wire
            wire.close()

    def close(self) -> None:
        while self.idle:
            try:
                self.idle.pop().close()
            except IndexError:
                return


class _Opening:
    """Opens one connection in a thread; if nobody waits for it any more, closes it again.

    Where it is given up it keeps its place until its thread has ended, so that threads which hang
    in a dead network do not pile up.
    """

    def __init__(self, line: Line, pool: _Pool) -> None:
        self.given_up = False
        self._line = line
        self._pool = pool
        self._wire: Wire | None = None
        self._error: LineError | None = None
        self._lock = threading.Lock()
        self._done = threading.Event()

    def wait(self, deadline: Deadline) -> Wire:
        thread = threading.Thread(target=self._run, name="lead-producer-connect", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            self._run()  # no thread can be had, as when the interpreter ends
        try:
            self._done.wait(deadline.left_seconds())
        finally:
            with self._lock:
                self.given_up = not self._done.is_set()
        if self._error:
            raise self._error
        if not self._wire:
            text = f"did not accept a connection within {deadline.seconds:g} s"
            raise NoReply(text, sent=False)
        return self._wire

    def _run(self) -> None:
        try:
            self._wire = self._line.dial(self._pool)
        except LineError as error:
            self._error = error
        with self._lock:
            self._done.set()
            if self.given_up:
                self._end_alone()

    def _end_alone(self) -> None:
        if self._wire:
            self._wire.close()
        self._pool.places.release()


def _parsed(url: str) -> dict[str, Any]:
    parse_url: Any = redis_connection.parse_url
    try:
        parts = urlsplit(url)
        # An unescaped "/" or "#" in a password would make a host of its first half.
        if parts.scheme == "unix" or "@" not in parts.path + parts.query + parts.fragment:
            options = dict(parse_url(url))
            options.pop("timeout", None)  # redis-py's pool knows it, a connection does not
            return options
    except Exception:  # noqa: BLE001, S110 - its text may hold a piece of the password
        pass
    raise ValueError(
        "expected Redis's URL to begin with redis://, rediss:// or unix://,"
        " and characters such as / # @ in its password to be written as %2F %23 %40"
    )


def _try_out(connection_class: Any, options: dict[str, Any]) -> None:
    """Find out now, and not at the first lead, whether redis-py takes these options."""
    try:
        connection_class(**options)
    except Exception:  # noqa: BLE001, S110 - its text may hold the password
        pass
    else:
        return
    raise ValueError("expected only options that redis-py knows in Redis's URL, found another")


def _greeting(options: dict[str, Any]) -> list[bytes]:
    """What is said first on a connection: who we are, and which database."""
    user, password = options.get("username"), options.get("password")
    said: list[tuple[str, ...]] = []
    if user:
        said.append(("AUTH", user, password or ""))
    elif password:
        said.append(("AUTH", password))
    if options.get("client_name"):
        said.append(("CLIENT", "SETNAME", options["client_name"]))
    if options.get("db"):
        said.append(("SELECT", str(options["db"])))
    return [command(*(word.encode() for word in words)) for words in said]


def _where(options: dict[str, Any]) -> str:
    """Name the server without its password."""
    if "path" in options:
        return str(options["path"])
    return f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
