"""Calls of the API that were sent and got no answer to read: the lead may have arrived."""

from __future__ import annotations

import gzip

import pytest
from lead_worker.core.outcome import Unknown
from lead_worker.core.reply import Answered, NoAnswer

from tests.integration.api_calls import SHORT_SECONDS, client, judged, outcome_of, post, reply_of
from tests.integration.bad_server import CERTIFICATE, Behaviour, Peer, Serve
from tests.integration.behaviours import (
    CHUNKED,
    ECHO,
    OK,
    answering,
    closing,
    dripping,
    endless,
    hanging_up_after,
    http,
    resetting,
    silent,
)

pytestmark = pytest.mark.usefixtures("way")

MANY = b"x" * 10_000
NO_ANSWERS = {
    "closed after the request": (closing, "dropped"),
    "reset after the request": (resetting, "dropped"),
    "body shorter than it says": (hanging_up_after(http(200, ECHO, length=3000)), "truncated"),
    "no body where one is due": (hanging_up_after(http(200, length=3000)), "truncated"),
    "chunks cut off": (hanging_up_after(CHUNKED + b"5\r\nab"), "truncated"),
    "chunks without an end": (hanging_up_after(CHUNKED + b"2\r\nab\r\n"), "truncated"),
    "chunks of no size": (hanging_up_after(CHUNKED + b"zz\r\nab\r\n"), "truncated"),
    "chunks of less than nothing": (hanging_up_after(CHUNKED + b"-1\r\nab\r\n"), "truncated"),
    "a chunk larger than memory": (hanging_up_after(CHUNKED + b"f" * 40 + b"\r\n"), "truncated"),
    "larger than the cap": (answering(http(200, MANY)), "oversized"),
    "larger than the cap, by far": (answering(http(200, b"", length=10**30)), "oversized"),
    "larger than the cap, in chunks": (endless(CHUNKED, b"1\r\nx\r\n" * 1000), "oversized"),
    "larger than the cap, and no end": (
        endless(http(200, b"", "Connection: x"), MANY),
        "oversized",
    ),
    "chunks with extensions for ever": (endless(CHUNKED + b"1;", MANY), "truncated"),
    "larger than the cap, unpacked": (
        answering(http(200, gzip.compress(b"0" * 1_000_000), "Content-Encoding: gzip")),
        "oversized",
    ),
    "interim answers for ever": (endless(b"", b"HTTP/1.1 103 Wait\r\n\r\n" * 99), "oversized"),
    "continues for ever": (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99), "oversized"),
    "not HTTP": (hanging_up_after(b"SSH-2.0-OpenSSH_9.2\r\n"), "garbled"),
    "a status that is no number": (hanging_up_after(b"HTTP/1.1 abc OK\r\n\r\n"), "garbled"),
    "another version of HTTP": (hanging_up_after(b"HTTP/7 200 OK\r\n\r\n"), "garbled"),
    "two lengths": (
        hanging_up_after(b"HTTP/1.1 200 OK\r\nContent-Length: 5, 7\r\n\r\nabcde"),
        "garbled",
    ),
    "a length twice, and not the same": (
        hanging_up_after(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nabcde"),
        "garbled",
    ),
    "an end among the headers": (hanging_up_after(b"HTTP/1.1 200 OK\r\nX: y\r\n"), "garbled"),
    "a header without end": (endless(b"HTTP/1.1 200 OK\r\nX: ", MANY), "garbled"),
    "headers without end": (endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 9), "garbled"),
    "another protocol": (answering(http(101, b"", "Upgrade: h2c")), "garbled"),
    "silence": (silent, "deadline"),
    "a dripped status line": (dripping(OK), "deadline"),
    "dripped headers": (dripping(OK, b"HTTP/1.1 200 OK\r\n"), "deadline"),
    "a dripped body": (dripping(ECHO * 9, http(200, b"", length=3000)), "deadline"),
    "dripped chunks": (dripping(b"1\r\nx\r\n" * 99, CHUNKED), "deadline"),
    "a dripped end": (dripping(ECHO * 9, http(200, b"", "Connection: close")), "deadline"),
}


@pytest.mark.parametrize(("behaviour", "cause"), NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
def test_what_was_sent_without_an_answer_to_read_is_unknown(
    serve: Serve, behaviour: Behaviour, cause: str
) -> None:
    server = serve(behaviour)
    with client(
        server.url,
        max_answer_bytes=4096,
        deadline_seconds=SHORT_SECONDS if cause == "deadline" else 5.0,
    ) as api:
        reply = post(api)
        assert reply == NoAnswer(cause)
        assert judged(reply) == Unknown(cause)
        assert post(api) == NoAnswer(cause)  # on a connection of its own, nothing left over
    assert len(server.asked) == 2


def test_a_server_that_stops_reading_does_not_hold_the_call_open(serve: Serve) -> None:
    server = serve(Peer.read_no_more)
    with client(server.url, deadline_seconds=SHORT_SECONDS) as api:
        assert post(api, b"x" * 20_000_000) == NoAnswer("deadline")


def test_an_answer_of_exactly_the_cap_is_read(serve: Serve) -> None:
    body = ECHO.ljust(4096)
    packed = http(200, gzip.compress(body), "Content-Encoding: gzip")
    server = serve(answering(http(200, body), packed))
    with client(server.url, max_answer_bytes=4096) as api:
        assert [post(api) for _ in range(2)] == [Answered(200, body)] * 2


def test_unreadable_headers_are_not_logged_because_they_may_be_the_lead(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server = serve(hanging_up_after(b"HTTP/1.1 200 OK\r\n" + ECHO + b"\r\n\r\n"))
    assert outcome_of(server.url) == Unknown("status_2xx_unreadable")
    assert "ana@example.com" not in caplog.text


@pytest.mark.parametrize(
    ("behaviour", "cause"), [(silent, "deadline"), (closing, "dropped"), (resetting, "dropped")]
)
def test_over_tls_too_what_was_sent_without_an_answer_is_unknown(
    serve: Serve, behaviour: Behaviour, cause: str
) -> None:
    server = serve(behaviour, scheme="https")
    reply = reply_of(server.url, api_ca_bundle=str(CERTIFICATE), deadline_seconds=0.5)
    assert reply == NoAnswer(cause)


def test_a_body_that_drips_over_tls_ends_at_the_deadline(serve: Serve) -> None:
    server = serve(dripping(ECHO * 9, http(200, b"", length=3000)), scheme="https")
    reply = reply_of(server.url, api_ca_bundle=str(CERTIFICATE), deadline_seconds=0.5)
    assert reply == NoAnswer("deadline")
