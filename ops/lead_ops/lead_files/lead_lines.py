"""A file of leads as lines, in constant memory, and what a reader makes of it.

It owns the cap on a line and the numbers of lines. It must not know a format. What is said of a
line that is refused holds no value of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

LONGEST = 1_048_576
"""The most bytes of one line, or of one lead in an array: four times what a lead may have."""

LONGEST_PAYLOAD = 16 * LONGEST
"""The most bytes of one payload: a page of an API holds many leads."""


def too_long(longest: int) -> str:
    """Say that one is longer than may be."""
    return f"expected at most {longest} bytes, found more"


TOO_LONG = too_long(LONGEST)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lead is in its file.

    Attributes:
        line: the line that it begins on, from 1.
        record: which lead of the file it is, from 1; blank lines and a CSV's header do not count.
    """

    line: int
    record: int


@dataclass(frozen=True, slots=True)
class Good:
    """A lead that can be read.

    Attributes:
        key: its idempotency key, where its source gave it one.
        number: which lead of its record it is, from 1; a record may hold several.
        is_last: whether it is the last of them.
    """

    place: Place
    raw: dict[str, Any] = field(repr=False)
    key: str | None = field(default=None, repr=False)
    number: int = 1
    is_last: bool = True


@dataclass(frozen=True, slots=True)
class Bad:
    """One that cannot, and why: one line for a person, without a value."""

    place: Place
    message: str


Item = Good | Bad | None
"""None: nothing more is at hand for the moment, so hand over what there is."""

Line = tuple[int, bytes | None]
"""A line's number and its bytes without the line feed; None where it is longer than may be."""


def split_lines(blocks: Iterable[bytes], longest: int = LONGEST) -> Iterator[Line | None]:
    """Split blocks into lines; gives None at the end of each block, before it waits for another."""
    number, rest, too_long = 0, b"", False
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            number += 1
            yield number, None if too_long or len(line) > longest else line
            too_long = False
        if too_long or len(rest) > longest:
            rest, too_long = b"", True
        yield None
    if rest or too_long:
        yield number + 1, None if too_long else rest


def read_each_line(
    blocks: Iterable[bytes], longest: int, read: Callable[[Place, bytes], Good | Bad]
) -> Iterator[Item]:
    """Read one lead from each line; blank lines are left out, and too long ones refused.

    Args:
        read: makes what it can of a line's bytes.
    """
    record = 0
    for line in split_lines(blocks, longest):
        if line is None:
            yield None
            continue
        number, encoded = line
        if encoded is None or encoded.strip():
            record += 1
            place = Place(number, record)
            yield Bad(place, too_long(longest)) if encoded is None else read(place, encoded)
