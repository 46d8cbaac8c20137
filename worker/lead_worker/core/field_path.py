r"""Where in a lead a person means: `email`, `utm.campaign`, `items[0].name`.

It owns how a path is written, and how it is followed: to find, to put, to take away. It must not
change a value that it is given, nor put a value, or a name that is only in the lead, into a
message: the messages quote the path, which a person typed.

A dot leads into an object, `[0]` or `.0` into a list. Names with dots are found as they are
(`utm.source` finds the field of that very name first, then `source` in `utm`). A backslash before
one of `. [ = : " \` takes that to the letter; a path with such a one is read one name at a time.
`""` is the empty name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from .strict_json import MAX_DEPTH, kind


class NotThere(Enum):
    """The one value `NOT_THERE`: a field that is missing, as JSON's null is not."""

    NOT_THERE = "not there"


NOT_THERE = NotThere.NOT_THERE


@dataclass(frozen=True, slots=True)
class _Piece:
    """A step down, as it may be taken by itself.

    Attributes:
        between: what stands before it where it is part of a longer name: "." or "".
        text: the piece as part of a longer name.
        name: of a field; None where it cannot be one: `[0]`, and nothing between two dots.
        index: into a list; None where it cannot be one.
    """

    between: str
    text: str
    name: str | None
    index: int | None


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A path that was read. At least one piece, at most `strict_json.MAX_DEPTH`.

    Attributes:
        is_exact: whether each piece is one name, never a part of one with dots.
    """

    pieces: tuple[_Piece, ...]
    is_exact: bool

    def text(self, start: int, end: int) -> str:
        """Some of the pieces as one text, in which nothing is escaped."""
        first, *others = self.pieces[start:end]
        return first.text + "".join(piece.between + piece.text for piece in others)


_Key = str | int
_ESCAPES = r'\\[.\[=:"\\]'
_ESCAPE = re.compile(r'\\([.\[=:"\\])')
_DOT = re.compile(rf"{_ESCAPES}|\.")
_SIGN = re.compile(rf"{_ESCAPES}|:?=")
_INDEX = r"(?:0|[1-9][0-9]{0,8})"
_INDEXES = re.compile(rf"{_ESCAPES}|(?:\[{_INDEX}\])+\Z")
_ENDS_AS_INDEX = re.compile(rf"\[(?={_INDEX}\]\Z)")
_EMPTY_NAME = '""'


@lru_cache(maxsize=256)
def parse(text: str) -> FieldPath | str:
    """Read a path as a person typed it; a text is the error for that person."""
    if not text:
        return "expected the name of a field, found nothing; give one, such as email"
    if not _is_unicode(text):
        return "expected UTF-8, found bytes that are not; type the field's name anew"
    pieces: list[_Piece] = []
    for segment in _cut(text):
        pieces += _pieces(segment, "." if pieces else "")
        if len(pieces) > MAX_DEPTH:
            return f"expected at most {MAX_DEPTH} steps to a field, found more; shorten the path"
    return FieldPath(tuple(pieces), _ESCAPE.search(text) is not None)


def divide(text: str) -> tuple[str, str, str] | str:
    """Part `path=value` at its first sign that no backslash takes to the letter.

    Returns:
        What is before the sign, the sign (`=` or `:=`), and what is behind it; or an error, which
        does not quote the text.
    """
    if not _is_unicode(text):
        return "expected UTF-8, found bytes that are not; type it anew"
    for found in _SIGN.finditer(text):
        if not found[0].startswith("\\"):
            return text[: found.start()], found[0], text[found.end() :]
    return 'expected a field, "=" and what belongs to it, found no "="'


def written(names: Sequence[str]) -> str:
    """The path to a field through objects, which `parse` reads as these names and no others."""
    return ".".join(map(_written, names))


def find(value: object, path: FieldPath) -> object:
    """What is there; the longest name that is in the lead as it stands goes first.

    Returns:
        The value, or `NOT_THERE`.
    """
    keys = next(_routes(value, path, 0), None)
    return NOT_THERE if keys is None else _follow(value, keys)


def put(value: dict[str, Any], path: FieldPath, new: object) -> dict[str, Any] | str:
    """A copy with the field set, in its place if it is there; what it does not change is shared.

    Objects are made on the way where there is nothing, and null is nothing. Lists do not grow.

    Returns:
        The copy; or the error where the way leads through something else, or beyond a list's end.
    """
    keys = next(_routes(value, path, 0), None)
    if keys is not None:
        return _copy(value, keys, new)
    keys, used = _longest(value, path)
    last = _follow(value, keys)
    error = _way_ends(last, path, used)
    if error:
        return error
    below = new
    for piece in reversed(path.pieces[used + 1 :]):
        below = {piece.name: below}
    grown = {**(last if isinstance(last, dict) else {}), path.pieces[used].name: below}
    return _copy(value, keys, grown)


def without(value: dict[str, Any], path: FieldPath) -> dict[str, Any]:
    """A copy without the field, or an equal one where it is not there. A list closes its gap."""
    keys = next(_routes(value, path, 0), None)
    if keys is None:
        return dict(value)
    parent = _follow(value, keys[:-1])
    smaller: Any = parent.copy() if isinstance(parent, dict | list) else {}
    del smaller[keys[-1]]
    return _copy(value, keys[:-1], smaller)


def _is_unicode(text: str) -> bool:
    """Not so where a terminal's bytes were no UTF-8: Python keeps them as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _cut(text: str) -> Iterator[str]:
    start = 0
    for found in _DOT.finditer(text):
        if found[0] == ".":
            yield text[start : found.start()]
            start = found.end()
    yield text[start:]


