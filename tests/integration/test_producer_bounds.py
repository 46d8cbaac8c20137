"""Redis out of reach: each call ends within its bound, in words, without a secret."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any

import pytest
from lead_producers import LeadProducer, QueueUnavailable
from redis import Redis

from tests.conftest import StartRedis
from tests.integration.producer_sight import LEAD
from tests.integration.producer_trouble import (
    BOUND_SECONDS,
    GUARD_SECONDS,
    PASSWORD,
    Answer,
    dripping,
    ended,
    given_up,
    refusal,
    saying,
    server,
    silent,
    stopped,
)


def test_a_refused_port_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    message = refusal(f"redis://:{PASSWORD}@127.0.0.1:{port}/0")
    expected = "cannot be reached: Connection refused (not enqueued)"
    assert message == f"Redis at 127.0.0.1:{port} {expected}"


def test_a_socket_file_that_is_not_there_is_said_at_once() -> None:
    assert "No such file or directory" in refusal("unix:///nowhere/redis.sock")


def test_a_name_that_does_not_resolve_is_said() -> None:
    message = given_up(f"redis://:{PASSWORD}@no-such-host.invalid:6379/0")
    assert message.startswith("Redis at no-such-host.invalid:6379 ")


def test_a_name_that_is_none_is_said() -> None:
    refusal("redis://" + "x" * 300)


def test_a_server_that_never_accepts_is_given_up() -> None:
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # fill the backlog, so that a connect itself hangs
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        message = given_up(f"redis://127.0.0.1:{listener.getsockname()[1]}")
    assert "(not enqueued)" in message


@pytest.mark.parametrize(
    ("user", "fate"), [("", "perhaps enqueued all the same"), (f":{PASSWORD}@", "not enqueued")]
)
@pytest.mark.parametrize(
    "answer",
    [silent, dripping(b"+"), dripping(b"*1\r\n$65000\r\n"), dripping(b"-")],
    ids=["silent", "dripping a word", "dripping a long text", "dripping an error"],
)
def test_a_server_that_does_not_answer_in_full_is_given_up(
    answer: Answer, user: str, fate: str
) -> None:
    with server(answer) as port:
        message = given_up(f"redis://{user}127.0.0.1:{port}/0")
    assert message.endswith(f"({fate})")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"+OK\r\n",
        b":x\r\n",
        b"*2000000000\r\n",
        b"$2000000000\r\n" + b"x" * 200_000,
        b"x" * 200_000,
        b"*0\r\n",
        b"\r\n",
        b"\xff" * 9 + b"\r\n",
    ],
    ids=range(9),
)
def test_a_server_that_is_no_redis_is_told_apart(answer: bytes) -> None:
    with server(saying(answer)) as port:
        assert "answer" in refusal(f"redis://127.0.0.1:{port}/0")


def test_a_server_without_tls_where_tls_is_asked_for_is_given_up() -> None:
    with server(silent) as port:
        given_up(f"rediss://:{PASSWORD}@127.0.0.1:{port}/0")
    with server(saying(b"-ERR\r\n")) as port:
        assert "cannot be reached" in refusal(f"rediss://:{PASSWORD}@127.0.0.1:{port}/0")


def test_a_server_that_hangs_is_given_up_and_used_again_when_it_goes_on(
    own_redis: StartRedis,
) -> None:
    redis = own_redis(tcp=True)
    for url in (redis.url, f"redis://127.0.0.1:{redis.port}/0"):
        with closing(LeadProducer.from_url(url, timeout_seconds=BOUND_SECONDS)) as warm:
            warm.enqueue(LEAD)
            with stopped(redis):
                error = ended(partial(warm.enqueue, LEAD))
                message = given_up(url)
            assert type(error) is QueueUnavailable
            assert str(error) == message
            assert message.endswith("did not answer within 0.2 s (perhaps enqueued all the same)")
            with Redis.from_url(redis.url) as client:
                assert client.ping()
            warm.enqueue(LEAD)


def test_a_call_that_finds_no_free_connection_gives_up(redis_url: str, namespace: str) -> None:
    errors: list[Any] = []

    with closing(
        LeadProducer.from_url(
            redis_url, namespace, timeout_seconds=BOUND_SECONDS, max_connections=1
        )
    ) as producer:

        def leads() -> Iterator[dict[str, int]]:
            for n in range(300):
                if n == 250:  # the first chunk has the only connection
                    errors.append(ended(lambda: producer.enqueue(LEAD)))
                yield {"n": n}

        assert producer.enqueue_many(leads()).accepted == 300
        assert "has not answered 1 other calls yet (not enqueued)" in str(errors[0])
        producer.enqueue(LEAD)


def test_a_name_server_that_hangs_is_given_up_and_its_threads_do_not_pile_up(
    own_redis: StartRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis, answered, resolve = own_redis(tcp=True), threading.Event(), socket.getaddrinfo

    def hang(*arguments: Any, **options: Any) -> Any:
        answered.wait(2 * GUARD_SECONDS)
        return resolve(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    url = f"redis://127.0.0.1:{redis.port}/0"
    with closing(
        LeadProducer.from_url(url, timeout_seconds=BOUND_SECONDS, max_connections=2)
    ) as producer:
        for _ in range(4):
            assert type(ended(lambda: producer.enqueue(LEAD))) is QueueUnavailable
        hanging = [t for t in threading.enumerate() if t.name == "lead-producer-connect"]
        assert len(hanging) == 2
        answered.set()
        for thread in hanging:
            thread.join(GUARD_SECONDS)
        producer.enqueue(LEAD)
