"""The `.leads` folder of one `leads up`: where it is, that only one uses it, the sandbox's port.

It owns the names in the folder but those of Redis and of `context`. It must not start anything.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..context import FOLDER, LOCK, checkout
from ..embedded import folder as redis_folder
from ..errors import OpsError

SAMPLES = Path(__file__).resolve().parents[3] / "ops" / "samples" / "leads.jsonl"
"""There where this runs from a checkout."""

USUAL_PORT = 8089
"""Where the sandbox listens unless somebody else does."""

FREE_WITHIN_SECONDS = 2.0
"""How long the sandbox of a `leads up` that was killed may take to let go of its port."""


class FolderBusyError(OpsError):
    """Another `leads up` uses the folder."""


class UpFolder:
    """The paths in one folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.redis = path / "redis"
        self.logs = path / "log"
        self.sandbox_data = path / "sandbox.jsonl"
        self._sandbox_port = path / "sandbox.port"
        self._samples = path / "samples"

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Have the folder to ourselves; it is made, for this user only, where it is not there.

        Raises:
            FolderBusyError: another `leads up` has it.
            DataFolderError: it cannot be made, or is not this user's.
        """
        redis_folder.make_private(self.path)
        redis_folder.make_private(self.logs)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        lock = os.open(self.path / LOCK, flags, 0o600)
        try:
            self._lock(lock)
            yield
        finally:
            os.close(lock)

    def _lock(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
            raise FolderBusyError(
                f"`leads up` runs here already (pid {pid or 'unknown'}): stop it with Ctrl-C in its"
                " terminal, or give it leads with `leads enqueue FILE`"
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)

    def sandbox_port(self) -> int:
        """The port for the sandbox: the one it had before, else the usual one, else 0 for any.

        Somebody may take it until the sandbox does.
        """
        wanted = self._remembered_port()
        give_up_at = time.monotonic() + FREE_WITHIN_SECONDS
        while wanted and not is_free(wanted) and time.monotonic() < give_up_at:
            time.sleep(0.05)
        candidates = (wanted or USUAL_PORT, USUAL_PORT)
        return next((each for each in candidates if is_free(each)), 0)

    def remember_sandbox_port(self, port: int) -> None:
        """Keep the port for the next start, so that the sandbox stays at one address."""
        self._sandbox_port.write_text(f"{port}\n")

    def _remembered_port(self) -> int:
        try:
            port = int(self._sandbox_port.read_text())
        except (OSError, ValueError):
            return 0
        return port if 0 < port < 65_536 else 0

    def has_samples(self, namespace: str) -> bool:
        """Whether the samples were enqueued into this namespace before."""
        with suppress(OSError):
            return namespace in self._samples.read_text(encoding="utf-8").split()
        return False

    def note_samples(self, namespace: str) -> None:
        """Remember that the samples were enqueued."""
        with self._samples.open("a", encoding="utf-8") as file:
            file.write(f"{namespace}\n")


def usual_folder() -> UpFolder:
    """The checkout's folder; the current one's where the program was installed without one."""
    return UpFolder((checkout() or Path.cwd()) / FOLDER)


def is_free(port: int) -> bool:
    """Whether somebody could listen on the port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
