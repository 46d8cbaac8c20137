"""What a dead letter died of, as a name: dead letters of one cause are one group.

The name is made of the reason, the cause or status, the API's code and the paths of the fields at
fault, and never of a value. A path may hold a name that a stranger wrote; of those that the schema
does not know, only a digest gets in; and so of a code that does not look like one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from .fields import UTM_NAMES
from .lifecycle import LEASE_EXPIRED, Reason
from .outcome import (
    FieldError,
    GivenBack,
    Invalid,
    Mangled,
    Outcome,
    Rejected,
    Retry,
    Unknown,
    group_code,
)

FIELDS = (
    *("agentId", "agent_id", "name", "email", "phone", "company", "site"),
    *("custom", "utm", "capture"),
)
"""The fields that the schema knows. Below them a stranger may have chosen the names."""

MOST_NAMED = 4
"""So many fields are named; of more, a digest tells one set from another."""

UNKNOWN = "unknown-"
WHOLE = "lead"
"""It cannot be read at all; a digest of what was said tells one fault from another."""


def group_of(reason: Reason, outcome: Outcome | None, cause: str = "") -> str:
    """Name the group of a lead that is dead.

    Args:
        outcome: of the attempt that ended it; None where it was not an attempt.
        cause: a short code, where the outcome does not say it.
    """
    match outcome:
        case Invalid(errors=errors):
            return f"{reason}:{_fields(errors)}"
        case Rejected(status=status, code=code):
            return rejected_group(status, group_code(code))
        case Mangled(fields=fields):
            return f"{reason}:{_listed(sorted({field.partition('.')[0] for field in fields}))}"
        case GivenBack(cause=code) | Retry(cause=code) | Unknown(cause=code):
            return f"{reason}:{cause or code}"
        case _:
            return f"{reason}:{cause or 'other'}"


def rejected_group(status: int, code: str) -> str:
    """The group of leads that the API refused so; `govern.lua` has it too."""
    return f"{Reason.REJECTED}:status_{status}" + (f":{code}" if code else "")


POISON_GROUP = f"{Reason.POISON}:{LEASE_EXPIRED}"
"""`reclaim.lua` has it too."""


def reason_of(group: str) -> str:
    """The reason that a group's name begins with."""
    return group.partition(":")[0]


def _fields(errors: Sequence[FieldError]) -> str:
    """The fields at fault; where there are both, an error of the whole lead is not one of them."""
    known, unknown = set(), set()
    for error in errors:
        top, _, below = error.path.partition(".")
        if top in FIELDS:
            tag = top == "utm" and below.removeprefix("utm_") in UTM_NAMES
            known.add(error.path if tag else top)
        elif top:
            unknown.add(_shape(error.path))
    named = sorted(known) + ([UNKNOWN + _digest(unknown)] if unknown else [])
    if named:
        return _listed(named)
    # Of ours, but for a name in quotes and a place in numbers.
    said = {_shape(re.sub(r'"[^"]*"', '""', error.message)) for error in errors}
    return f"{WHOLE}:{_digest(said)}"


def _listed(names: list[str]) -> str:
    if len(names) <= MOST_NAMED:
        return ",".join(names)
    return ",".join([*names[:MOST_NAMED], f"more-{_digest(names)}"])


def _shape(path: str) -> str:
    """Names that differ in case or in a number (`field_17`) come of one form."""
    return re.sub(r"\d+", "0", path.casefold())


def _digest(names: Iterable[str]) -> str:
    text = "\n".join(sorted(names))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:6]
