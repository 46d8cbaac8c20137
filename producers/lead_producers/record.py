"""From a raw dict to the bytes that are stored, and the id that they are stored under.

It encodes and refuses; it never changes what a JSON value says. No error of its holds a value, not
even the one that it was raised in place of.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from datetime import time as clock_time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from .errors import BadLead

MAX_BYTES = 262_144
"""The largest lead that is taken, encoded: 256 KiB."""

MAX_DEPTH = 64
"""Containers within each other, the lead itself counted; the worker reads no more."""

_PATH_MAX = 200
_SEQUENCES = (list, tuple)
_CONTAINERS = (dict, *_SEQUENCES, Mapping)
_LEAVES = frozenset((str, int, float, bool, type(None)))


def new_lead_id() -> str:
    """Mint an id: 32 hex digits, the first 12 of them the time in ms, the rest random."""
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


def key_digest(key: str) -> str:
    """Digest an idempotency key, so that what an app puts into one is not readable in Redis."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def content_digest(raw: Mapping[str, Any]) -> str:
    """Digest what a lead that `encode` took says, in whichever order it says it."""
    return hashlib.sha256(_IN_ORDER.encode(raw).encode("utf-8")).hexdigest()[:32]


def encode(raw: Mapping[str, Any]) -> bytes:
    """Encode a raw lead as compact UTF-8 JSON.

    Beyond JSON's own types, dates and times become ISO 8601, Decimal and UUID their text, an Enum
    its value, any mapping an object, a tuple an array.

    Raises:
        BadLead: it is not a mapping, not JSON (NaN, infinities, lone surrogates, keys that are no
            strings, other types), deeper than `MAX_DEPTH`, or larger than `MAX_BYTES`.
    """
    if not isinstance(raw, Mapping):
        raise BadLead("", f"expected a lead as a dict, found {_type_name(raw)}")
    encoded = _encoded(raw)
    if encoded is None:
        raise _find_fault(raw, "", 1, ()) or BadLead("", "expected JSON, found what is not")
    if len(encoded) > MAX_BYTES:
        raise BadLead("", f"expected at most {MAX_BYTES} bytes of JSON, found {len(encoded)}")
    return encoded


def _encoded(raw: Mapping[str, Any]) -> bytes | None:
    """Encode what is in order; json does not say where it failed, and its text holds the value."""
    try:
        _check(raw, 1)
        return _ENCODER.encode(raw).encode("utf-8")
    except (ValueError, TypeError, OverflowError):
        return None


def _check(value: Any, depth: int) -> None:
    """Refuse what json would take: the key 1 as "1", None as "null", and any depth."""
    if type(value) is not dict:  # as nearly each is
        if isinstance(value, Enum):
            _check(value.value, depth)
            return
        if not isinstance(value, _CONTAINERS):
            return
    if depth > MAX_DEPTH:
        raise ValueError
    items: Any = value
    if not isinstance(value, _SEQUENCES):
        for key in value:
            if type(key) is not str and not isinstance(key, str):
                raise TypeError
        items = value.values()
    for item in items:
        if type(item) not in _LEAVES:
            _check(item, depth + 1)


def _plain(value: Any) -> Any:
    """Encode what json cannot; called by it for each such value."""
    if isinstance(value, datetime | date | clock_time):
        return value.isoformat()
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError
        return str(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value.items())
    raise TypeError


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain
)
_IN_ORDER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain, sort_keys=True
)


def _find_fault(value: Any, path: str, depth: int, above: tuple[int, ...]) -> BadLead | None:
    """Walk to the first thing that is wrong, and say where it is."""
    if isinstance(value, Enum):
        value = value.value
    if not isinstance(value, _CONTAINERS):
        return _leaf_fault(value, path)
    if id(value) in above:
        return BadLead(path, "expected JSON, found a container that holds itself")
    if depth > MAX_DEPTH:
        return BadLead(path, f"expected at most {MAX_DEPTH} levels, found more")
    for item, inner in _inside(value, path):
        fault = (
            item
            if isinstance(item, BadLead)
            else _find_fault(item, inner, depth + 1, (*above, id(value)))
        )
        if fault:
            return fault
    return None


def _inside(container: Any, path: str) -> Iterator[tuple[Any, str]]:
    """Each item of a container with its path, or a fault where its name is one."""
    if not isinstance(container, Mapping):
        for position, item in enumerate(container):
            yield item, f"{path}[{position}]"[:_PATH_MAX]
        return
    for key, item in container.items():
        if not isinstance(key, str):
            yield BadLead(path, f"expected field names that are text, found {_type_name(key)}"), ""
        elif not is_unicode(key):
            yield BadLead(path, "expected field names in Unicode, found a lone surrogate"), ""
        else:
            yield item, _join(path, key)


def _leaf_fault(value: Any, path: str) -> BadLead | None:
    if isinstance(value, str):
        found = None if is_unicode(value) else "Unicode text, found a lone surrogate"
        return BadLead(path, f"expected {found}") if found else None
    try:
        _ENCODER.encode(value)
    except (ValueError, TypeError, OverflowError):
        return BadLead(path, f"expected a JSON value, found {_complaint(value)}")
    return None


def is_unicode(text: str) -> bool:
    """Whether a text has no half of a surrogate pair, which UTF-8 cannot say."""
    return not any(0xD800 <= ord(char) <= 0xDFFF for char in text)


def _join(path: str, key: str) -> str:
    shown = key if key.isprintable() else ascii(key)[1:-1]
    return (f"{path}.{shown}" if path else shown)[:_PATH_MAX]


def _complaint(value: Any) -> str:
    if isinstance(value, float | Decimal):
        return "NaN or an infinity"
    if isinstance(value, int):
        return "a number with too many digits"
    return _type_name(value)


def _type_name(value: Any) -> str:
    return f"a value of type {type(value).__name__}"
