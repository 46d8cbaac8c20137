"""The decision about a correction: a raw lead and what a person wants, to new bytes or to problems.

It owns that nothing is stored which the worker's schema would refuse, and which raw leads steps can
be applied to. It must not read or store anything, and must not print: what it gives is personal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lead_producers import BadLead
from lead_producers.record import encode
from lead_worker.core.change import Change, Difference, Set, Unset, apply, difference
from lead_worker.core.change import difference_json as told_json
from lead_worker.core.field_path import NOT_THERE
from lead_worker.core.outcome import FieldError, Invalid
from lead_worker.core.schema import SchemaRules, validate
from lead_worker.core.strict_json import MAX_DIGITS, read_object

LOOSE_DEPTH = 200
"""Containers within each other that are read though a lead may have fewer, so that the one which is
too deep can be taken out by its path."""

BOM = b"\xef\xbb\xbf"
"""A byte-order mark, which some editors write, and JSON does not have."""

Told = dict[str, object]
"""One difference as JSON: `path`, and `before` and `after` where there is something."""


@dataclass(frozen=True, slots=True)
class Mended:
    """It is right now.

    Attributes:
        raw: the new bytes.
        changes: what differs; at least one.
    """

    raw: bytes = field(repr=False)
    changes: Sequence[Told] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """It is right, and was so before."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It is still wrong: each field, and what the correction would have changed."""

    errors: tuple[FieldError, ...] = field(repr=False)
    changes: Sequence[Told] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Unfit:
    """The correction cannot be made on this lead; the reason quotes no value."""

    reason: str


Mending = Mended | Unchanged | Refused | Unfit


def mend(raw: bytes, steps: Iterable[Change], rules: SchemaRules) -> Mending:
    """Make the steps on a raw lead.

    Args:
        raw: any bytes. What is read is what a strict reader refuses but no data can be lost with:
            NaN and numbers that are too large, control characters in text, too many levels.
    """
    before = _read(raw)
    if isinstance(before, FieldError):
        return Unfit(before.message)
    after = apply(before, steps)
    if isinstance(after, str):
        return Unfit(after)
    return _judged(raw, after, rules)


def mend_text(raw: bytes, text: bytes, rules: SchemaRules) -> Mending:
    """Take a person's text in the place of a raw lead; it must be strict JSON in UTF-8.

    Args:
        raw: any bytes.
        text: a byte-order mark is left out.
    """
    after = read_object(text.removeprefix(BOM))
    if isinstance(after, FieldError):
        return Refused((after,))
    return _judged(raw, after, rules)


def put_on_top(old: bytes, text: bytes, new: bytes) -> dict[str, Any] | None:
    """What a person changed in an old lead, made on what it has become meanwhile.

    Args:
        text: as the person left the old one.

    Returns:
        The new lead with it; None where that cannot be told.
    """
    before, now = _read(old), _read(new)
    after = read_object(text.removeprefix(BOM))
    if isinstance(before, FieldError) or isinstance(now, FieldError):
        return None
    if isinstance(after, FieldError):
        return None
    found = difference(before, after)
    if any(each.more for each in found):
        return None
    moved = apply(now, map(_step, found))
    return None if isinstance(moved, str) else moved


def changes_between(before: bytes, after: bytes) -> list[Told]:
    """What differs between two raw leads, whatever their bytes are."""
    return _told(_readable(before), _readable(after))


def number_of(changes: Iterable[Told]) -> int:
    """How many fields differ; a long list counts those that it does not tell."""
    return sum(more if isinstance(more := each.get("more"), int) else 1 for each in changes)


def _judged(raw: bytes, after: dict[str, Any], rules: SchemaRules) -> Mending:
    changes = _told(_readable(raw), after)
    try:
        encoded = encode(after)
    except BadLead as error:
        return Refused((_fault(error),), changes)
    found = validate(encoded, rules)
    if isinstance(found, Invalid):
        return Refused(found.errors, changes)
    if not changes and isinstance(validate(raw, rules), Invalid):
        # Its values are right; the way in which it was written is what the schema cannot read.
        changes = _told(_text(raw), after)
    return Mended(encoded, changes) if changes else Unchanged()


def _fault(error: BadLead) -> FieldError:
    return FieldError(error.path, str(error).removeprefix(f"{error.path}: "))


def _step(found: Difference) -> Change:
    return Unset(found.path) if found.after is NOT_THERE else Set(found.path, found.after)


def _told(before: object, after: object) -> list[Told]:
    """The differences as strict JSON: what it does not have (NaN) is its name as text."""
    found = told_json(before, after)
    try:
        json.dumps(found, allow_nan=False)
    except ValueError:
        found = json.loads(json.dumps(found), parse_constant=str)
    return found


def _readable(raw: bytes) -> object:
    """The lead, or its text."""
    value = _read(raw)
    return _text(raw) if isinstance(value, FieldError) else value


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")


def _read(raw: bytes) -> dict[str, Any] | FieldError:
    """The lead; or what a strict reader says of it, where reading it loosely could lose data: bytes
    that are no UTF-8, and a name that is there twice."""
    strict = read_object(raw)
    if isinstance(strict, dict):
        return strict
    try:
        value = _LOOSE.decode(raw.removeprefix(BOM).decode())
    except (ValueError, RecursionError):
        return strict
    return value if isinstance(value, dict) and not _is_deeper(value) else strict


def _is_deeper(value: object) -> bool:
    level = [value]
    for _ in range(LOOSE_DEPTH):
        level = [child for parent in level for child in _children(parent)]
    return bool(level)


def _children(parent: object) -> Iterable[object]:
    if isinstance(parent, dict):
        return parent.values()
    return parent if isinstance(parent, list) else ()


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError
    return made


def _whole(digits: str) -> int | float:
    """Too large a one is an infinity, as too large a fraction is; neither can be encoded."""
    return int(digits) if len(digits) <= MAX_DIGITS else float(digits)


_LOOSE = json.JSONDecoder(parse_int=_whole, object_pairs_hook=_each_once, strict=False)