def _pieces(segment: str, between: str) -> Iterator[_Piece]:
    """The name that stands between two dots, and the indexes that follow it."""
    run = next((m for m in _INDEXES.finditer(segment) if not m[0].startswith("\\")), None)
    name = segment[: run.start()] if run else segment
    if name or not run:
        yield _named(name, between)
        between = ""
    for digits in re.findall(r"\d+", run[0]) if run else ():
        yield _Piece(between, f"[{digits}]", None, int(digits))
        between = ""


def _named(segment: str, between: str) -> _Piece:
    text = _ESCAPE.sub(r"\1", segment)
    name = "" if segment == _EMPTY_NAME else text or None
    return _Piece(between, text, name, int(text) if re.fullmatch(_INDEX, text) else None)


def _written(name: str) -> str:
    if not name:
        return _EMPTY_NAME
    if name == _EMPTY_NAME:
        return r"\"\""
    return _ENDS_AS_INDEX.sub(r"\\[", name.replace("\\", "\\\\").replace(".", r"\."))


def _routes(value: object, path: FieldPath, start: int) -> Iterator[tuple[_Key, ...]]:
    """Each way to a value by the whole path, best first. Two ways lead to two values, so that
    there are never more of them than the lead has values."""
    if start == len(path.pieces):
        yield ()
        return
    for key, end in _steps(value, path, start):
        for others in _routes(_follow(value, (key,)), path, end):
            yield (key, *others)


def _steps(value: object, path: FieldPath, start: int) -> Iterator[tuple[_Key, int]]:
    """The ways down from one value: the key, and how many of the path's pieces are then used."""
    first = path.pieces[start]
    if isinstance(value, list):
        if first.index is not None and first.index < len(value):
            yield first.index, start + 1
    elif isinstance(value, dict):
        longest = start if path.is_exact else len(path.pieces)
        for end in range(longest, start + 1, -1):
            name = path.text(start, end)
            if name in value:
                yield name, end
        if first.name is not None and first.name in value:
            yield first.name, start + 1


def _longest(value: object, path: FieldPath) -> tuple[tuple[_Key, ...], int]:
    """As far as a path that does not lead to a value leads, and the pieces used till there."""
    keys: tuple[_Key, ...] = ()
    used = 0
    while step := next(_steps(value, path, used), None):
        key, used = step
        value = _follow(value, (key,))
        keys += (key,)
    return keys, used


def _way_ends(last: object, path: FieldPath, used: int) -> str:
    """Why nothing can be put there, in words; "" if it can."""
    here = path.text(0, used) if used else "the lead itself"
    whole = path.text(0, len(path.pieces))
    following = path.pieces[used]
    if isinstance(last, list):
        if following.index is None:
            return f"expected an index into the list {here}, found a name; write {here}[0]"
        size = len(last)
        return f"expected an index below {size} in {here}, found {following.index}; set {here}"
    if last is not None and not isinstance(last, dict):
        return f"expected an object at {here} for {whole}, found {kind(last)}; set {here} instead"
    for end, piece in enumerate(path.pieces[used:], used):
        if piece.index is not None and piece.name is None:
            list_text = path.text(0, end) if end else "the lead itself"
            return f"expected a list at {list_text} for {whole}, found none; set it as a whole"
        if piece.name is None:
            return f"expected a name on each side of each dot, found none in {whole}; give it"
    return ""


def _follow(value: object, keys: Sequence[_Key]) -> object:
    there: Any = value
    for key in keys:
        there = there[key]
    return there


def _copy(value: dict[str, Any], keys: Sequence[_Key], new: object) -> dict[str, Any]:
    """The object with another value at the end of an existing way; only the way is copied."""
    changed: dict[str, Any] = _replaced(value, keys, new)
    return changed


def _replaced(value: Any, keys: Sequence[_Key], new: object) -> Any:
    if not keys:
        return new
    changed = value.copy()
    changed[keys[0]] = _replaced(value[keys[0]], keys[1:], new)
    return changed
