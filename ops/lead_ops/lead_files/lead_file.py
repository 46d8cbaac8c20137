"""A file or a pipe of leads: which format it has, which version of it this is, its leads in order.

It owns opening, telling the formats apart and the digest of a file. Memory stays constant however
large a file is. It must not enqueue anything.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

from ..errors import OpsError
from .csv_files import read_csv
from .form_lines import read_form_lines
from .formats import URLENCODED, by_content, by_suffix, is_laid_out, is_urlencoded, opens_alone
from .json_files import read_json_array, read_json_lines, read_json_object
from .lead_lines import LONGEST, LONGEST_PAYLOAD, Bad, Good, Item, Place
from .utf16 import MARKS, WIDER, Utf16Stream, is_utf16

if TYPE_CHECKING:
    from .payloads import Payloads  # a file of leads needs no mappings

__all__ = ["Bad", "Good", "Item", "LeadFile", "LeadFileError", "Place"]

BLOCK = 262_144
"""The most bytes of one read."""

HOPELESS = 20
"""So many bad ones in front of the first good one mean that the file is not one of leads."""

ROWS = ("form", "meta")
"""The sources of payloads that may be the rows of a CSV."""

_READERS = {"jsonl": read_json_lines, "json": read_json_array, URLENCODED: read_form_lines}


class LeadFileError(OpsError):
    """The file cannot be read, or is not one of leads. Nothing was enqueued."""

    exit_code = 2


class NotLeadsError(OpsError):
    """Nothing at its beginning is a lead. Nothing was enqueued."""

    exit_code = 2


class LeadFile:
    """An open file of leads.

    Attributes:
        name: as an operator knows it.
        size: bytes, or None where that is not known before the end.
        format: one of `FORMATS`, or `URLENCODED`.
    """

    def __init__(
        self,
        stream: BinaryIO,
        name: str,
        format_: str | None = None,
        payloads: Payloads | None = None,
    ) -> None:
        """Look at the first bytes of a stream.

        Args:
            stream: buffered, at its beginning.
            name: its path, whose suffix may tell the format, or any other.
            format_: one of `FORMATS`, where it is known.
            payloads: what makes leads of the records, where they are none yet.

        Raises:
            LeadFileError: it cannot be read, or is in another encoding than UTF-8; payloads may be
                in UTF-16 too.
        """
        facts = os.fstat(stream.fileno())
        self.name = name
        self.regular = stat.S_ISREG(facts.st_mode)
        self.size = facts.st_size if self.regular else None
        self._stream: BinaryIO | Utf16Stream = stream
        self._payloads = payloads
        self._begins_at = stream.tell() if self.regular else 0
        self._head = self._first_bytes()
        self._is_one_payload = self._may_be_laid_out(format_) and is_laid_out(self._head)
        self.format = format_ or self._tell_format()
        self._refuse_format(format_)

    @classmethod
    def open(cls, path: Path, format_: str | None = None, payloads: Payloads | None = None) -> Self:
        """Open a file by its path.

        Raises:
            LeadFileError: as the constructor.
        """
        stream: BufferedReader | None = None
        try:
            stream = path.open("rb")
            return cls(stream, str(path), format_, payloads)
        except OSError as error:
            raise LeadFileError(f"cannot read {path}: {error.strerror}") from None
        except LeadFileError:
            if stream:
                stream.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()

    def digest(self) -> str | None:
        """What tells this content from any other; None for a pipe. To be called before `items`.

        Raises:
            LeadFileError: it cannot be read, or is a CSV that is not UTF-8 throughout. Then all of
                it is in another encoding, and should not be enqueued but for its plain lines.
        """
        if not self.regular:
            return None
        digest, decoder, line = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), 1
        for block in self._blocks():
            digest.update(block)
            if self.format == "csv":
                try:
                    line += decoder.decode(block).count("\n")
                except UnicodeDecodeError as error:
                    line += error.object[: error.start].count(b"\n")
                    raise self._foreign(f"bytes that are not on line {line}") from None
        self._stream.seek(self._begins_at)
        self._head = self._first_bytes()
        return digest.hexdigest()

    def items(self, on_read: Callable[[int], None] = lambda _: None) -> Iterator[Item]:
        """Read the leads, once.

        Args:
            on_read: is told the number of bytes of each read.

        Raises:
            HeaderError: a CSV's header is none of leads; before any lead is given.
            LeadFileError: it cannot be read any further.
            NotLeadsError: the first `HOPELESS` are all bad; no lead is given.
        """
        items = self._records(self._blocks(on_read))
        return self._with_hope(self._payloads.leads(items) if self._payloads else items)

    def _records(self, blocks: Iterator[bytes]) -> Iterator[Item]:
        longest = LONGEST_PAYLOAD if self._payloads else LONGEST
        if self._is_one_payload:
            return read_json_object(blocks, longest)
        if self.format != "csv":
            return _READERS[self.format](blocks, longest)
        if self._payloads:
            return self._payloads.of_rows(read_csv(blocks, self._payloads.knows))
        return read_csv(blocks)

    def _with_hope(self, items: Iterator[Item]) -> Iterator[Item]:
        """Hold the first bad ones back until there is a good one, or until there are too many."""
        bad: list[Bad] = []
        for item in items:
            if isinstance(item, Bad):
                bad.append(item)
                if len(bad) < HOPELESS:
                    continue
                raise NotLeadsError(
                    f"{self.name}: not a file of leads: none of the first {HOPELESS} can be read"
                    f" (line {bad[0].place.line}: {bad[0].message})"
                )
            if item is not None:
                yield from bad
                yield item
                yield from items
                return
        yield from bad

    def _blocks(self, on_read: Callable[[int], None] = lambda _: None) -> Iterator[bytes]:
        block = self._head
        while block:
            yield block
            on_read(len(block))
            block = self._read()

    def _read(self) -> bytes:
        """What is there, up to `BLOCK` bytes; waits only where nothing is."""
        try:
            read = getattr(self._stream, "read1", self._stream.read)
            found: bytes = read(BLOCK)
        except OSError as error:
            raise LeadFileError(f"cannot read {self.name}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise self._foreign("UTF-16 that is broken") from None
        return found

    def _first_bytes(self) -> bytes:
        """Read as far as the first byte that says something, and take a byte order mark off."""
        head = self._read()
        if self._payloads and is_utf16(head) and not isinstance(self._stream, Utf16Stream):
            self._stream, self.size = Utf16Stream(self._stream, head), None
            head = self._read()
        if head.startswith((*MARKS, *WIDER)):
            raise self._foreign("the mark of another encoding")
        while len(head) < BLOCK and not head.removeprefix(codecs.BOM_UTF8)[:BLOCK].strip():
            more = self._read()
            if not more:
                break
            head += more
        return head.removeprefix(codecs.BOM_UTF8)

    def _may_be_laid_out(self, asked: str | None) -> bool:
        return self._payloads is not None and asked in (None, "json")

    def _tell_format(self) -> str:
        if self._payloads and self._payloads.name == "form" and is_urlencoded(self._head):
            return URLENCODED
        if self._is_one_payload:
            return "json"
        known = by_suffix(self.name)
        if not known and opens_alone(self._head):
            raise LeadFileError(
                f"{self.name}: expected a lead on each line, or an array of leads, found an object"
                " over several lines: put it between [ and ]"
            )
        return known or by_content(self.name, self._head)

    def _refuse_format(self, asked: str | None) -> None:
        is_array = self._is_one_payload or self._head.lstrip().startswith(b"[")
        if asked == "json" and self._head.strip() and not is_array:
            raise LeadFileError(
                f"{self.name}: expected a JSON array, found something else: is it --format jsonl?"
            )
        if self.format == "csv" and self._payloads and self._payloads.name not in ROWS:
            raise LeadFileError(
                f"{self.name}: expected payloads of {self._payloads.name} as JSON, found CSV;"
                " the rows of any CSV are taken by --from form"
            )

    def _foreign(self, found: str) -> LeadFileError:
        return LeadFileError(
            f"{self.name}: expected UTF-8, found {found}; save it as UTF-8, or run"
            " iconv -f WINDOWS-1252 -t UTF-8"
        )
