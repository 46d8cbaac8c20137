"""The embedded Redis: a real server process of our own, with its data in one private folder.

It owns the process from start to stop. It holds no data itself and knows nothing of leads. What
makes the data safe is in `ops/redis.conf`; which server program there is, in `programs`.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from .. import die_with_parent
from ..errors import OpsError, RedisStartError
from . import folder as redis_folder
from .programs import all_servers, find_server, identify

__all__ = ["EmbeddedRedis", "all_servers", "find_server"]

CONFIG = Path(__file__).with_name("redis.conf")
# What a server says of a file with a snapshot, or a command, that only newer ones know.
_FROM_NEWER = re.compile(r"Can't handle RDB format version|Unknown command .* append only file")


class EmbeddedRedis:
    """One Redis server on a folder of data; it can be started and stopped again and again.

    The server is in a session of its own, so that a terminal's Ctrl-C does not reach it, and ends
    by itself (on Linux) when the thread that called `start` ends without `stop`. One folder has one
    server at a time, across processes. Not for use from several threads at once.
    """

    def __init__(
        self,
        data_dir: Path,
        server: Path | None = None,
        *,
        port: int = 0,
        options: Mapping[str, str] | None = None,
    ) -> None:
        """Say what would run; nothing is touched before `start`.

        Args:
            data_dir: made with mode 0700 where it does not exist.
            server: the server program; `find_server()` by default.
            port: a TCP port on 127.0.0.1 besides the socket, without a password, so for tests
                only; 0 for none.
            options: directives of redis.conf that shall differ, such as {"maxmemory": "8mb"}.
        """
        self.data_dir = data_dir.resolve()
        self.socket_path = redis_folder.socket_path(self.data_dir)
        self.log_path = self.data_dir / "redis.log"
        self.port = port
        self._server = server
        self._options = dict(options or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._log_begins = 0

    @property
    def url(self) -> str:
        """The server's address, as redis-py and LEADS_REDIS_URL understand it."""
        return f"unix://{quote(str(self.socket_path))}?db=0"

    @property
    def running(self) -> bool:
        """Whether the process that `start` began is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The server's process id, the last one's where it has died since.

        Raises:
            OpsError: before `start`, and after `stop` or `kill`.
        """
        if self._process is None:
            raise OpsError("expected the embedded Redis to be started, found it stopped")
        return self._process.pid

    def start(
        self, timeout_seconds: float = 60.0, on_wait: Callable[[], None] = lambda: None
    ) -> None:
        """Start the server and wait until it answers; nothing happens where it runs already.

        Args:
            timeout_seconds: how long it may stay silent; loading its data does not count.
            on_wait: called again and again while it starts; what it raises ends the server.

        Raises:
            RedisMissingError: there is no server program.
            DataFolderError: the folder is not this user's, in use, or from a newer Redis.
            RedisStartError: the server ended, or stayed silent; with its last words.
        """
        if self.running:
            return
        program = self._server or find_server()
        redis_folder.make_private(self.data_dir)
        redis_folder.make_private(self.socket_path.parent)
        if self._lock is None:
            self._lock = redis_folder.lock(self.data_dir)
        try:
            redis_folder.refuse_downgrade(self.data_dir, program)
            self._launch(program)
            self._await_answer(program, timeout_seconds, on_wait)
        except BaseException:
            self.kill()
            raise

    def stop(self, timeout_seconds: float = 10.0) -> None:
        """End the server in order (SIGTERM), or where that takes longer than allowed, SIGKILL."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout_seconds)
        self.kill()

    def kill(self) -> None:
        """End the server at once, as a crash would (SIGKILL), and free the folder."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._lock is not None:
            self._remove_short_folder()
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _launch(self, program: Path) -> None:
        with self.log_path.open("ab") as log:
            self._log_begins = log.tell()
            self._process = subprocess.Popen(
                die_with_parent.command(program, *self._arguments()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=() if self._lock is None else (self._lock,),
            )

    def _arguments(self) -> list[str]:
        directives = {
            "dir": str(self.data_dir),
            "pidfile": str(self.data_dir / "redis.pid"),
            "unixsocket": str(self.socket_path),
            "port": str(self.port),
        } | self._options
        words = [word for name, value in directives.items() for word in (f"--{name}", value)]
        return [str(CONFIG), *words]

    def _await_answer(
        self, program: Path, timeout_seconds: float, on_wait: Callable[[], None]
    ) -> None:
        give_up_at = time.monotonic() + timeout_seconds
        while not (answer := self._ask()).startswith(b"+PONG"):
            if not self.running:
                raise self._why_it_ended(program)
            if answer.startswith(b"-LOADING"):
                give_up_at = time.monotonic() + timeout_seconds
            elif time.monotonic() > give_up_at:
                raise RedisStartError(
                    f"expected {program} to answer within {timeout_seconds:g} s, found it silent;"
                    f" see {self.log_path}: {self._last_words()}"
                )
            on_wait()
            time.sleep(0.01)

    def _ask(self) -> bytes:
        """The first line that the server answers to PING, or nothing."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(1.0)
            try:
                asking.connect(str(self.socket_path))
                asking.sendall(b"PING\r\n")
                return asking.recv(256)
            except OSError:
                return b""

    def _why_it_ended(self, program: Path) -> OpsError:
        words = self._last_words()
        found = str(identify(program) or program)
        if _FROM_NEWER.search(words):
            return redis_folder.written_by_newer(self.data_dir, found)
        return RedisStartError(f"{found} ended at its start; see {self.log_path}: {words}")

    def _last_words(self) -> str:
        with self.log_path.open("rb") as log:
            log.seek(self._log_begins)
            lines = log.read().decode(errors="replace").split("\n")
        return " | ".join([line.strip() for line in lines if line.strip()][-4:]) or "(silent)"

    def _remove_short_folder(self) -> None:
        """Remove the socket's own folder, where it has one; a killed server leaves its socket."""
        if self.socket_path.parent == self.data_dir:
            return
        with contextlib.suppress(OSError):
            self.socket_path.unlink(missing_ok=True)
            self.socket_path.parent.rmdir()
