"""What may become of bad input, and how a row of a corpus says it. It does no I/O.

It is delivered in a golden form, dead with a message for each field, or refused before it was
stored. Messages that many rows share are written `=name` there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MESSAGES = {
    "=unknown": "expected a field that the API has; rename it, move it to custom or utm,"
    " or set LEADS_UNKNOWN_FIELDS to custom or drop",
    "=email": "expected one e-mail address without a name, such as maria@example.com",
    "=empty": "expected at least one field with a value, found none to send",
    "=json": "expected JSON, found something else at character *",
    "=utf-8": "expected UTF-8, found bytes that are not",
    "=surrogate": "expected well-formed text, found half of a surrogate pair (\\ud800-\\udfff)",
}
_AT = re.compile(r"(?<=at character )\d+")


@dataclass(frozen=True, slots=True)
class Delivered:
    """It arrives.

    Attributes:
        body: what the API gets.
    """

    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dead:
    """It is stored, and the worker's schema refuses it.

    Attributes:
        errors: a message for each path of a field.
    """

    errors: dict[str, str]


@dataclass(frozen=True, slots=True)
class Refused:
    """It is not stored.

    Attributes:
        message: what the caller is told.
    """

    message: str


Outcome = Delivered | Dead | Refused


def outcome(row: Mapping[str, Any]) -> Outcome:
    """Read an outcome from a row of a corpus: `delivered`, `dead` or `refused`."""
    if "delivered" in row:
        return Delivered(row["delivered"])
    if "dead" in row:
        return Dead({path: told(message) for path, message in row["dead"].items()})
    return Refused(told(row["refused"]))


def told(message: str) -> str:
    """A message in full, where a row has its short name, else as it is."""
    return MESSAGES[message] if message.startswith("=") else message


def without_place(message: str) -> str:
    """A message without the number of a character: Python's versions do not agree where it is."""
    return _AT.sub("*", message)


def messages(found: Outcome) -> list[str]:
    """All that a person is told of an outcome."""
    match found:
        case Delivered():
            return []
        case Dead(errors=errors):
            return [*errors, *errors.values()]
        case Refused(message=message):
            return [message]
