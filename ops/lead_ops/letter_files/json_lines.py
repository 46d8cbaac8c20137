"""Dead letters as JSON lines: an object for each, with the lead in it byte for byte.

It owns how a lead lies in its line. `raw`, the last member, is the lead's own bytes; those that are
no strict JSON, have a line break or nest too deep for it are in `raw_base64` instead. Other tools
may write a line anew: then what the lead says counts, and its bytes are new.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any

from lead_producers import BadLead
from lead_producers.record import MAX_BYTES, encode
from lead_worker.core.outcome import FieldError
from lead_worker.core.strict_json import kind, read_object

from ..lead_files.lead_lines import TOO_LONG, Bad, Place, split_lines
from .letter import NO_ID, TOO_LARGE, Exported, Imported, facts, read_id, record_of, value_of

_RAW = b',"raw":'
"""Nowhere else: within a text its quotes would be escaped."""


def json_line(letter: Exported) -> bytes:
    """Write one letter, with the line feed."""
    head = json.dumps(facts(letter), ensure_ascii=False, separators=(",", ":")).encode()[:-1]
    if value_of(letter.raw) is not None and not {b"\n"[0], b"\r"[0]} & set(letter.raw):
        line = head + _RAW + letter.raw + b"}"
        if value_of(line) is not None:
            return line + b"\n"
    return head + b',"raw_base64":"' + base64.b64encode(letter.raw) + b'"}\n'


def read_json_letters(blocks: Iterable[bytes]) -> Iterator[Imported | Bad]:
    """Read one letter from each line; blank lines are left out, and so is a byte order mark."""
    record = 0
    for numbered in split_lines(blocks):
        number, line = numbered or (0, b"")
        if line is not None:
            line = (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).strip()
        if line != b"":
            record += 1
            yield _letter(Place(number, record), line)


def _letter(place: Place, line: bytes | None) -> Imported | Bad:
    if line is None:
        return Bad(place, TOO_LONG)
    found = read_object(line)
    if isinstance(found, FieldError):
        return Bad(place, found.message)
    lead_id, raw = read_id(found.get("id")), _raw(found, line)
    if not lead_id:
        return Bad(place, NO_ID)
    if isinstance(raw, str):
        return Bad(place, raw)
    if len(raw) > MAX_BYTES:
        return Bad(place, TOO_LARGE)
    return Imported(lead_id, value_of(raw), raw, record_of(found), place)


def _raw(found: dict[str, Any], line: bytes) -> bytes | str:
    """The lead's bytes; a text says what is wrong."""
    there = [name for name in ("raw", "raw_base64") if name in found]
    if len(there) != 1:
        return f"expected raw or raw_base64, found {'both' if there else 'neither'}"
    lead, encoded = found.get("raw"), found.get("raw_base64")
    if there == ["raw"]:
        if not isinstance(lead, dict):
            return f"expected an object in raw, found {kind(lead)}"
        return _as_it_stands(line, lead) or _anew(lead)
    try:
        return base64.b64decode(encoded if isinstance(encoded, str) else "?", validate=True)
    except (ValueError, binascii.Error):
        return "expected base64 in raw_base64, found something else"


def _as_it_stands(line: bytes, lead: dict[str, Any]) -> bytes:
    """The lead as a line of ours has it; b"" in another tool's."""
    own = line.partition(_RAW)[2].removesuffix(b"}")
    return own if own and value_of(own) == lead else b""


def _anew(lead: dict[str, Any]) -> bytes | str:
    try:
        return encode(lead)
    except BadLead as error:
        return f"raw: {error}"
