"""Dead letters as CSV: written for a spreadsheet, and read back after people worked in it.

It owns the header. Facts have columns of their names; a lead's fields have columns that begin with
`lead.`, so that the two cannot clash. UTF-8, with a byte order mark by which Excel knows it. How
rows are read is `lead_files`' matter.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import StringIO
from itertools import chain
from typing import Any

from lead_producers.record import MAX_BYTES
from lead_worker.core import field_path
from lead_worker.core.fields import UTM_NAMES
from lead_worker.core.groups import FIELDS

from ..errors import OpsError
from ..lead_files.csv_files import DELIMITERS, NOT_UTF8, read_csv
from ..lead_files.lead_lines import LONGEST, TOO_LONG, Bad, Good, Place
from .csv_cells import MORE, cell_of, column_of, has_column, leaves
from .formulas import arm, disarm
from .letter import (
    FACTS,
    NO_ID,
    TOO_LARGE,
    Exported,
    Imported,
    facts,
    read_id,
    record_of,
    value_of,
)

COLUMNS = (
    *("id", "died_at", "reason", "cause", "status", "code", "group"),
    *("lane", "source", "attempts", "edited", "errors", "key"),
)
PREFIX = "lead."

MOST_COLUMNS = 500
"""For fields of leads. What is beyond them is in `lead.(more)`."""

MOST_READ = 1000
"""The most columns of a file that is read."""

_MOST_KNOWN = len(FIELDS) + 2 * len(UTM_NAMES)


class LettersHeaderError(OpsError):
    """The header says that the file is none of dead letters. Nothing was changed."""

    exit_code = 2


def csv_lines(letters: Callable[[], Iterable[Exported]]) -> Iterator[bytes]:
    """Write a header, and then one letter in each piece.

    Memory is bounded by the number of columns. A letter that came between the two passes is
    written too; what it has beyond the columns is in `lead.(more)`.

    Args:
        letters: gives all of them, and is called twice.
    """
    columns = _columns(letters())
    yield codecs.BOM_UTF8 + _line([*COLUMNS, *(PREFIX + column for column in (*columns, MORE))])
    for letter in letters():
        yield _line([*_told(letter), *_cells(letter.raw, columns)])


def read_csv_letters(blocks: Iterable[bytes]) -> Iterator[Imported | Bad]:
    """Read one letter from each row; rows without any cell are left out.

    Raises:
        LettersHeaderError: before any letter is given.
    """
    line, others = _first_line(iter(blocks))
    names, delimiter = _read_header(line)
    # The reader of leads' CSV, under a header by which it numbers the cells.
    numbers = delimiter.join(f"name.{number}" for number in range(len(names)))
    for item in read_csv(chain([numbers.encode() + b"\n"], others)):
        if isinstance(item, Good):
            row: dict[str, str] = item.raw["name"]
            yield _letter(item.place, names, {int(n): arm(cell) for n, cell in row.items()})
        elif item:
            yield item


def _columns(letters: Iterable[Exported]) -> list[str]:
    """Of each field of the schema's own, and of the first others until there are enough."""
    known: dict[str, None] = {}
    others: dict[str, None] = {}
    for letter in letters:
        for names, _ in leaves(value_of(letter.raw) or {}):
            column = column_of(names)
            if _is_known(names):
                known[column] = None
            elif len(others) < MOST_COLUMNS - _MOST_KNOWN and has_column(column):
                others[column] = None
    return sorted([*known, *others], key=_rank)


def _rank(column: str) -> int:
    """In the schema's order, strangers last."""
    top = column.partition(".")[0]
    return FIELDS.index(top) if top in FIELDS else len(FIELDS)


def _is_known(names: tuple[str, ...]) -> bool:
    if len(names) == 1:
        return names[0] in FIELDS
    return len(names) == 2 and names[0] == "utm" and names[1].removeprefix("utm_") in UTM_NAMES


def _told(letter: Exported) -> Iterator[str]:
    told = facts(letter)
    errors = (f"{each['path']}: {each['message']}".removeprefix(": ") for each in told["errors"])
    told["errors"] = "; ".join(errors)
    return (str(told.get(name, "")) for name in COLUMNS)


