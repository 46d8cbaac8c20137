"""How values reach a terminal or a pipe: escaped, aligned, without colour where none is wanted.

It owns the consoles, tables and times of the `leads` command. What comes from a lead or from the
API was written by strangers, so everything that is printed goes through `clean`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn

from lead_worker.core.strict_json import read_object
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

GAP = 1
"""Between two columns: what the box puts there."""


class _Console(Console):
    """A console that interprets nothing in what it prints, and leaves a closed pipe to `main`."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=True)

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


def console() -> Console:
    """A console on standard output, as it is now."""
    return _Console()


def error_console() -> Console:
    """A console on standard error, as it is now."""
    return _Console(stderr=True)


def clean(value: object) -> str:
    """Give a value as text in which nothing steers a terminal.

    Whatever does not print (control characters, escape sequences, changes of direction, line
    breaks) becomes an escape as JSON has it, so that JSON text stays JSON.
    """
    text = str(value)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    return "\\u007f" if char == "\x7f" else json.dumps(char)[1:-1]  # DEL is ASCII to json


def say(*parts: str | tuple[str, str], stderr: bool = False, indent: int = 0) -> None:
    """Print one line of parts: text, or text and its style. All of it is cleaned.

    On a terminal it is wrapped between words; an error is not, so that it can be copied.

    Args:
        indent: the column under which a wrapped line goes on.
    """
    line = Text()
    for part in parts:
        text, style = (part, "") if isinstance(part, str) else part
        line.append(clean(text), style)
    out = error_console() if stderr else console()
    if indent and out.is_terminal:
        line = _hang(line, indent, out)
    out.print(line, soft_wrap=stderr or not out.is_terminal)


def _hang(line: Text, indent: int, out: Console) -> Text:
    wrapped = line[indent:].wrap(out, max(1, out.width - indent))
    for part in wrapped:
        part.rstrip()
    return line[:indent] + Text("\n" + " " * indent).join(wrapped)


def say_escaped(text: str) -> None:
    """Print lines that were cleaned one by one."""
    console().print(Text(text))


def say_json(value: Any) -> None:
    """Print JSON, in ASCII so that it is safe on any terminal."""
    print(json.dumps(value, indent=2))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, keep: int = 1) -> None:
    """Print rows: as a table on a terminal, as lines with tabs between their cells on a pipe.

    Args:
        columns: the heads, each another.
        rows: the cells; None is shown as nothing.
        keep: how many of the first columns are never cut short where the terminal is narrow.
    """
    cells = [["" if cell is None else clean(cell) for cell in row] for row in rows]
    out = console()
    if not out.is_terminal:
        for line in (columns, *cells):
            print("\t".join(line))
        return
    grid = Table(box=SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False)
    widths = {
        column: max(map(cell_len, values), default=0)
        for column, *values in zip(columns, *cells, strict=True)
    }
    _shrink(widths, columns[keep:], out.width)
    for column, width in widths.items():
        grid.add_column(column, no_wrap=True, overflow="ellipsis", width=max(width, len(column)))
    for line in cells:
        grid.add_row(*map(Text, line))
    out.print(grid, soft_wrap=False)


def _shrink(widths: dict[str, int], cut: Sequence[str], most: int) -> None:
    """Take from the widest of the columns that may be cut, until the row fits; rich would take
    from all of them alike."""
    while sum(max(w, len(c)) + GAP for c, w in widths.items()) > most:
        widest = max(cut, key=lambda column: widths[column] - len(column), default="")
        if not widest or widths[widest] <= len(widest):
            return
        widths[widest] -= 1


def when(at: float) -> str:
    """An instant in the local time zone: `2025-03-01 14:03:09`."""
    return f"{datetime.fromtimestamp(at, UTC).astimezone():%Y-%m-%d %H:%M:%S}"


def span(seconds: float) -> str:
    """A duration in its one fitting unit: `0.4 s`, `12 s`, `3 min`, `5 h`, `9 d`."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    for unit, size, most in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds < most:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"


def ago(at: float, now_at: float) -> str:
    """`3 min ago`; for what is to come, `in 3 min`."""
    return f"in {span(at - now_at)}" if at > now_at else f"{span(now_at - at)} ago"


def pretty_json(encoded: bytes) -> str:
    """A raw lead for a person to read, on several lines, each of them cleaned."""
    text = encoded.decode("utf-8", "replace")
    found = read_object(encoded)
    if isinstance(found, dict):  # what is not strictly JSON is shown as it is, with its fault
        text = json.dumps(found, indent=2, ensure_ascii=False)
    return "\n".join(clean(line) for line in text.split("\n"))


def count_words(number: int, one: str, many: str) -> str:
    """`1 lead`, `1,204 leads`."""
    return f"{number:,} {one if number == 1 else many}"


def on_terminal(stderr: bool = False) -> bool:
    """Whether a person is watching."""
    return (sys.stderr if stderr else sys.stdout).isatty()
