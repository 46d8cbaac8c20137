"""Leads from JSON lines and from one JSON array, both read strictly and in constant memory.

It owns where a lead begins and ends; what is JSON and what is not is the worker's rule, so that
nothing is enqueued that no worker could read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lead_worker.core.outcome import FieldError
from lead_worker.core.strict_json import read_object

from .lead_lines import LONGEST, Bad, Good, Item, Place, read_each_line, too_long

_OUTSIDE_STRING = re.compile(rb'["\[\]{},]')
_INSIDE_STRING = re.compile(rb'["\\]')


def read_json_lines(blocks: Iterable[bytes], longest: int = LONGEST) -> Iterator[Item]:
    """Read one lead from each line; blank lines are left out."""
    return read_each_line(blocks, longest, _read)


def read_json_array(blocks: Iterable[bytes], longest: int = LONGEST) -> Iterator[Item]:
    """Read the leads in an array. One that is broken stops the rest only where its brackets or
    quotes leave open where it ends; then that is said."""
    splitter = _ArraySplitter(longest)
    for block in blocks:
        yield from (_item(place, encoded, longest) for place, encoded in splitter.feed(block))
        if splitter.trailing:
            break
        yield None
    fault = splitter.fault()
    if fault:
        yield Bad(splitter.place(), fault)


def read_json_object(blocks: Iterable[bytes], longest: int = LONGEST) -> Iterator[Item]:
    """Read one lead from a file that is one object, over several lines."""
    encoded, size = [], 0
    for block in blocks:
        size += len(block)
        if size <= longest:
            encoded.append(block)
    yield _item(Place(1, 1), b"".join(encoded) if size <= longest else None, longest)


def _item(place: Place, encoded: bytes | None, longest: int) -> Good | Bad:
    return Bad(place, too_long(longest)) if encoded is None else _read(place, encoded)


def _read(place: Place, encoded: bytes) -> Good | Bad:
    found = read_object(encoded)
    if isinstance(found, FieldError):
        return Bad(place, found.message)
    return Good(place, found)


class _ArraySplitter:
    """Cuts an array at the commas between its elements, by brackets and quotes alone."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._depth = 0
        self._in_string = False
        self._skip = 0  # bytes of the next block that a backslash escapes
        self._closed = False
        self.trailing = False
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._line = 1
        self._lines_lost = 0
        self._record = 0

    def feed(self, block: bytes) -> Iterator[tuple[Place, bytes | None]]:
        """Take a block; gives each element that ends in it, None for one that is too long."""
        begins, at = 0, self._skip
        self._skip = 0
        while not self._closed:
            found = (_INSIDE_STRING if self._in_string else _OUTSIDE_STRING).search(block, at)
            if not found:
                break
            at = found.end()
            ends_element = self._step(found[0])
            if found[0] == b"\\":
                at += 1  # may lie in the next block
                self._skip = max(0, at - len(block))
            elif found[0] == b"[" and self._depth == 1:
                self._hold(block[begins:at])
                self._forget()
                begins = at
            elif ends_element:
                self._hold(block[begins : found.start()])
                yield from self._element(last=self._closed)
                begins = at
        self._hold(block[begins:])
        self.trailing = self._closed and any(part.strip() for part in self._held)

    def fault(self) -> str:
        """What is wrong at the end of the file, or ""."""
        if self.trailing:
            return "expected the file to end with the array, found more after it"
        return "" if self._closed else "expected the array to be closed, found the end of the file"

    def place(self) -> Place:
        """Where the element that is being read begins."""
        held = b"".join(self._held)
        blank = len(held) - len(held.lstrip())
        return Place(self._line + held[:blank].count(b"\n"), self._record + 1)

    def _step(self, char: bytes) -> bool:
        """Follow one character of weight; gives whether an element of the array ends before it."""
        if char == b'"':
            self._in_string = not self._in_string
        elif char in (b"[", b"{"):
            self._depth += 1
        elif char in (b"]", b"}"):
            self._depth -= 1
            self._closed = self._depth == 0
            return self._closed
        return char == b"," and self._depth == 1

    def _element(self, *, last: bool) -> Iterator[tuple[Place, bytes | None]]:
        place, encoded = self.place(), b"".join(self._held)
        too_long = self._held_bytes > self._longest
        self._forget()
        if too_long or encoded.strip() or not last:
            self._record += 1
            yield place, None if too_long else encoded

    def _hold(self, part: bytes) -> None:
        self._held_bytes += len(part)
        if self._held_bytes <= self._longest:
            self._held.append(part)
        else:
            self._lines_lost += part.count(b"\n")

    def _forget(self) -> None:
        self._line += sum(part.count(b"\n") for part in self._held) + self._lines_lost
        self._held, self._held_bytes, self._lines_lost = [], 0, 0
