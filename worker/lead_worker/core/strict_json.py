"""JSON as RFC 8259 has it and no wider: from a lead's bytes to an object, and back to text.

Python's `json` accepts more than JSON (NaN, Infinity, halves of surrogate pairs), keeps the last
of two equal keys in silence, and raises on depth and on very long numbers. This module owns those
edges, so that nothing behind it meets them. It must not know what a lead is, and must not put a
value into a message: what it reads is written by strangers.
"""

from __future__ import annotations

import json
import re
from typing import Any

from .outcome import FieldError

MAX_DEPTH = 64
"""Objects and lists within each other, the outermost counted. Far more than any form nests, and far
less than Python's recursion limit, so that every later walk over a value is safe."""

MAX_DIGITS = 308
"""Of a whole number. One with more overflows a double, which is what the API (JavaScript) reads
numbers into; and Python itself refuses to print those beyond 4300."""

_KEY_CAP = 64
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")


class _NotStrictError(ValueError):
    """What Python's parser would accept and JSON does not; the text is the message."""


def shown(key: str) -> str:
    """A stranger's key, fit for a message: at most 64 characters of it, control characters and
    others that do not print (line separators, changes of direction) as escapes; `""` if empty."""
    cut = (key[:_KEY_CAP] + ("…" if len(key) > _KEY_CAP else "")) or '""'
    if cut.isprintable():
        return cut
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)


def read_object(raw: bytes) -> dict[str, Any] | FieldError:
    """Read one JSON object, strictly.

    Returns:
        The object, safe to walk by recursion and to write as UTF-8; or, whatever the bytes are, one
        error with an empty path. Never raises.
    """
    try:
        value = _DECODER.decode(raw.decode())
    except UnicodeDecodeError:
        return _refused("expected UTF-8, found bytes that are not")
    except RecursionError:
        return _refused(_TOO_DEEP)
    except _NotStrictError as error:
        return _refused(str(error))
    except json.JSONDecodeError as error:
        return _refused(f"expected JSON, found something else at character {error.pos + 1}")
    if not isinstance(value, dict):
        return _refused(f"expected a JSON object, found {kind(value)}")
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _is_too_deep(value):
        return _refused(_TOO_DEEP)
    # Decoded UTF-8 holds no surrogates, so a lone one can only come from such an escape.
    if _SURROGATE_ESCAPE.search(raw) and _has_lone_surrogate(value):
        return _refused(
            "expected well-formed text, found half of a surrogate pair (\\ud800-\\udfff)"
        )
    return value


def write(value: object) -> str:
    """Compact JSON text, with characters beyond ASCII as they are.

    Raises:
        ValueError: for NaN and infinities, which `read_object` never lets in.
    """
    return _ENCODER.encode(value)


def kind(value: object) -> str:
    """The JSON type of a value in words, for "expected ..., found ..."."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"


_TOO_DEEP = f"expected at most {MAX_DEPTH} levels of objects and lists, found more"
_TOO_LARGE = f"expected numbers of at most {MAX_DIGITS} digits (a double holds no more), found more"


def _refused(message: str) -> FieldError:
    return FieldError("", message)


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS and len(text.lstrip("-")) > MAX_DIGITS:
        raise _NotStrictError(_TOO_LARGE)
    return int(text)


def _real(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise _NotStrictError(_TOO_LARGE)
    return number


def _constant(name: str) -> float:
    raise _NotStrictError(f"expected JSON, found {name}, which JSON does not have")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        twice = shown(_first_twice([key for key, _ in pairs]))
        raise _NotStrictError(f'expected each key once, found "{twice}" twice in one object')
    return made


def _first_twice(keys: list[str]) -> str:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            return key
        seen.add(key)
    raise AssertionError("no key is there twice")


def _is_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
    return any(isinstance(parent, (dict, list)) for parent in level)


def _children(parent: object) -> list[Any]:
    if isinstance(parent, dict):
        return list(parent.values())
    return parent if isinstance(parent, list) else []


def _has_lone_surrogate(value: object) -> bool:
    try:
        write(value).encode()
    except UnicodeEncodeError:
        return True
    return False


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_DECODER = json.JSONDecoder(
    parse_int=_whole, parse_float=_real, parse_constant=_constant, object_pairs_hook=_object
)
