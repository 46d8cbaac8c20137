"""A stream of UTF-16, as spreadsheets and Meta's exports are written, read as one of UTF-8."""

from __future__ import annotations

import codecs
from typing import BinaryIO

MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
WIDER = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
"""One of UTF-32 begins as one of UTF-16 does."""


def is_utf16(head: bytes) -> bool:
    """Whether a file's first bytes are the mark of UTF-16."""
    return head.startswith(MARKS) and not head.startswith(WIDER)


class Utf16Stream:
    """Stands before the stream; what is read of it is UTF-8 without a mark."""

    def __init__(self, stream: BinaryIO, head: bytes) -> None:
        """Go on behind `head`, which was read of the stream already and is given again."""
        self._stream = stream
        self._head = head
        self._decoder = codecs.getincrementaldecoder("utf-16")()

    def read(self, size: int) -> bytes:
        """Give what is there, b"" at the end alone.

        Raises:
            OSError: it cannot be read.
            UnicodeDecodeError: it is no UTF-16.
        """
        text, is_over = "", False
        while not text and not is_over:
            block, self._head = self._head or self._more(size), b""
            is_over = not block
            text = self._decoder.decode(block, is_over)
        return text.encode("utf-8")

    def seek(self, position: int) -> None:
        """Begin once more."""
        self._stream.seek(position)
        self._head = b""
        self._decoder.reset()

    def close(self) -> None:
        self._stream.close()

    def _more(self, size: int) -> bytes:
        read = getattr(self._stream, "read1", self._stream.read)
        found: bytes = read(size)
        return found
