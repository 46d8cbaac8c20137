"""What goes wrong with a Redis, for tests of the producer: servers that hang, drip or are none.

The bound of a call is a fifth of a second here. A test does not measure it: a call that were not
bounded would hang for as long as the trouble lasts, and `ended` says so after many times the bound.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from lead_ops.embedded import EmbeddedRedis
from lead_producers import LeadProducer, QueueUnavailable

from tests.integration.producer_sight import LEAD

BOUND_SECONDS = 0.2
GUARD_SECONDS = 20.0
PASSWORD = "p4ss-w0rd"

Answer = Callable[[socket.socket, threading.Event], None]


def ended(call: Callable[[], Any]) -> Any:
    """What a call gave or raised; fails where it hangs."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append(call())
        except Exception as error:  # noqa: BLE001 - it is what the test looks at
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(GUARD_SECONDS)
    assert outcome, "expected the call to end within its bound, found it hanging"
    return outcome[0]


def given_up(url: str) -> str:
    """Why a fresh producer gives up within the bound."""
    return refusal(url, BOUND_SECONDS)


def refusal(url: str, seconds: float = GUARD_SECONDS / 4) -> str:
    """Why a fresh producer cannot enqueue, singly and in bulk; never with the password."""
    with closing(LeadProducer.from_url(url, timeout_seconds=seconds)) as producer:
        error = ended(lambda: producer.enqueue(LEAD))
        bulk = ended(lambda: producer.enqueue_many([LEAD] * 300))
    assert type(error) is type(bulk) is QueueUnavailable
    assert error.__cause__ is None
    assert PASSWORD not in f"{error}{bulk}{error.__context__}"
    assert "\n" not in str(error)
    return str(error)


@contextmanager
def stopped(redis: EmbeddedRedis) -> Iterator[None]:
    os.kill(redis.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(redis.pid, signal.SIGCONT)


@contextmanager
def server(answer: Answer) -> Iterator[int]:
    """A server that is no Redis; gives its port. `answer` gets an event that is set at the end."""
    over = threading.Event()
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        stack.callback(over.set)

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=talk, args=(client,), daemon=True).start()

        def talk(client: socket.socket) -> None:
            with client, contextlib.suppress(OSError):
                answer(client, over)

        threading.Thread(target=serve, daemon=True).start()
        stack.callback(listener.shutdown, socket.SHUT_RDWR)
        yield int(listener.getsockname()[1])


def silent(client: socket.socket, over: threading.Event) -> None:
    over.wait()


def dripping(what: bytes) -> Answer:
    """Faster than any time-out for one byte, without an end."""

    def answer(client: socket.socket, over: threading.Event) -> None:
        client.sendall(what)
        while not over.wait(0.05):
            client.sendall(b"x")

    return answer


def saying(what: bytes) -> Answer:
    def answer(client: socket.socket, over: threading.Event) -> None:
        while client.recv(65536):
            client.sendall(what)

    return answer
