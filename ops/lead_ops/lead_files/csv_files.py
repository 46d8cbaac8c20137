"""Leads from CSV with a header, a row at a time.

It owns what the header means: a name with dots, such as `utm.source`, fills an object. Cells are
text and stay text. It must not validate a lead; it does hold the header against the names that a
lead has, because a file without a header, or with the wrong separator, is all wrong.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from lead_producers.record import MAX_BYTES

from ..errors import OpsError
from .lead_lines import TOO_LONG, Bad, Good, Item, Place, split_lines

DELIMITERS = (",", ";")
_OF_EXPORTS = (*DELIMITERS, "\t")
FIELDS = frozenset(
    ("agentId", "agent_id", "name", "email", "phone", "company", "site", "custom", "utm", "capture")
)
"""What a lead has; a header must name at least one of them."""

CELL_MAX = MAX_BYTES + 1
"""Characters: what a lead can hold, and what disarms a formula. More of it is a quote that was
never closed, and each row that it swallows is one that nobody reads."""

NOT_UTF8 = "expected UTF-8, found bytes that are not"

# Not to be had from UTF-8, so it can stand in for a line that the csv module must not get.
_TOO_LONG_LINE = "\ud800"

ColumnPath = tuple[str, ...]


class HeaderError(OpsError):
    """The header says that the file is not a CSV of leads. Nothing was enqueued."""

    exit_code = 2


def read_csv(
    blocks: Iterable[bytes], knows: Callable[[Sequence[str]], bool] | None = None
) -> Iterator[Item]:
    """Read one lead from each row; empty cells, and rows without any other, are left out.

    A row may have fewer cells than the header: Excel leaves the empty last columns of a block of
    rows out ("Column delimiters are missing in an Excel spreadsheet that is saved as text").

    Args:
        knows: whether names are those of a header whose rows are no leads yet. They are kept as
            they are, dots and all; there may be tabs between them, and a file with nothing in it
            has no rows.

    Raises:
        HeaderError: before any lead is given.
    """
    csv.field_size_limit(CELL_MAX)
    lines = _Lines(blocks)
    header = next((line for line in lines if line.strip()), "")
    if knows and not header:
        return
    paths, delimiter = _read_header(header, knows)
    rows, record = csv.reader(lines, delimiter=delimiter, strict=True), 0
    while True:
        begins = lines.number + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            record += 1
            yield Bad(Place(begins, record), _complaint(error, begins, lines.number))
        else:
            if any(cell.strip() for cell in row):
                record += 1
                yield _item(Place(begins, record), row, paths)


class _Lines:
    """Lines as text for the csv module, which takes one only when it needs it.

    Attributes:
        number: of the last line that was taken.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._lines = split_lines(blocks)
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        while line is None:
            line = next(self._lines)
        self.number, encoded = line
        if encoded is None:
            return _TOO_LONG_LINE
        return encoded.decode("utf-8", "surrogateescape") + "\n"


def _read_header(
    line: str, knows: Callable[[Sequence[str]], bool] | None
) -> tuple[list[ColumnPath], str]:
    if any("\ud800" <= char <= "\udfff" for char in line):
        raise HeaderError(f"line 1: {TOO_LONG if line == _TOO_LONG_LINE else NOT_UTF8}")
    headers = {
        delimiter: _names(line, delimiter) for delimiter in (_OF_EXPORTS if knows else DELIMITERS)
    }
    delimiter = max(headers, key=lambda each: len(headers[each]))
    names = headers[delimiter]
    if not (knows or _are_fields)(names):
        raise HeaderError(
            "expected a CSV whose first line names its columns (name, email, utm.source, ...) with"
            f" , or ;{' or tabs' if knows else ''} between them, found none of a lead's fields"
            " there"
        )
    paths = [(name,) if knows else tuple(name.split(".")) for name in names]
    _refuse_paths(paths)
    return paths, delimiter


def _are_fields(names: Sequence[str]) -> bool:
    return any(name.split(".")[0] in FIELDS for name in names)


def _names(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
    names = [name.strip() for name in cells]
    while names and not names[-1]:
        names.pop()
    return names


def _refuse_paths(paths: list[ColumnPath]) -> None:
    known: set[ColumnPath] = set()
    for number, path in enumerate(paths, 1):
        if not all(path):
            raise HeaderError(f"header: expected a name for column {number}, found a part of one")
        clash = any(path[: len(other)] == other or other[: len(path)] == path for other in known)
        if clash:
            name = ".".join(path)
            raise HeaderError(
                f"header: expected each field once, found that of column {number} ({name!a}) twice,"
                " or as a field and as an object"
            )
        known.add(path)


def _item(place: Place, row: list[str], paths: list[ColumnPath]) -> Good | Bad:
    if any(_TOO_LONG_LINE in cell for cell in row):
        return Bad(place, TOO_LONG)
    if any("\udc80" <= char <= "\udcff" for cell in row for char in cell if not cell.isascii()):
        return Bad(place, NOT_UTF8)
    if any(cell.strip() for cell in row[len(paths) :]):
        return Bad(place, f"expected at most {len(paths)} cells, found {len(row)}")
    raw: dict[str, Any] = {}
    for path, cell in zip(paths, row, strict=False):
        if cell.strip():
            _put(raw, path, cell)
    return Good(place, raw)


def _put(raw: dict[str, Any], path: ColumnPath, cell: str) -> None:
    *above, last = path
    for name in above:
        raw = raw.setdefault(name, {})
    raw[last] = cell


def _complaint(error: csv.Error, begins: int, ends: int) -> str:
    """Say what is wrong with a row; the csv module's own words hold no value."""
    if ends > begins or "unexpected end" in str(error):
        return f"expected the row's quotes to be closed, found none up to line {ends}"
    if "field limit" in str(error):
        return f"expected cells of at most {CELL_MAX} characters, found more"
    return f"expected a row of CSV, found one that breaks its rules ({error})"
