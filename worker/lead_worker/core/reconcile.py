"""Whether the API has a lead of which no answer says so: what the answer to a `Question` means.

It owns what one page of the listing proves, and how clocks are allowed for. What is alike is
`likeness`'s; what becomes of the lead is decided elsewhere. It must not raise because of an answer:
whether the listing's filters match exactly is not stated, and whatever stands in front of the API
may answer with anything at all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from .classify import read_api_id, read_json_object
from .likeness import is_about, is_equal
from .outcome import HoldKind
from .question import MAX_PAGES, PAGE_SIZE, Question, api_offset_seconds, question
from .reply import Answered, NoAnswer, NotSent, Reply
from .retry_after import http_date_at, retry_after_seconds

__all__ = [
    "Answer",
    "AskAgain",
    "Finding",
    "Question",
    "Unanswered",
    "Unaskable",
    "api_offset_seconds",
    "judge",
    "question",
]

SLACK_SECONDS = 5.0
"""What is left of the margin once the answer has told the API's time: `Date` and `createdAt` may
have whole seconds, and may be of two machines."""

_LONGEST_DATE = 64
_LATER = frozenset({425, 429, 503})
# The token, the plan, the proxy and the clock of the gateway: another day, the same question.
_NOT_NOW = frozenset({401, 402, 403, 407, 408})


@dataclass(frozen=True, slots=True)
class Answer:
    """What one page of the listing says; without ids it says that there is nothing like the lead.

    Attributes:
        equal: API ids of leads that are what was sent, the oldest first.
        similar: API ids of others with the same e-mail, phone or name, the oldest first.
        more: whether the next page could hold some too.
    """

    equal: tuple[str, ...] = ()
    similar: tuple[str, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class AskAgain:
    """The clocks are further apart than the question took them to be, so that its window may have
    missed the lead. Ask from page 1, with this offset.

    Attributes:
        api_offset_seconds: the API's clock minus ours, as this answer tells it.
    """

    api_offset_seconds: float


@dataclass(frozen=True, slots=True)
class Unaskable:
    """The API does not answer this question, and asking again would change nothing.

    Attributes:
        cause: a short code: `status_404`, `too_many_pages`, or `clocks_apart` (by more than a day,
            so that one of them is wrong, and any window would be a guess).
    """

    cause: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No answer this time.

    Attributes:
        cause: a short code: one of `NoAnswer` or `NotSent`, `status_503`, `status_2xx_unreadable`.
        hold: `not_before` where the API asked everyone to wait, else None: that a question was
            refused (401, say) does not prove that a lead would be.
        retry_after_seconds: how long the API asked everyone to wait, clamped, or None.
    """

    cause: str
    hold: HoldKind | None = None
    retry_after_seconds: float | None = None


Finding = Answer | AskAgain | Unaskable | Unanswered

_UNREADABLE = Unanswered("status_2xx_unreadable")


def judge(
    reply: Reply,
    asked: Question,
    sent: Mapping[str, object],
    *,
    now_at: float,
    retry_after_cap_seconds: float,
) -> Finding:
    """Judge what came back for a question. Never raises, whatever that is.

    Args:
        reply: what came back.
        asked: the question.
        sent: the JSON object that was sent.
        now_at: when the reply was there, in epoch seconds of the clock that `attempt_at` is of.
        retry_after_cap_seconds: the longest wait that is obeyed; at least 1.
    """
    match reply:
        case NotSent(cause) | NoAnswer(cause):
            return Unanswered(cause)
        case Answered(status) if 200 <= status < 300:
            return _listing(reply, asked, sent, now_at)
        case Answered(status) if status in _LATER:
            return _later(reply, now_at, retry_after_cap_seconds)
        case Answered(status) if status == 501 or (400 <= status < 500 and status not in _NOT_NOW):
            return Unaskable(f"status_{status}")
        case Answered(status):
            return Unanswered(f"status_{status}")
        case _:
            assert_never(reply)


def _later(reply: Answered, now_at: float, cap_seconds: float) -> Unanswered:
    wait = retry_after_seconds(
        reply.retry_after, date_header=reply.date, now_at=now_at, cap_seconds=cap_seconds
    )
    hold = None if wait is None else HoldKind.NOT_BEFORE
    return Unanswered(f"status_{reply.status}", hold, wait)


def _listing(
    reply: Answered, asked: Question, sent: Mapping[str, object], now_at: float
) -> Finding:
    answer = read_json_object(reply.body)
    leads = answer.get("data") if answer else None
    if answer is None or not isinstance(leads, list):
        return _UNREADABLE
    if not all(isinstance(lead, dict) for lead in leads):
        return _UNREADABLE
    from_at = _from_at(reply.date, asked, now_at)
    if isinstance(from_at, AskAgain | Unaskable):
        return from_at
    found = _found(leads, asked, sent, from_at)
    if not isinstance(found, Answer) or not _has_more(answer.get("meta"), leads, asked, from_at):
        return found
    if asked.page < MAX_PAGES:
        return dataclasses.replace(found, more=True)
    return found if found.equal else Unaskable("too_many_pages")


def _from_at(date: str | None, asked: Question, now_at: float) -> float | AskAgain | Unaskable:
    """From when on a lead may be the one, on the API's clock."""
    if http_date_at(date) is None:
        return asked.since_at
    offset = api_offset_seconds(date, now_at)
    if offset is None:
        return Unaskable("clocks_apart")
    from_at = asked.attempt_at + offset - SLACK_SECONDS
    return AskAgain(offset) if asked.since_at > from_at else from_at


def _found(
    leads: list[dict[str, Any]], asked: Question, sent: Mapping[str, object], from_at: float
) -> Answer | Unanswered:
    oldest_first = leads[::-1]
    oldest_first.sort(key=_age_order)
    equal: dict[str, None] = {}
    similar: dict[str, None] = {}
    for lead in oldest_first:
        if _is_before(lead, from_at) or not is_about(lead, asked.field, asked.value):
            continue
        api_id = read_api_id(lead)
        if not api_id:
            return _UNREADABLE  # it may be the one, and could not be told from another's
        (equal if is_equal(lead, sent) else similar).setdefault(api_id)
    return Answer(tuple(equal), tuple(api_id for api_id in similar if api_id not in equal))


def _has_more(meta: object, leads: list[dict[str, Any]], asked: Question, from_at: float) -> bool:
    if not leads or _is_before(leads[-1], from_at):
        return False  # an API that does not obey `createdAtStart` would list all that it has
    known = meta if isinstance(meta, dict) else {}
    last = known.get("last")
    if isinstance(last, int | float) and last > asked.page:
        return True
    if "next" in known:
        return bool(known["next"])
    return len(leads) >= PAGE_SIZE and not isinstance(last, int | float)


def _is_before(lead: dict[str, Any], from_at: float) -> bool:
    """Whether a lead is too old. One that does not say when it was created is not: the API was
    asked for none that are."""
    created_at = _created_at(lead)
    return created_at is not None and created_at < from_at


def _age_order(lead: dict[str, Any]) -> float:
    created_at = _created_at(lead)
    return float("inf") if created_at is None else created_at


def _created_at(lead: dict[str, Any]) -> float | None:
    """Epoch seconds; None for what cannot be read, and for a time of day without a time zone."""
    text = lead.get("createdAt")
    if not isinstance(text, str) or len(text) > _LONGEST_DATE:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
