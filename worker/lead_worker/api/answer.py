"""The body of an answer, whole and within the size cap.

It owns how much is read, and how much is unpacked. It must not look at what the body says.
"""

from __future__ import annotations

import zlib

from ..core.reply import Answered
from .call import CallFailed
from .connection import LIBRARY_ERRORS
from .response import BoundedResponse

_BLOCK_BYTES = 65_536
_ZLIB_OR_GZIP = 47
"""zlib's window size for "find out by the header which of the two it is"."""


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
