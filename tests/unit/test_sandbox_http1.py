"""The reader of requests: whole ones come out, whatever the cuts; what is no HTTP gets a status."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_ops.sandbox.http1 import MAX_HEAD_BYTES, Malformed, Request, RequestReader

POST = b"POST /rest/leads?a=b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = (
    b"POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3;note=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n"
)
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def read_all(*pieces: bytes) -> list[Request | Malformed]:
    reader = RequestReader(max_body_bytes=1000)
    found = []
    for piece in pieces:
        reader.feed(piece)
        while (request := reader.take()) is not None:
            found.append(request)
    return found


def status_of(raw: bytes) -> int | None:
    found = read_all(raw)
    return found[0].status if found and isinstance(found[0], Malformed) else None


def test_a_request_comes_out_whole() -> None:
    (request,) = read_all(POST)
    assert isinstance(request, Request)
    assert (request.head.method, request.head.path) == ("POST", "/rest/leads")
    assert (request.head.query, request.body) == ("a=b", b"{}")
    assert request.head.headers == {"host": "localhost", "content-length": "2"}
    assert request.head.keep_alive


def test_chunks_are_put_together_and_trailers_dropped() -> None:
    (request,) = read_all(CHUNKED)
    assert isinstance(request, Request)
    assert request.body == b"abc0123456789"


@given(cuts=st.lists(st.integers(0, len(POST + CHUNKED + GET)), max_size=8))
def test_pipelined_requests_come_out_the_same_however_they_are_cut(cuts: list[int]) -> None:
    stream = POST + CHUNKED + GET
    edges = [0, *sorted(cuts), len(stream)]
    pieces = [stream[a:b] for a, b in itertools.pairwise(edges)]
    assert read_all(*pieces) == read_all(POST, CHUNKED, GET)


@given(noise=st.binary(max_size=300))
def test_noise_never_raises(noise: bytes) -> None:
    read_all(noise, b"\r\n\r\n")
    read_all(b"POST / HTTP/1.1\r\nHost: localhost\r\n" + noise + b"\r\n\r\n")
    read_all(CHUNKED[: CHUNKED.index(b"3;")] + noise)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\x00\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", 413),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
        ),
        (b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n", 417),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * MAX_HEAD_BYTES + b"\r\n\r\n", 431),
        (b"x" * (MAX_HEAD_BYTES + 1), 431),
        (CHUNKED.replace(b"3;note", b"zz;note"), 400),
        (CHUNKED.replace(b"3;note", b"2;note"), 400),
        (CHUNKED.replace(b"3;note", b"fff;note"), 413),
        (CHUNKED.replace(b"3;note=1", b"3;" + b"n" * 300), 400),
    ],
)
def test_what_is_no_request_gets_its_status(raw: bytes, status: int) -> None:
    assert status_of(raw) == status


def test_nothing_more_is_read_after_what_was_no_request() -> None:
    assert [type(found) for found in read_all(b"nonsense\r\n\r\n" + GET, GET)] == [Malformed]


@pytest.mark.parametrize(
    ("version", "connection", "keeps"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: Close\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: keep-alive, x\r\n", True),
    ],
)
def test_a_connection_is_kept_as_version_and_header_say(
    version: bytes, connection: bytes, keeps: bool
) -> None:
    (request,) = read_all(b"GET / HTTP/" + version + b"\r\nHost: a\r\n" + connection + b"\r\n")
    assert isinstance(request, Request)
    assert request.head.keep_alive is keeps


def test_the_host_of_an_absolute_target_counts() -> None:
    (request,) = read_all(b"GET http://evil.example/rest HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert isinstance(request, Request)
    assert request.head.headers["host"] == "evil.example"
    assert request.head.path == "/rest"


def test_a_client_that_waits_for_100_is_noticed_until_its_body_came() -> None:
    reader = RequestReader()
    reader.feed(POST.replace(b"\r\n\r\n{}", b"\r\nExpect: 100-continue\r\n\r\n"))
    assert reader.take() is None
    assert reader.awaits_continue
    reader.feed(b"{}")
    assert isinstance(reader.take(), Request)
    assert not reader.awaits_continue
