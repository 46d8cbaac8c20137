"""A line to Redis that answers or gives up within one bound, whatever hangs.

redis-py bounds each step of a call; a web request needs a bound on their sum. So connections are
opened in a thread of their own (a name server can hang for as long as it likes), and each command
gets the time that is left. It must not repeat a command: whoever calls knows what is safe.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import connection as redis_connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from .errors import QueueUnavailable


class Deadline:
    """A point in time that several steps share."""

    __slots__ = ("_ends_at", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends_at = time.monotonic() + seconds

    def left_seconds(self) -> float:
        """What is left, at least 0."""
        return max(0.0, self._ends_at - time.monotonic())

    def over(self) -> bool:
        return self.left_seconds() <= 0


class Line:
    """A small pool of connections, safe for threads and across a fork."""

    def __init__(self, url: str, *, timeout_seconds: float, max_connections: int) -> None:
        parse_url: Any = redis_connection.parse_url
        options: dict[str, Any] = dict(parse_url(url))
        default = redis_connection.Connection
        self._connection_class: Any = options.pop("connection_class", default)
        self._options = {
            "protocol": 2,
            **options,
            "socket_timeout": timeout_seconds,
            "socket_connect_timeout": timeout_seconds,
        }
        self._max_connections = max_connections
        self.where = _where(options)
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._pid = os.getpid()
        self._idle: deque[Any] = deque()
        self._places = threading.BoundedSemaphore(self._max_connections)

    @contextmanager
    def connection(self, deadline: Deadline) -> Iterator[Any]:
        """Lend a connection that was alive a moment ago; after an error it is thrown away.

        Raises:
            QueueUnavailable: none could be had within the deadline.
        """
        if self._pid != os.getpid():
            self._start_afresh()  # a forked child must not share its parent's sockets
        places = self._places
        if not places.acquire(timeout=deadline.left_seconds()):
            raise QueueUnavailable(
                f"{self._max_connections} calls are already waiting for Redis at {self.where}"
            )
        connection = None
        try:
            connection = self._alive() or self._open(deadline)
            yield connection
            self._idle.append(connection)
            connection = None
        finally:
            places.release()
            if connection is not None:
                connection.disconnect()

    def _alive(self) -> Any:
        """The connection used last, if the server has not closed it meanwhile."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            try:
                if not connection.can_read(0):
                    return connection
            except (RedisConnectionError, RedisTimeoutError, OSError):
                pass
            connection.disconnect()

    def _open(self, deadline: Deadline) -> Any:
        opening = _Opening(self._connection_class(**self._options))
        opening.start()
        return opening.wait(deadline, self.where)

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().disconnect()


def call(connection: Any, deadline: Deadline, *command: Any) -> Any:
    """Send one command and read its answer, in what is left of the deadline.

    Raises:
        redis.exceptions.RedisError: the answer is an error, or there was none in time.
    """
    connection._sock.settimeout(max(deadline.left_seconds(), 0.001))
    connection.send_command(*command, check_health=False)
    return connection.read_response()


class _Opening(threading.Thread):
    """Opens one connection; if nobody waits for it any more, closes it again."""

    def __init__(self, connection: Any) -> None:
        super().__init__(name="lead-producer-connect", daemon=True)
        self._connection = connection
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._given_up = False

    def run(self) -> None:
        try:
            self._connection.connect()
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits
            self._error = error
        with self._lock:
            self._done.set()
            if self._given_up:
                self._connection.disconnect()

    def wait(self, deadline: Deadline, where: str) -> Any:
        self._done.wait(deadline.left_seconds())
        with self._lock:
            self._given_up = not self._done.is_set()
        if self._given_up:
            raise QueueUnavailable(
                f"Redis at {where} did not accept a connection within {deadline.seconds:g} s"
            )
        if self._error is not None:
            raise self._error
        return self._connection


def _where(options: dict[str, Any]) -> str:
    """Name the server without its password."""
    if "path" in options:
        return str(options["path"])
    return f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
