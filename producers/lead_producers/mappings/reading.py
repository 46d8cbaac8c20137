"""How a payload is read: its shape is checked, and what is empty or no JSON is left out.

It owns the words of `BadPayload`, which name a place and a type and never a value. It must not know
what any one source sends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from .addresses import is_page, trimmed
from .bad_payload import BadPayload
from .forbidden import is_forbidden

MAX_DEPTH = 32
"""Objects and lists within each other. No source nests a tenth of it, and half of what a lead may
have leaves room for where the mapping puts a value."""

_MAX_BITS = 1024  # of a whole number that is printed
_KEPT = (str, int, float, date, time, Decimal, UUID, Enum)


def opened(payload: object) -> Mapping[str, Any]:
    """Give the payload, checked so that every later walk over it is safe.

    Raises:
        BadPayload: it is no object, or nests deeper than `MAX_DEPTH`.
    """
    if not isinstance(payload, Mapping):
        raise BadPayload("", f"expected an object, found {kind(payload)}")
    waiting: list[tuple[object, int]] = [(payload, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise BadPayload("", f"expected at most {MAX_DEPTH} levels, found more")
        waiting += [(item, depth + 1) for item in _inside(value)]
    return payload


def objects(value: object, path: str) -> list[Mapping[str, Any]]:
    """Give the objects of a list.

    Raises:
        BadPayload: it is no list, or one of its items is no object.
    """
    return [an_object(item, f"{path}[{at}]") for at, item in enumerate(listed(value, path))]


def listed(value: object, path: str) -> list[Any]:
    """Give a list.

    Raises:
        BadPayload: it is none.
    """
    if not isinstance(value, list | tuple):
        raise BadPayload(path, f"expected a list of objects, found {kind(value)}")
    return list(value)


def an_object(value: object, path: str) -> Mapping[str, Any]:
    """Give an object.

    Raises:
        BadPayload: it is none.
    """
    if not isinstance(value, Mapping):
        raise BadPayload(path, f"expected an object, found {kind(value)}")
    return value


def object_or_empty(value: object) -> Mapping[str, Any]:
    """Give an object that may be missing; whatever else is there counts as missing."""
    return value if isinstance(value, Mapping) else {}


def text(value: object) -> str:
    """Give text that is stripped, or a whole number's digits; "" for whatever else."""
    return words(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def words(value: object) -> str:
    """Give any single value as stripped text; "" for a number that Python refuses to print."""
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return ""
    return str(value).strip()


def says_yes(value: object) -> bool:
    """Whether it is true, as JSON or as forms write it."""
    return value is True or text(value).lower() in ("true", "1")


def single(value: Any) -> Any:
    """Give the one item of a list of one, and whatever else as it is."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def cleaned(value: Any) -> Any:
    """Give a value without what is empty in it, what must not be stored, and what no lead can hold
    (files, say); None where nothing is left."""
    if isinstance(value, str):
        return value if value.strip(" \t\r\n\0") else None
    if isinstance(value, Mapping):
        return _cleaned_object(value) or None
    if isinstance(value, list | tuple):
        return [item for item in map(cleaned, value) if item is not None] or None
    return value if isinstance(value, _KEPT) else None


def kind(value: object) -> str:
    """Name a value's JSON type for "expected ..., found ..."."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case list() | tuple():
            return "a list"
        case Mapping():
            return "an object"
        case _:
            return f"a value of type {type(value).__name__}"


def _cleaned_object(value: Mapping[Any, Any]) -> dict[str, Any]:
    pairs = (
        (name, trimmed(found) if is_page(name) else found)
        for name, found in ((name, cleaned(item)) for name, item in value.items() if _is_kept(name))
    )
    return {name: found for name, found in pairs if found is not None}


def _is_kept(name: object) -> bool:
    return isinstance(name, str) and not is_forbidden(name)


def _inside(value: object) -> Iterator[object]:
    """The objects and lists right inside a value."""
    items: Iterable[object] = ()
    if isinstance(value, Mapping):
        items = value.values()
    elif isinstance(value, list | tuple):
        items = value
    return (item for item in items if isinstance(item, Mapping | list | tuple))
