"""One dead letter in a file: what is written of it beside the lead, and what is read back.

It owns the names of these facts and their order, in both formats. It must not know a format, nor
the store. What is read back was in other hands: ids are checked, and nothing else is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lead_producers.record import MAX_BYTES
from lead_worker.core.classify import MESSAGE_CAP
from lead_worker.core.outcome import FieldError
from lead_worker.core.schema import MAX_ERRORS
from lead_worker.core.strict_json import read_object

from ..lead_files.lead_lines import Place

FACTS = (
    *("id", "state", "died_at", "reason", "cause", "status", "code", "group"),
    *("lane", "source", "accepted_at", "attempts", "edited", "errors", "key"),
)
"""What is told of a lead, in this order. All but `id` and `errors` are of the record."""

NO_ID = "expected an id of 32 hex digits, found none"
TOO_LARGE = f"expected a lead of at most {MAX_BYTES} bytes, found more"

_INSTANTS = ("accepted_at", "died_at")
_INTEGERS = ("status", "attempts", "edited")
_PATH_CAP = 200


@dataclass(frozen=True, slots=True)
class Exported:
    """A dead letter to be written.

    Attributes:
        fields: the record.
        at: when it died.
        errors: what was said of it; the API's words have an empty path. Personal data.
        raw: the raw lead. Personal data.
    """

    lead_id: str
    fields: Mapping[str, str]
    at: float
    errors: tuple[FieldError, ...] = field(repr=False)
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Imported:
    """A letter that was read.

    Attributes:
        value: the lead; None where the file has none that can be read, and for a row of CSV.
        raw: the bytes to store if this lead is not there any more; None for a row of CSV, but for
            a lead that nobody could read. A lead that nobody touched has its very bytes.
        fields: of the record, those that the file has, as the record writes them, and `died_at`,
            epoch seconds. Nobody has checked them.
        place: where it is in the file.
        cells: of a row of CSV, for `csv_cells.merged`; None in JSON lines.
    """

    lead_id: str
    value: dict[str, Any] | None = field(repr=False)
    raw: bytes | None = field(repr=False)
    fields: Mapping[str, str]
    place: Place
    cells: Mapping[str, str] | None = field(default=None, repr=False)


def errors_of(timeline: Sequence[Mapping[str, Any]]) -> tuple[FieldError, ...]:
    """What was said of a lead last: by the schema for each field, or by the API; () if nothing.

    Args:
        timeline: oldest first.
    """
    for entry in reversed(timeline):
        if entry.get("message"):
            return (_error("", entry["message"]),)
        found = entry.get("errors")
        if isinstance(found, list) and found:
            told = [each for each in found if isinstance(each, dict)][: MAX_ERRORS + 1]
            return tuple(_error(each.get("path", ""), each.get("message", "")) for each in told)
    return ()


def facts(letter: Exported) -> dict[str, Any]:
    """Those of `FACTS` that there are, as JSON has them; instants are ISO 8601 in UTC."""
    told: dict[str, Any] = {"id": letter.lead_id, "died_at": _written_instant(letter.at)}
    told["errors"] = [{"path": each.path, "message": each.message} for each in letter.errors]
    for name in FACTS:
        if name not in told and letter.fields.get(name):
            told[name] = _fact(name, letter.fields[name])
    return {name: told[name] for name in FACTS if name in told}


def record_of(found: Mapping[str, Any]) -> dict[str, str]:
    """Facts that were read as the record writes them; those that cannot be such are left out."""
    record: dict[str, str] = {}
    for name in FACTS[1:]:
        value = found.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value and name != "errors":
            text = _read_instant(value) if name in _INSTANTS else value
            record |= {name: text} if text else {}
    return record


def read_id(found: object) -> str:
    """An id in any case, with blanks around it; "" for what is none."""
    text = found.strip() if isinstance(found, str) else ""
    return text.lower() if re.fullmatch(r"[0-9a-fA-F]{32}", text) else ""


def value_of(raw: bytes) -> dict[str, Any] | None:
    """The lead; None where it cannot be read."""
    found = read_object(raw)
    return None if isinstance(found, FieldError) else found


def _error(path: object, message: object) -> FieldError:
    return FieldError(_text(path)[:_PATH_CAP], _text(message)[:MESSAGE_CAP])


def _fact(name: str, value: str) -> object:
    with suppress(ValueError, OverflowError, OSError):  # what cannot be read is shown as it is
        if name in _INTEGERS:
            return int(value)
        if name in _INSTANTS:
            return _written_instant(float(value))
    return _text(value)


def _text(value: object) -> str:
    """Text that can be written as UTF-8: a timeline may hold halves of surrogate pairs."""
    return str(value).encode("utf-8", "replace").decode()


def _written_instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _read_instant(text: str) -> str:
    try:
        return repr(datetime.fromisoformat(text.strip()).astimezone(UTC).timestamp())
    except (ValueError, OverflowError, OSError):
        return ""
