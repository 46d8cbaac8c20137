"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.integration.bad_server import BadServer, Serve


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server for a behaviour; `scheme="https"` for TLS."""
    with ExitStack() as stack:
        yield lambda behaviour, **options: stack.enter_context(BadServer(behaviour, **options))
