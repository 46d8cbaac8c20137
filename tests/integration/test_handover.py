"""A batch of reports is confirmed when it has left, however slow Sentry is, and not held up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from lead_worker.handover import MOST_LOOKS
from lead_worker.reporting import Reporter
from lead_worker.settings import load

from tests.integration.dead_letters import die
from tests.integration.fleet import ONE_REDIS, wait_until
from tests.integration.queues import Queue
from tests.integration.test_heartbeat import IdleCourier, make_heart

pytestmark = ONE_REDIS

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


class SlowSentry:
    """Takes what comes, and answers one request each time that it is let."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._let = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()
        self.dsn = f"http://key@127.0.0.1:{self._server.getsockname()[1]}/1"

    def answer(self, number: int = 1) -> None:
        """Let so many requests have their answer."""
        self._let.release(number)

    def _answer(self) -> None:
        connection, _ = self._server.accept()
        with connection, suppress(OSError):  # the SDK may have gone by then
            while connection.recv(65_536):
                self._let.acquire()
                connection.sendall(OK)

    def close(self) -> None:
        self.answer(1000)
        self._server.close()


@pytest.fixture
def slow() -> Iterator[SlowSentry]:
    server = SlowSentry()
    yield server
    server.close()


def is_kept(queue: Queue) -> bool:
    """Whether Redis would still give the batch to another worker."""
    return bool(queue.client.exists(queue.keys.given))


def test_a_slow_sentry_has_its_time_for_each_report_and_the_batch_is_kept_until_the_last(
    queue: Queue, slow: SlowSentry
) -> None:
    for number in range(3):
        die(queue, str(number), group=f"rejected:status_40{number}")
    reporter = Reporter(load({"SENTRY_DSN": slow.dsn}), "w1")
    heart = make_heart(queue, IdleCourier(), reporter)
    heart.beat()
    for left in (3, 2, 1):
        wait_until(lambda: reporter.waiting() == left)  # noqa: B023 - it is asked here and now
        for _ in range(MOST_LOOKS - 1):
            queue.client.lset(queue.keys.given, 1, "0")  # as if it had been given long ago
            heart.beat()
            assert is_kept(queue)
            assert queue.store("w2").beat({}).batch == "", "it is on its way, and nobody else's"
        slow.answer()
    reporter.flush(5.0)
    heart.beat()
    assert not is_kept(queue)


def test_a_sentry_that_takes_nothing_does_not_hold_up_what_comes_after_it(
    queue: Queue, slow: SlowSentry
) -> None:
    die(queue, "a")
    reporter = Reporter(load({"SENTRY_DSN": slow.dsn}), "w1")
    heart = make_heart(queue, IdleCourier(), reporter)
    for _ in range(MOST_LOOKS + 1):
        assert reporter.waiting() == 0 or is_kept(queue)
        heart.beat()
    assert not is_kept(queue)
    slow.answer()
    reporter.flush(5.0)


def test_what_comes_after_a_batch_is_not_waited_for(queue: Queue, slow: SlowSentry) -> None:
    die(queue, "a", group="invalid:email")
    die(queue, "b", group="invalid:phone")
    reporter = Reporter(load({"SENTRY_DSN": slow.dsn}), "w1")
    heart = make_heart(queue, IdleCourier(), reporter)
    heart.beat()
    heart.beat()
    slow.answer()
    wait_until(lambda: reporter.waiting() == 1)
    heart.beat()
    reporter.checked(good=True, reason="")
    wait_until(lambda: reporter.waiting() == 2)
    heart.beat()
    assert is_kept(queue)
    slow.answer()
    wait_until(lambda: reporter.waiting() == 1)
    heart.beat()
    assert not is_kept(queue)
    slow.answer()
    reporter.flush(5.0)