def _cells(raw: bytes, columns: list[str]) -> Iterator[str]:
    value = value_of(raw)
    if value is None:
        yield from [""] * len(columns)
        yield json.dumps(base64.b64encode(raw).decode())
        return
    cells: dict[str, str] = dict.fromkeys(columns, "")
    rest: dict[str, Any] = {}
    for names, leaf in leaves(value):
        column = column_of(names)
        if column in cells:
            cells[column] = cell_of(leaf)
        else:
            _put(rest, names, leaf)
    yield from cells.values()
    yield cell_of(rest) if rest else ""


def _put(rest: dict[str, Any], names: tuple[str, ...], leaf: object) -> None:
    *above, last = names
    for name in above:
        rest = rest.setdefault(name, {})
    rest[last] = leaf


def _line(cells: Iterable[str]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(map(disarm, cells))
    return text.getvalue().encode()


def _first_line(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The header, and what is behind it."""
    head = b""
    for block in blocks:
        head += block
        if b"\n" in block or len(head) > LONGEST:
            break
    line, _, rest = head.partition(b"\n")
    if len(line) > LONGEST:
        raise LettersHeaderError(f"line 1: {TOO_LONG}")
    return line.removeprefix(codecs.BOM_UTF8), chain([rest], blocks)


def _read_header(line: bytes) -> tuple[list[str], str]:
    """What each column is: a fact's name, or a lead's column with its prefix; and the separator."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise LettersHeaderError(f"line 1: {NOT_UTF8}") from None
    headers = {delimiter: _split(text, delimiter) for delimiter in DELIMITERS}
    # Not the one that makes more columns: a stranger's field may be called ";;;;;;;;".
    found = {each: _named(header) for each, header in headers.items() if "id" in header}
    complaint = "expected a column id, as leads dead export writes it, found none"
    for delimiter, names in found.items():
        if not isinstance(names, str):
            return names, delimiter
        complaint = names
    raise LettersHeaderError(f"header: {complaint}")


def _named(header: list[str]) -> list[str] | str:
    """Each column's name as we would write it; or what is wrong, without a name in it."""
    if len(header) > MOST_READ:
        return f"expected at most {MOST_READ} columns, found more"
    names: list[str] = []
    for number, name in enumerate(header, 1):
        known = name if name in FACTS else _lead_column(name)
        if not known:
            return (
                f"expected {PREFIX} and a field's path in column {number}, found something else;"
                " take the column out, or name it so (lead.email, lead.utm.source)"
            )
        if known in names:
            return f"expected each column once, found column {number} again"
        names.append(known)
    return names


def _split(text: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []
    names = [arm(cell) for cell in cells]
    while names and not names[-1].strip():
        names.pop()
    return [name if name.startswith(PREFIX) else name.strip() for name in names]


def _lead_column(name: str) -> str:
    """A lead's column as we would write it; "" for what is none."""
    if not name.startswith(PREFIX):
        return ""
    column = name.removeprefix(PREFIX)
    path = field_path.parse(column)
    if column == MORE or isinstance(path, str):
        return PREFIX + MORE if column == MORE else ""
    parts = tuple(piece.name for piece in path.pieces if piece.name is not None)
    return PREFIX + column_of(parts) if len(parts) == len(path.pieces) else ""


def _letter(place: Place, names: list[str], row: Mapping[int, str]) -> Imported | Bad:
    told = {names[n]: cell for n, cell in row.items() if names[n] in FACTS}
    lead_id = read_id(told.get("id"))
    if not lead_id:
        return Bad(place, NO_ID)
    cells = {name[len(PREFIX) :]: "" for name in names if name not in FACTS}
    cells |= {names[n][len(PREFIX) :]: cell for n, cell in row.items() if names[n] not in FACTS}
    raw = _unreadable(cells.get(MORE, ""))
    if isinstance(raw, str):
        return Bad(place, raw)
    value = None if raw is None else value_of(raw)
    return Imported(lead_id, value, raw, record_of(told), place, cells)


def _unreadable(cell: str) -> bytes | str | None:
    """The bytes of a lead that nobody could read; None where there is no such, or why not."""
    if not cell.lstrip().startswith('"'):
        return None
    try:
        raw = base64.b64decode(cell.strip()[1:-1], validate=True)
    except (ValueError, binascii.Error):
        return f"expected base64 in {PREFIX}{MORE}, found something else"
    return raw if len(raw) <= MAX_BYTES else TOO_LARGE
