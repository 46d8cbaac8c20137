"""How values reach a terminal or a pipe: escaped, aligned, without colour where none is wanted.

It owns the consoles, tables and times of the `leads` command. What comes from a lead or from the
API was written by strangers, so everything that is printed goes through `clean`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NoReturn

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text


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


def say(*parts: str | tuple[str, str], stderr: bool = False) -> None:
    """Print one line of parts: text, or text and its style. All of it is cleaned."""
    line = Text()
    for part in parts:
        text, style = (part, "") if isinstance(part, str) else part
        line.append(clean(text), style)
    (error_console() if stderr else console()).print(line)


def say_escaped(text: str) -> None:
    """Print lines that were cleaned one by one."""
    console().print(Text(text))


def say_json(value: Any) -> None:
    """Print JSON, in ASCII so that it is safe on any terminal."""
    print(json.dumps(value, indent=2))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, keep: int = 1) -> None:
    """Print rows: as a table on a terminal, as lines with tabs between their cells on a pipe.

    Args:
        columns: the heads.
        rows: the cells; None is shown as nothing.
        keep: how many of the first columns are never cut short.
    """
    out = console()
    if not out.is_terminal:
        for row in (columns, *rows):
            print("\t".join("" if cell is None else clean(cell) for cell in row))
        return
    # As wide as its cells; padded by one so that an id of 32 leaves room at 80 columns.
    grid = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for number, column in enumerate(columns):
        cut = number >= keep
        grid.add_column(column, no_wrap=True, overflow="ellipsis" if cut else "ignore")
    for row in rows:
        grid.add_row(*(Text("" if cell is None else clean(cell)) for cell in row))
    out.print(grid, soft_wrap=False)


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
    with suppress(ValueError, RecursionError):  # what cannot be read is shown as it is
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return "\n".join(clean(line) for line in text.split("\n"))


def count_words(number: int, one: str, many: str) -> str:
    """`1 lead`, `1,204 leads`."""
    return f"{number:,} {one if number == 1 else many}"


def on_terminal(stderr: bool = False) -> bool:
    """Whether a person is watching."""
    return (sys.stderr if stderr else sys.stdout).isatty()
