"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from lead_ops.sandbox import SandboxServer
from lead_producers import LeadProducer
from lead_producers.keys import Keys

from tests.integration import api_calls
from tests.integration.bad_server import BadServer, Serve
from tests.integration.fleet import Fleet, MakeFleet
from tests.integration.queues import Queue
from tests.integration.sentry_listener import SentryListener


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server for a behaviour; `scheme="https"` for TLS."""
    with ExitStack() as stack:
        yield lambda behaviour, **options: stack.enter_context(BadServer(behaviour, **options))


@pytest.fixture(params=["awaited", "begun"])
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Both ways of `api_calls.post`, one after the other."""
    api_calls.way.is_begun = api_calls.way.opens_first = request.param == "begun"
    yield
    api_calls.way.is_begun = api_calls.way.opens_first = False


@pytest.fixture(params=["awaited", "begun"])
def way_of_the_kept(request: pytest.FixtureRequest) -> Iterator[None]:
    """The same, but a connection is opened by the call that needs one."""
    api_calls.way.is_begun = request.param == "begun"
    yield
    api_calls.way.is_begun = False


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
def fleet(make_fleet: MakeFleet, redis_url: str) -> Iterator[Fleet]:
    """A fleet on the shared Redis, without workers yet; after the test its books must balance."""
    made = make_fleet(redis_url)
    yield made
    made.assert_audit_is_green()


@pytest.fixture
def queue(redis_url: str, namespace: str) -> Iterator[Queue]:
    """An empty queue; after the test each of its leads must be in exactly one place."""
    queue = Queue(redis_url, namespace)
    yield queue
    problems = queue.problems()
    queue.close()
    assert problems == []


@pytest.fixture
def keys(namespace: str) -> Keys:
    return Keys(namespace)


@pytest.fixture
def producer(redis_url: str, namespace: str) -> Iterator[LeadProducer]:
    """A producer on the shared Redis, in the test's own namespace."""
    with closing(LeadProducer.from_url(redis_url, namespace)) as producer:
        yield producer


@pytest.fixture
def sentry() -> Iterator[SentryListener]:
    """What takes Sentry's envelopes."""
    listener = SentryListener()
    yield listener
    listener.close()
