"""An answer, whole and within the size cap, and what is certain where there is none.

It owns how much is read, and how much is unpacked. It must not look at what the body says.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

from ..core.reply import Answered, NoAnswer, NotSent, Reply
from .call import Call, CallFailed, calling
from .connection import LIBRARY_ERRORS
from .response import BoundedResponse

_BLOCK_BYTES = 65_536
_ZLIB_OR_GZIP = 47
"""zlib's window size for "find out by the header which of the two it is"."""


def certain(call: Call, answer: Callable[[], Answered]) -> Reply:
    """The answer, or what is certain where there is none; what the network does is no exception."""
    try:
        with calling(call):
            return answer()
    except CallFailed as failure:
        cause = failure.cause
    except LIBRARY_ERRORS:
        cause = "garbled" if call.sent else "connect"
    return without_answer(call, cause)


def without_answer(call: Call, cause: str) -> NoAnswer | NotSent:
    """What is certain of a call that failed by this."""
    return NoAnswer(cause) if call.sent else NotSent(cause)


def take_answer(raw: BoundedResponse, cap_bytes: int) -> Answered:
    """Read an answer to its end, and give its connection back; close it where that fails.

    Raises:
        CallFailed: as `read_answer`.
    """
    try:
        return read_answer(raw, cap_bytes)
    except BaseException:
        raw.drop_conn()
        raise
    finally:
        raw.release_conn()


def read_answer(raw: BoundedResponse, cap_bytes: int) -> Answered:
    """Read an answer to its end.

    Raises:
        CallFailed: `truncated`, `oversized`, `garbled` (switching protocols was not asked for), or
            what the stream says.
    """
    if raw.status < 200:
        raise CallFailed("garbled")
    body = _unpacked(_whole_body(raw, cap_bytes), raw.headers.get("content-encoding"), cap_bytes)
    return Answered(raw.status, body, raw.headers.get("retry-after"), raw.headers.get("date"))


def _whole_body(raw: BoundedResponse, cap_bytes: int) -> bytes:
    if (raw.length_remaining or 0) > cap_bytes:
        raise CallFailed("oversized")
    blocks, size = [], 0
    try:
        while block := raw.read(_BLOCK_BYTES):
            blocks.append(block)
            size += len(block)
            if size > cap_bytes:
                raise CallFailed("oversized")
    except LIBRARY_ERRORS:
        raise CallFailed("truncated") from None
    if raw.length_remaining:
        raise CallFailed("truncated")
    return b"".join(blocks)


def _unpacked(body: bytes, encoding: str | None, cap_bytes: int) -> bytes:
    """The body unpacked, where it was packed although we asked for it as it is (`identity`). What
    cannot be unpacked stays as it came: the status is a fact all the same."""
    if (encoding or "").strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return body
    try:
        unpacked = zlib.decompressobj(_ZLIB_OR_GZIP).decompress(body, cap_bytes + 1)
    except zlib.error:
        return body
    if len(unpacked) > cap_bytes:
        raise CallFailed("oversized")
    return unpacked
