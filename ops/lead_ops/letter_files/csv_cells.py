"""A lead as cells of a table, and what changed cells do to a lead.

It owns the paths that columns are named by, and how a value is written into a cell. Types are lost
in a table, so a lead is never made of its cells: only what differs from the cells that it would be
written as is changed, and all else keeps its type. It must not know how a file is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from lead_worker.core import field_path
from lead_worker.core.field_path import NOT_THERE
from lead_worker.core.outcome import FieldError
from lead_worker.core.strict_json import kind, read_object, write

MORE = "(more)"
"""The column of what has no column of its own, as a JSON object. For a lead that cannot be read, it
has the lead's bytes in base64, as a JSON text."""

LONGEST_NAME = 200
"""The most characters of a column's path. What is in an object with a longer one stays JSON."""

CELL_CAP = 32_767
"""Excel cuts what is longer ("Excel specifications and limits")."""

_NEW_LINE = re.compile(r"\r\n?")
_BOOLEANS = ("true", "false")


def leaves(
    value: Mapping[str, Any], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each field that is no object with fields of its own: the names that lead to it, and it."""
    for name, below in value.items():
        names = (*above, name)
        if below and isinstance(below, dict) and len(column_of(names)) <= LONGEST_NAME:
            yield from leaves(below, names)
        else:
            yield names, below


def column_of(names: tuple[str, ...]) -> str:
    """The path that a column is named by: `utm.source`."""
    return field_path.written(names)


def has_column(column: str) -> bool:
    """Whether a header can have it: on one line, and not too long."""
    return column.isprintable() and len(column) <= LONGEST_NAME and column != MORE


def cell_of(leaf: object) -> str:
    """Text as it is, nothing for null, other values as JSON."""
    if leaf is None or leaf is NOT_THERE:
        return ""
    return leaf if isinstance(leaf, str) else write(leaf)


def merged(stored: dict[str, Any], cells: Mapping[str, str]) -> dict[str, Any] | str:
    """Make in a lead the changes that somebody made in its cells.

    A cell that was emptied takes its field away; any other that differs sets it, to what it was
    before if it can be read as such (a number, a list), else to text. What a spreadsheet does of
    its own accord is no change: blank for blank, other line breaks, TRUE for true.

    Args:
        stored: the lead as it is now; {} to make one of the cells alone, all of it text.
        cells: by the paths of their columns, and `MORE`. What has no column here does not change.

    Returns:
        A new lead, which shares with the stored one what did not change; or why a change cannot be
        made: one line for people, with paths and no values.
    """
    written = {column_of(names): leaf for names, leaf in leaves(stored)}
    changes = _changes(written, cells)
    if isinstance(changes, str):
        return changes
    changed: dict[str, Any] | str = dict(stored)
    # First away, then in: so that a text may make room for an object.
    for column, new in sorted(changes.items(), key=lambda change: change[1] is not NOT_THERE):
        if isinstance(changed, dict):
            changed = _made(changed, column, new, is_leaf=column in written)
    return changed


def _changes(written: Mapping[str, Any], cells: Mapping[str, str]) -> dict[str, Any] | str:
    """The new value of each field that changes; `NOT_THERE` for one that goes."""
    rest = _rest(cells.get(MORE, ""))
    if isinstance(rest, str):
        return rest
    found = {c: new for c, new in rest.items() if c not in written or _differ(written[c], new)}
    for column, cell in cells.items():
        if not cell and column not in written:
            continue
        leaf = written.get(column, NOT_THERE)
        before = cell_of(leaf)
        if column == MORE or _is_same(before, cell):
            continue
        if len(cell) >= CELL_CAP and before.startswith(cell):
            return f"expected {column} as long as it was, found it cut off by a spreadsheet"
        found[column] = _typed(cell, leaf) if cell.strip() else NOT_THERE
    return found


def _rest(cell: str) -> dict[str, Any] | str:
    """The fields without a column, by their paths."""
    if not cell.strip() or cell.lstrip().startswith('"'):
        return {}
    read = read_object(cell.encode("utf-8", "surrogatepass"))
    if isinstance(read, FieldError):
        return f"{MORE}: {read.message}"
    return {column_of(names): leaf for names, leaf in leaves(read)}


def _made(
    value: dict[str, Any], column: str, new: object, *, is_leaf: bool
) -> dict[str, Any] | str:
    path = field_path.parse(column)
    if isinstance(path, str):
        return path
    path = replace(path, is_exact=True)
    if new is NOT_THERE:
        return field_path.without(value, path)
    there = field_path.find(value, path)
    if there and isinstance(there, dict) and not is_leaf:
        return f"expected nothing in {column}, as there are fields in it, found a value; empty them"
    return field_path.put(value, path, new)


def _typed(cell: str, leaf: object) -> object:
    if leaf is None or leaf is NOT_THERE or isinstance(leaf, str):
        return cell
    text = cell.lower() if isinstance(leaf, bool) else cell
    read = read_object(b'{"":%b}' % text.encode("utf-8", "surrogatepass"))
    # A comma would make more than one field of it.
    if isinstance(read, FieldError) or len(read) != 1 or kind(read[""]) != kind(leaf):
        return cell
    return read[""]


def _is_same(before: str, cell: str) -> bool:
    if before == cell or not (before.strip() or cell.strip()):
        return True
    if before.lower() in _BOOLEANS:
        return before.lower() == cell.lower()
    return _NEW_LINE.sub("\n", before) == _NEW_LINE.sub("\n", cell)


def _differ(one: object, other: object) -> bool:
    return write(one) != write(other)
