"""What the API is asked about a lead of which no answer says whether it has it: `GET /leads`.

It owns by which field, since when, and how far the API's clock is from ours. What the answer means
is `reconcile`'s.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from .retry_after import http_date_at

MARGIN_SECONDS = 60.0
"""How long before the attempt the question's window begins. It covers what is not known when the
question is asked: how the clocks have moved against each other since they were last compared, that
`Date` has whole seconds, and that the answer it came with took its time. It is generous, because
the answer's own `Date` narrows the window afterwards, and costs nothing but a longer page."""

PAGE_SIZE = 100
"""The most that the API lists on one page."""

MAX_PAGES = 20
"""So many leads of one e-mail, phone or name in so short a time mean that the filters are not
obeyed, or the pages not turned."""

LONGEST_VALUE = 500
"""Characters that are asked by. Percent-encoded, one may take 12 bytes, and gateways refuse an
address of more than 8 KB."""

_SANE_SKEW_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Question:
    """One page of the listing that is to be asked for.

    Attributes:
        field: what is asked by: `email`, `phone` or `name`.
        value: what was sent in that field.
        attempt_at: when the attempt began, in epoch seconds of our clock.
        since_at: where the window begins, in epoch seconds of the API's clock.
        page: from 1 to `MAX_PAGES`.
    """

    field: str
    value: str = dataclasses.field(repr=False)
    attempt_at: float
    since_at: float
    page: int

    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The query. Newest first is the one documented order. It also keeps pages stable enough: a
        new lead pushes others to later pages, so that one may be seen twice, but none is missed."""
        return (
            (self.field, self.value),
            ("createdAtStart", _stamp(self.since_at)),
            ("orderBy", "createdAtDesc"),
            ("size", str(PAGE_SIZE)),
            ("page", str(self.page)),
        )


def question(
    sent: Mapping[str, object], *, attempt_at: float, api_offset_seconds: float, page: int
) -> Question | None:
    """What to ask of a lead: by its e-mail, else its phone, else its name.

    Args:
        sent: the JSON object that was sent.
        attempt_at: when the attempt began, in epoch seconds of our clock.
        api_offset_seconds: the API's clock minus ours, as far as it is known; 0 where it is not.
        page: from 1 to `MAX_PAGES`.

    Returns:
        None where the lead has none of the three, or none short enough for an address.
    """
    since_at = attempt_at + api_offset_seconds - MARGIN_SECONDS
    for name in ("email", "phone", "name"):
        value = sent.get(name)
        if isinstance(value, str) and value.strip() and len(value) <= LONGEST_VALUE:
            return Question(name, value, attempt_at, since_at, page)
    return None


def api_offset_seconds(date_header: str | None, answered_at: float) -> float | None:
    """The API's clock minus ours, by an answer's `Date`.

    Because that header was written before the answer was read, and its seconds are cut off, the
    result is too low by up to a second more than the answer took, and never too high: a window that
    is moved by it begins too early rather than too late.

    Args:
        date_header: the raw `Date`, or None.
        answered_at: when the answer was read, in epoch seconds of our clock.

    Returns:
        None where the header is missing, unreadable or more than a day off: then one of the clocks
        is wrong, and which one cannot be told.
    """
    date_at = http_date_at(date_header)
    if date_at is None or abs(date_at - answered_at) > _SANE_SKEW_SECONDS:
        return None
    return date_at - answered_at


def _stamp(at: float) -> str:
    """Epoch seconds in ISO 8601, UTC, in whole milliseconds, the rest cut off."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
