"""What came back from one attempt at `POST /leads`, as facts; `classify` judges them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answered:
    """The API (or something in front of it) gave a complete answer.

    Attributes:
        status: the HTTP status, 100 to 999.
        body: the whole answer, within the size cap; bytes as received.
        retry_after: the raw `Retry-After` header, or None.
        date: the raw `Date` header, or None.
    """

    status: int
    body: bytes
    retry_after: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing of the request was written to a connection, so the API cannot have the lead.

    Attributes:
        cause: a short code: `dns`, `refused`, `tls`, `connect_timeout`, `proxy`, `connect`,
            `lease_short` (too little was left of the lease to begin) or `deadline`.
    """

    cause: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Something was sent and no readable answer came: the API may have the lead.

    Attributes:
        cause: a short code: `dropped`, `truncated`, `oversized`, `deadline` (the whole call took
            too long, silence included) or `garbled` (what came was not HTTP).
    """

    cause: str


Reply = Answered | NotSent | NoAnswer


def answer_class(reply: Reply) -> str:
    """A reply as a metric's label: `2xx` and its like, `none`, `not_sent`, or `other`."""
    match reply:
        case Answered(status):
            return f"{status // 100}xx" if 100 <= status < 600 else "other"
        case NoAnswer():
            return "none"
        case NotSent():
            return "not_sent"
