"""A file of dead letters, whichever of the formats it is in."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

from ..errors import OpsError
from ..lead_files.lead_lines import LONGEST, Bad
from .csv_table import read_csv_letters
from .json_lines import read_json_letters
from .letter import Imported

FORMATS = ("jsonl", "csv")


class LetterFileError(OpsError):
    """The file is none of dead letters. Nothing was changed."""

    exit_code = 2


def read_letters(blocks: Iterable[bytes], format_: str | None = None) -> Iterator[Imported | Bad]:
    """Read one letter from each line or row, in constant memory.

    Args:
        format_: one of `FORMATS`; None to tell by the first bytes.

    Raises:
        LetterFileError: it is JSON, but not in lines.
        LettersHeaderError: it is no JSON, and its first line is not the header of an export.
    """
    head, source = b"", iter(blocks)
    for block in source:
        head += block
        if b"\n" in _text(head) or len(head) > LONGEST:
            break
    first = _text(head).partition(b"\n")[0].strip()
    whole = chain([head], source)
    if format_ == "csv" or (format_ is None and first and first[:1] not in b"{["):
        return read_csv_letters(whole)
    if first == b"{" or first.startswith(b"["):
        raise LetterFileError(
            "expected a letter on each line, found JSON over several lines or a list;"
            " jq -c '.' makes lines of objects, jq -c '.[]' of a list"
        )
    return read_json_letters(whole)


def _text(head: bytes) -> bytes:
    return head.removeprefix(codecs.BOM_UTF8).lstrip()
