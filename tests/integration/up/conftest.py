"""`leads up` as a process of the test's own, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from lead_ops.embedded import EmbeddedRedis
from lead_ops.embedded.programs import Server, all_servers

from tests.integration.up_process import UpProcess

StartUp = Callable[..., UpProcess]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder in which `.leads` comes to be."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def server() -> Server:
    """The best server of this machine; one test asks for each there is."""
    servers = all_servers()
    if not servers:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Redis server on this machine")
    return servers[0]


@pytest.fixture
def redis(server: Server, tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A Redis that somebody else runs."""
    with EmbeddedRedis(tmp_path / "redis", server.path) as redis:
        yield redis


@pytest.fixture
def start_up(home: Path, server: Server) -> Iterator[StartUp]:
    """Start `leads up` with arguments and environment: `start_up("--once", file, LEADS_X="1")`.

    With `home=` it runs elsewhere than in this test's home, with `server=` on another server, and
    with `stdout=` it writes to that file descriptor. Nothing of it outlives the test.
    """
    with ExitStack() as stack:

        def start(
            *arguments: object,
            home: Path = home,
            server: Server = server,
            stdout: int = subprocess.PIPE,
            **environ: str,
        ) -> UpProcess:
            up = UpProcess(home, server, list(map(str, arguments)), environ, stdout)
            stack.callback(up.close)
            return up

        yield start
