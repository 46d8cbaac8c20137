"""A correction of a raw lead: what a person wants changed, the lead after it, and what differs.

It owns the steps and their order. It must not judge whether the outcome is a good lead (the schema
does), and must not put a value into a message or a representation: it is somebody's data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from . import field_path
from .field_path import NOT_THERE, FieldPath
from .outcome import FieldError
from .strict_json import MAX_DEPTH, read_object

MOST_DIFFERENCES = 100
"""So many are told of one by one; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Set:
    """Give a field a value, whether it has one or not. The value is JSON's."""

    path: str
    value: object = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unset:
    """Take a field away; where there is none, nothing changes."""

    path: str


@dataclass(frozen=True, slots=True)
class Move:
    """Take a value from one field to another; where there is none, nothing changes."""

    from_path: str
    to_path: str


Change = Set | Unset | Move


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs.

    Attributes:
        path: the field, as `field_path` writes it; "" for the whole, "…" where `more` is not 0.
        before, after: JSON values, or `NOT_THERE`. Personal data.
        more: 0; or how many more there are, in the last entry of a long list, which has no values.
    """

    path: str
    before: object = field(default=NOT_THERE, repr=False)
    after: object = field(default=NOT_THERE, repr=False)
    more: int = 0


def parse_set(text: str) -> Set | str:
    """Read `path=text` or `path:=JSON`; a text is the error for people, which quotes no value."""
    parts = field_path.divide(text)
    if isinstance(parts, str):
        return f"{parts}; write email=maria@example.com, or age:=42 for JSON"
    path, sign, value = parts
    error = _error(path)
    if error:
        return error
    if sign == "=":
        return Set(path, value)
    read = read_object(b'{"":%b}' % value.encode())
    # A comma would make more than one field of it.
    if isinstance(read, FieldError) or len(read) != 1:
        return f"expected strict JSON behind {path}:=, found something else; for text write {path}="
    return Set(path, read[""])


def parse_unset(text: str) -> Unset | str:
    """Read a path; a text is the error for people."""
    return _error(text) or Unset(text)


def parse_move(text: str) -> Move | str:
    """Read `from=to`; a text is the error for people."""
    parts = field_path.divide(text)
    if isinstance(parts, str):
        return f"{parts}; write telefone=phone to move telefone to phone"
    from_path, sign, to_path = parts
    if sign != "=":
        return f'expected "=" behind {from_path}, found ":="; write {from_path}=... to move it'
    error = _error(from_path) or _error(to_path)
    if not error and from_path == to_path:
        return f"expected two fields, found {from_path} twice; name the one that it belongs in"
    return error or Move(from_path, to_path)


def apply(value: dict[str, Any], steps: Iterable[Change]) -> dict[str, Any] | str:
    """Make the steps, one after another.

    Returns:
        A new object, which shares with the given one what no step changed; or the error of the
        first step that cannot be made, for people, with paths and no values.
    """
    changed = dict(value)
    for step in steps:
        outcome = _made(changed, step)
        if isinstance(outcome, str):
            return outcome
        changed = outcome
    return changed


def difference(before: object, after: object) -> list[Difference]:
    """What differs between two JSON values, object by object; a list is compared as a whole.

    So is an object whose name begins another field's name (`utm` beside `utm.source`), because a
    path into it could mean either. 1 and 1.0 and true differ; the order of fields does not count.

    Args:
        before: a JSON value, or the text of what is none.

    Returns:
        At most `MOST_DIFFERENCES` in the order of the fields, and one more that counts the rest.
    """
    found = _differences(before, after, ())
    told = list(islice(found, MOST_DIFFERENCES))
    more = sum(1 for _ in found)
    return [*told, Difference("…", more=more)] if more else told


def difference_json(before: object, after: object) -> list[dict[str, object]]:
    """As `difference`: `path`, `before` and `after`, the latter two only where it was there, and
    `{"path": "…", "more": 7}` for the last of a long list."""
    return [_json(found) for found in difference(before, after)]


def _error(path: str) -> str:
    read = field_path.parse(path)
    return read if isinstance(read, str) else ""


def _made(value: dict[str, Any], step: Change) -> dict[str, Any] | str:
    match step:
        case Set(path=text, value=new):
            path = field_path.parse(text)
            return path if isinstance(path, str) else field_path.put(value, path, new)
        case Unset(path=text):
            path = field_path.parse(text)
            return path if isinstance(path, str) else field_path.without(value, path)
        case Move():
            return _moved(value, step)


def _moved(value: dict[str, Any], step: Move) -> dict[str, Any] | str:
    source, target = field_path.parse(step.from_path), field_path.parse(step.to_path)
    if isinstance(source, str) or isinstance(target, str):
        return _error(step.from_path) or _error(step.to_path)
    moving = field_path.find(value, source)
    if moving is NOT_THERE or source == target:
        return dict(value)
    return _put_moved(field_path.without(value, source), target, moving, step)


def _put_moved(
    rest: dict[str, Any], target: FieldPath, moving: object, step: Move
) -> dict[str, Any] | str:
    there = field_path.find(rest, target)
    if _is_nothing(there):
        return field_path.put(rest, target, moving)
    if _is_nothing(moving) or _is_same(there, moving):
        return rest
    return (
        f"expected nothing in {step.to_path} to move {step.from_path} to, found another value; "
        "unset one of them first"
    )


def _is_nothing(value: object) -> bool:
    """Whether no data are lost with it: null, blank text, and objects and lists without entries."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or value is NOT_THERE or value in ({}, [])


def _differences(before: object, after: object, names: tuple[str, ...]) -> Iterator[Difference]:
    if not isinstance(before, dict) or not isinstance(after, dict):
        if not _is_same(before, after):
            yield Difference(field_path.written(names), before, after)
        return
    unclear = _first_names(before) | _first_names(after)
    for name in (*before, *(name for name in after if name not in before)):
        old, new, here = before.get(name, NOT_THERE), after.get(name, NOT_THERE), (*names, name)
        if name not in unclear and len(here) < MAX_DEPTH:
            yield from _differences(old, new, here)
        elif not _is_same(old, new):
            yield Difference(field_path.written(here), old, new)


def _first_names(value: Mapping[str, object]) -> set[str]:
    """What stands before the first dot of names that have one."""
    return {name.split(".", 1)[0] for name in value if "." in name}


def _is_same(one: object, other: object) -> bool:
    """Whether two values are the same JSON, however deep: without recursion, true is not 1, and
    NaN, which a raw lead may have though JSON has not, is itself."""
    pairs = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        if type(left) is not type(right):
            return False
        if isinstance(left, dict) and isinstance(right, dict):
            if left.keys() != right.keys():
                return False
            pairs += [(left[name], right[name]) for name in left]
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            pairs += zip(left, right, strict=True)
        elif left != right and (left == left or right == right):  # noqa: PLR0124
            return False
    return True


def _json(found: Difference) -> dict[str, object]:
    if found.more:
        return {"path": found.path, "more": found.more}
    sides = {"before": found.before, "after": found.after}
    there = {side: value for side, value in sides.items() if value is not NOT_THERE}
    return {"path": found.path, **there}
