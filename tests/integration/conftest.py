"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from lead_ops.sandbox import SandboxServer

from tests.integration.bad_server import BadServer, Serve
from tests.integration.fleet import Fleet, MakeFleet


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server for a behaviour; `scheme="https"` for TLS."""
    with ExitStack() as stack:
        yield lambda behaviour, **options: stack.enter_context(BadServer(behaviour, **options))


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    """The stand-in for the API, in this process."""
    with SandboxServer() as server:
        yield server


@pytest.fixture
def make_fleet(sandbox: SandboxServer, namespace: str, tmp_path: Path) -> Iterator[MakeFleet]:
    """Make a namespace's fleet on a Redis; its workers are ended after the test."""
    with ExitStack() as stack:

        def make(redis_url: str) -> Fleet:
            fleet = Fleet(redis_url, namespace, sandbox, tmp_path)
            stack.callback(fleet.close)
            return fleet

        yield make


@pytest.fixture
def fleet(make_fleet: MakeFleet, redis_url: str) -> Fleet:
    """A fleet on the shared Redis, without workers yet."""
    return make_fleet(redis_url)
