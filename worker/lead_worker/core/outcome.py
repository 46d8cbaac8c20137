"""What one attempt amounts to: the rows of the table of outcomes, each a value of its own."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum

# What is no code may be words, and words may be about a person.
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,100}")

OTHER_CODE = "other-"
_OTHER = re.compile(OTHER_CODE + "[0-9a-f]{6}")
_KNOWN = frozenset(
    {
        *("BAD_GATEWAY", "BAD_REQUEST", "CLIENT_CLOSED_REQUEST", "CONFLICT", "FORBIDDEN"),
        *("GATEWAY_TIMEOUT", "INTERNAL_SERVER_ERROR", "METHOD_NOT_SUPPORTED", "NOT_FOUND"),
        *("NOT_IMPLEMENTED", "PARSE_ERROR", "PAYLOAD_TOO_LARGE", "PAYMENT_REQUIRED"),
        *("PRECONDITION_FAILED", "SERVICE_UNAVAILABLE", "TIMEOUT", "TOO_MANY_REQUESTS"),
        *("UNAUTHORIZED", "UNPROCESSABLE_CONTENT", "UNPROCESSABLE_ENTITY"),
        "UNSUPPORTED_MEDIA_TYPE",
    }
)
"""The codes of tRPC, which the API is likely built on, and one of its older releases. No shape
would do: `MARIA` and `ANA_SOUZA` are written as those are."""
_STATUS = re.compile(r"STATUS_\d{3}")


def safe_code(code: str) -> str:
    """The API's code, fit for a record; "" for what may be words."""
    return code if _CODE.fullmatch(code) else ""


def group_code(code: str) -> str:
    """The API's code, fit for a group's name, which logs and Sentry show.

    What is no known code may be somebody's name or number: of it a digest is left (`other-3fa2b1`),
    and "" of what may be words.
    """
    code = safe_code(code)
    if not code or _OTHER.fullmatch(code):
        return code
    if code in _KNOWN or _STATUS.fullmatch(code):
        return code
    return OTHER_CODE + hashlib.sha256(code.encode()).hexdigest()[:6]


class HoldKind(StrEnum):
    """Why the fleet holds deliveries back."""

    PAUSED = "paused"
    CREDENTIALS = "credentials"
    CONFIGURATION = "configuration"
    QUOTA = "quota"
    CONTRACT = "contract"
    NOT_BEFORE = "not_before"
    OUTAGE = "outage"
    OTHER = "other"
    """Set by a neighbouring release that knows more kinds than this one."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The API has the lead and said so."""

    api_id: str


@dataclass(frozen=True, slots=True)
class Mangled:
    """The API made a lead of it, but what was sent came back empty.

    Attributes:
        api_id: the id of the lead that the API made.
        fields: names of the fields that were sent and came back empty, sorted.
    """

    api_id: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """The API read the lead and refused it.

    Attributes:
        status: the HTTP status, 400 to 499.
        code: the API's own code (`BAD_REQUEST`), or "" where it gave none.
        message: the API's words; may hold personal data, so it goes into the record only.
    """

    status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class GivenBack:
    """It is not the lead's fault: it waits, and the attempt is not spent.

    Attributes:
        hold: the hold that the fact calls for, or None where the worker itself gave the lead back
            before it sent anything.
        cause: a short code, such as `status_401` or `lease_short`.
        status: the HTTP status, 300 to 499, or 0 where nothing was answered.
        code, message: as in `Rejected`; "" where the API did not say it in its own JSON.
    """

    hold: HoldKind | None
    cause: str
    status: int = 0
    code: str = ""
    message: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Retry:
    """The API certainly did not take it, and may take it later. Spends an attempt.

    Attributes:
        cause: a short code, such as `status_429`, `refused`, `dns`.
        retry_after_seconds: how long the API asked everyone to wait, clamped, or None.
    """

    cause: str
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have arrived, and no answer says so. Spends an attempt; policy settles it.

    Attributes:
        cause: a short code, such as `dropped`, `status_500`, `lease_expired`.
    """

    cause: str


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with one field.

    Attributes:
        path: the field, dotted: `email`, `utm.campaign`, `custom.score`.
        message: what was expected; never the value.
    """

    path: str
    message: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """The schema said no, before anything was sent."""

    errors: tuple[FieldError, ...]


Outcome = Delivered | Mangled | Rejected | GivenBack | Retry | Unknown | Invalid
