r"""A raw lead as the text that a person gets into the editor.

It owns that the text holds all that the bytes do, also of what is no JSON, so that it can be
mended. Bytes that are no UTF-8 are `\xe9` in it, which JSON refuses until somebody has mended it.
"""

from __future__ import annotations

import json
import re

from lead_worker.core.strict_json import read_object

from lead_ops.render import clean, pretty_json

from .decision import BOM

_INDENT = "  "
_BEGINS, _ENDS = ("{", "["), ("}", "]")
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


def offered(raw: bytes) -> bytes:
    """The text for an editor: a field a line where it is JSON at all, ending in a line break.

    A byte-order mark is left out, as nobody would see it.
    """
    if isinstance(read_object(raw), dict):
        return pretty_json(raw).encode() + b"\n"
    raw = raw.removeprefix(BOM)
    text = raw.decode("utf-8", "backslashreplace")
    if _is_json(raw.decode("utf-8", "replace")):
        text = _spread(text)
    return text.encode().rstrip(b"\n") + b"\n"


def is_offered_with_escapes(raw: bytes) -> bool:
    """Whether some of the bytes are no text."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return True
    return False


def _is_json(text: str) -> bool:
    """Whether it is, but for what a strict reader minds: names twice, NaN, control characters."""
    try:
        json.loads(text, strict=False, parse_int=str)
    except (ValueError, RecursionError):
        return False
    return True


def _spread(text: str) -> str:
    """Break JSON into lines without reading it, so that each name, number and escape stays.
    Control characters in texts become escapes, as which JSON has them."""
    parts: list[str] = []
    depth, last = 0, ""
    for piece in _PIECE.findall(text):
        ends, opened = piece in _ENDS, last in _BEGINS
        if ends:
            depth -= 1
        if last == "," or ends != opened:  # not in the middle of {} and []
            parts.append("\n" + _INDENT * depth)
        parts.append(": " if piece == ":" else clean(piece))
        if piece in _BEGINS:
            depth += 1
        last = piece
    return "".join(parts)
