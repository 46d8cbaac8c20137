"""From a raw dict to the bytes that are stored, and the id that they are stored under.

It encodes and refuses; it never changes what a JSON value says. No error of its holds a value.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from datetime import date, datetime
from datetime import time as clock_time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from .errors import BadLead

MAX_BYTES = 262_144
"""The largest lead that is taken, encoded: 256 KiB."""

_PATH_MAX = 200


def new_lead_id() -> str:
    """Mint an id: 32 hex digits, the first 12 of them the time in ms, the rest random."""
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


def key_digest(key: str) -> str:
    """Digest an idempotency key, so that what an app puts into one is not readable in Redis."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def encode(raw: Mapping[str, Any]) -> bytes:
    """Encode a raw lead as compact UTF-8 JSON.

    Beyond JSON's own types, dates and times become ISO 8601, Decimal and UUID their text, an Enum
    its value, any mapping an object, a tuple an array.

    Raises:
        BadLead: it is not a mapping, not JSON (NaN, infinities, lone surrogates, keys that are no
            strings, other types), nested too deeply, or larger than `MAX_BYTES`.
    """
    if not isinstance(raw, Mapping):
        raise BadLead("", f"expected a lead as a dict, found {_type_name(raw)}")
    try:
        plain = raw if type(raw) is dict else dict(raw)
        _check_keys(plain)
        encoded = _ENCODER.encode(plain).encode("utf-8")
    except BadLead:
        raise
    except (ValueError, TypeError, RecursionError, OverflowError):
        # The fast path does not say where it failed, and its text may hold the value.
        raise _diagnose(raw) from None
    if len(encoded) > MAX_BYTES:
        raise BadLead("", f"expected at most {MAX_BYTES} bytes of JSON, found {len(encoded)}")
    return encoded


def _check_keys(container: Any) -> None:
    """json writes the key 1 as "1" and None as "null" without a word: refuse them instead."""
    if isinstance(container, Mapping):
        for key, value in container.items():
            if not isinstance(key, str):
                raise TypeError
            if not isinstance(value, _SCALARS):
                _check_keys(value)
    elif isinstance(container, list | tuple):
        for value in container:
            if not isinstance(value, _SCALARS):
                _check_keys(value)


_SCALARS = (str, int, float, bool, type(None))


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
        return dict(value)
    raise TypeError


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain
)


def _diagnose(raw: Mapping[Any, Any]) -> BadLead:
    try:
        return _find_fault(raw, "", set()) or BadLead("", "expected JSON, found what is not")
    except RecursionError:
        return BadLead("", "expected a lead of moderate depth, found one nested too deeply")


def _find_fault(value: Any, path: str, above: set[int]) -> BadLead | None:
    if isinstance(value, Mapping | list | tuple):
        if id(value) in above:
            return BadLead(path, "expected JSON, found a container that holds itself")
        return _find_fault_inside(value, path, above | {id(value)})
    try:
        _ENCODER.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        return BadLead(path, "expected Unicode text, found a lone surrogate")
    except (ValueError, TypeError, OverflowError):
        return BadLead(path, f"expected a JSON value, found {_complaint(value)}")
    return None


def _find_fault_inside(container: Any, path: str, above: set[int]) -> BadLead | None:
    if not isinstance(container, Mapping):
        faults = (_find_fault(v, f"{path}[{i}]", above) for i, v in enumerate(container))
        return next((fault for fault in faults if fault), None)
    for key, value in container.items():
        if not isinstance(key, str):
            return BadLead(path, f"expected field names that are text, found {_type_name(key)}")
        if not _is_unicode(key):
            return BadLead(path, "expected field names in Unicode, found a lone surrogate")
        fault = _find_fault(value, _join(path, key), above)
        if fault:
            return fault
    return None


def _is_unicode(text: str) -> bool:
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
