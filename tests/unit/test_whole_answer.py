"""An answer that is called whole is one that the reader of answers can read without its socket."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lead_worker.api.answer import take_answer
from lead_worker.api.call import Call, CallFailed, calling
from lead_worker.api.connection import LIBRARY_ERRORS
from lead_worker.api.exchange import _whole_bytes
from lead_worker.api.response import BoundedResponse
from lead_worker.settings import Settings

CAP_BYTES = 4096


class Waited(Exception):
    """The reader asked its socket for more."""


class NothingMore:
    """A socket from which nothing comes any more: who asks it would wait."""

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO()

    def settimeout(self, _: float) -> None:
        raise Waited


def status_after(got: bytes) -> int | None:
    """The status of the answer that begins like this; None where it is none."""
    socket: Any = NothingMore()
    with calling(Call(Settings(), 1e12)):
        try:
            response = BoundedResponse(socket, "POST", got)
            response.begin()
            return take_answer(response, CAP_BYTES).status
        except (CallFailed, *LIBRARY_ERRORS):
            return None


LINES = st.sampled_from(
    [
        *(b"Content-Length: 4", b"content-length:4", b"Content-Length: 04", b"Content-Length: +4"),
        *(b"Content-Length: 4, 4", b"Content-Length: 9", b"Content-Length:\r\n 4", b"X: a\nY: b"),
        *(b"Content-Length: 4\nTransfer-Encoding: chunked", b"Transfer-Encoding: chunked", b"\n"),
        *(b"Connection: close", b"Content-Length: -1", b"no header", b"Content-Length : 4", b"\r"),
        *(b" folded", b"X-Content-Length: 4", b"Content-Length: 99999999999", b"Date: today"),
    ]
)
STATUS_LINES = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK", b"HTTP/1.1 201", b"HTTP/1.1 204 No", b"HTTP/1.1 304 Same"),
        *(b"HTTP/1.1 100 Go", b"HTTP/1.0 200 OK", b"HTTP/1.1 2", b"HTTP/1.1 2xx", b"HTTP/1.1  200"),
        *(b"HTTP/1.1 503 Busy", b"HTTP/1.1 999 ", b"HTTP/2 200", b"ICY 200", b"", b"HTTP/1.1 600"),
    ]
)


@given(STATUS_LINES, st.lists(LINES, max_size=4), st.binary(max_size=8), st.integers(0, 30))
@example(b"HTTP/1.1 200 OK", [b"Content-Length: 4"], b"body", 0)
@example(b"HTTP/1.1 200 OK", [b"\n", b"Content-Length: 4"], b"body", 0)
@example(b"HTTP/1.1 200 OK", [b"Content-Length: 4", b" folded"], b"body", 0)
@settings(max_examples=500)
def test_what_is_called_whole_is_read_without_waiting(
    status_line: bytes, lines: list[bytes], body: bytes, cut: int
) -> None:
    got = b"\r\n".join([status_line, *lines, b"", b""]) + body
    got = got[: len(got) - cut]
    whole = _whole_bytes(got, CAP_BYTES)
    if whole and len(got) >= whole:
        status_after(got)  # raises Waited where it has to wait


@given(st.sampled_from([200, 201, 404, 503]), st.binary(max_size=200), st.integers(0, 300))
def test_a_usual_answer_is_whole_when_all_of_it_is_there(
    status: int, body: bytes, cut: int
) -> None:
    head = b"HTTP/1.1 %d Words\r\nDate: today\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
    got = (head + body)[: max(0, len(head) + len(body) - cut)]
    whole = _whole_bytes(got, CAP_BYTES)
    assert whole == (len(head) + len(body) if len(got) >= len(head) else 0)
    if whole and len(got) >= whole:
        assert status_after(got) == status


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_is_not_waited_for(status: int) -> None:
    assert _whole_bytes(b"HTTP/1.1 %d No\r\nContent-Length: 9\r\n\r\n" % status, CAP_BYTES) == 0


def test_an_answer_above_the_cap_is_not_waited_for() -> None:
    got = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
    assert _whole_bytes(got, CAP_BYTES) == 0
