"""Loads the Lua scripts and runs them in one round trip, with nothing repeated behind our back.

It owns how scripts reach Redis. It must not know what they mean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import redis
from hiredis import pack_command
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError
from redis.retry import Retry

_FOLDER = files(__package__).joinpath("scripts")
_PRELUDE = _FOLDER.joinpath("prelude.lua").read_bytes()
_FLEET = _FOLDER.joinpath("fleet.lua").read_bytes()
_ALONE = {"settle"}
"""Those that need no more than the prelude: they are run for each lead."""


@dataclass(frozen=True, slots=True)
class Script:
    """One transition: its text with all that it begins with, and its SHA-1."""

    name: str
    text: bytes
    sha: str


def _load(name: str) -> Script:
    begins = _PRELUDE if name in _ALONE else _PRELUDE + _FLEET
    text = begins + _FOLDER.joinpath(f"{name}.lua").read_bytes()
    return Script(name, text, hashlib.sha1(text, usedforsecurity=False).hexdigest())


_NAMES = (
    "advance",
    "beat",
    "calendar",
    "check",
    "claim",
    "confirm",
    "counts",
    "discard",
    "edit",
    "enlist",
    "erase",
    "forget",
    "govern",
    "import",
    "launch",
    "leave",
    "log",
    "meter",
    "open",
    "rate",
    "reclaim",
    "redrive",
    "replay",
    "restore",
    "settle",
    "standing",
    "steer",
    "vitals",
)
SCRIPTS = {name: _load(name) for name in _NAMES}


class ScriptError(RedisError):
    """A script ended with an error of Redis; the text names the script and Redis's own code."""


@dataclass(frozen=True, slots=True)
class Call:
    """One script and its arguments, the namespace's prefix and the clock's offset left out."""

    script: Script
    arguments: Sequence[Any] = ()


def connect(url: str, *, timeout_seconds: float = 5.0, connect_timeout_seconds: float = 3.0) -> Any:
    """Make a client that never repeats a command by itself: a script may have run all the same."""
    keepalive = {} if url.startswith("unix:") else {"socket_keepalive": True}
    return redis.Redis.from_url(
        url,
        protocol=2,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=connect_timeout_seconds,
        retry=Retry(NoBackoff(), 0),
        retry_on_timeout=False,
        **keepalive,
    )


class Runner:
    """Runs scripts of one namespace on one client."""

    def __init__(self, client: Any, prefix: str, *, offset_seconds: float = 0.0) -> None:
        self._pool = client.connection_pool
        self._prefix = prefix
        self.offset_seconds = offset_seconds

    def run(self, calls: Sequence[Call]) -> list[Any]:
        """Run the calls in order, in one round trip, and give their replies.

        After a restart Redis does not know the scripts: then they are loaded and all calls made
        again, which is safe because each script can be repeated.

        Raises:
            RedisError: a reply is missing or an error; any of the calls may have run.
        """
        replies = self._send([self._command(call) for call in calls])
        if any(isinstance(reply, NoScriptError) for reply in replies):
            self._send([("SCRIPT", "LOAD", call.script.text) for call in calls])
            replies = self._send([self._command(call) for call in calls])
        for call, reply in zip(calls, replies, strict=True):
            if isinstance(reply, ResponseError):
                raise ScriptError(f"{call.script.name}.lua: {reply}") from reply
        return replies

    def _command(self, call: Call) -> tuple[Any, ...]:
        return ("EVALSHA", call.script.sha, 1, self._prefix, self.offset_seconds, *call.arguments)

    def _send(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Write all commands, then read all replies: a pipeline without redis-py's overhead."""
        connection = self._pool.get_connection()
        try:
            connection.send_packed_command([b"".join(map(pack_command, commands))])
            return [self._reply(connection) for _ in commands]
        except BaseException:
            connection.disconnect()  # unread replies must not reach the next caller
            raise
        finally:
            self._pool.release(connection)

    @staticmethod
    def _reply(connection: Any) -> Any:
        try:
            return connection.read_response()
        except ResponseError as error:
            return error
