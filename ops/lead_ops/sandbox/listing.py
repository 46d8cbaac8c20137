"""`GET /leads`: what the query string asks for, and the page that answers it. Pure.

The filters `name`, `email`, `phone` and `search` find a part of the text, whatever its case:
whether the real ones match exactly is not stated, so nobody should learn here that they do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from .answers import Answer, answer_json, refusal
from .body import CAPTURES, Lead
from .leads import stamp

ORDERS = ("createdAtDesc", "createdAtAsc")
MAX_SIZE = 100
MAX_PAGE = 999_999_999
_PARTS = ("name", "email", "phone")
_SEARCHED = ("name", "email", "phone", "company", "site")


@dataclass(frozen=True, slots=True)
class Query:
    """One question to the listing; text filters are in lower case, "" asks for nothing."""

    page: int
    size: int
    ascending: bool
    since: str
    parts: tuple[tuple[str, str], ...]
    exact: tuple[tuple[str, str], ...]
    search: str


def parse_query(text: str) -> Query | Answer:
    """Read a query string; of a repeated name the first counts, unknown names are passed over."""
    asked: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, errors="replace"):
        asked.setdefault(name, value)
    issues: list[dict[str, Any]] = []
    query = Query(
        page=_whole(asked, "page", 1, MAX_PAGE, issues),
        size=_whole(asked, "size", 20, MAX_SIZE, issues),
        ascending=_choice(asked, "orderBy", ORDERS, issues) == "createdAtAsc",
        since=_since(asked, issues),
        parts=tuple((name, asked[name].casefold()) for name in _PARTS if asked.get(name)),
        exact=_exact(asked, issues),
        search=asked.get("search", "").casefold(),
    )
    return refusal(400, "Input validation failed", issues) if issues else query


def answer_listing(query: Query, newest_first: Iterable[Lead]) -> Answer:
    """The page of those leads that the query asks for; `newest_first` begins at `query.since`."""
    found = [lead for lead in newest_first if _matches(query, lead)]
    if query.ascending:
        found.reverse()
    start = (query.page - 1) * query.size
    last = max(1, -(-len(found) // query.size))
    meta = {
        "total": len(found),
        "page": query.page,
        "size": query.size,
        "first": 1,
        "last": last,
        "next": query.page + 1 if query.page < last else None,
        "previous": min(query.page - 1, last) if query.page > 1 else None,
    }
    return answer_json(200, {"data": found[start : start + query.size], "meta": meta})


def _matches(query: Query, lead: Lead) -> bool:
    return (
        all(part in (lead[name] or "").casefold() for name, part in query.parts)
        and all(lead[name] == value for name, value in query.exact)
        and (not query.search or _mentions(lead, query.search))
    )


def _mentions(lead: Lead, text: str) -> bool:
    return any(text in (lead[name] or "").casefold() for name in _SEARCHED)


def _whole(
    asked: dict[str, str], name: str, default: int, high: int, issues: list[dict[str, Any]]
) -> int:
    text = asked.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        message = "Expected number, received nan"
    elif int(text) < 1:
        message = "Number must be greater than or equal to 1"
    elif int(text) > high:
        message = f"Number must be less than or equal to {high}"
    else:
        return int(text)
    issues.append({"code": "invalid_number", "path": [name], "message": message})
    return default


def _choice(
    asked: dict[str, str], name: str, words: tuple[str, ...], issues: list[dict[str, Any]]
) -> str | None:
    text = asked.get(name)
    if text is not None and text not in words:
        expected = " | ".join(f"'{word}'" for word in words)
        message = f"Invalid enum value. Expected {expected}, received '{text}'"
        issues.append({"code": "invalid_enum_value", "path": [name], "message": message})
    return text


def _exact(asked: dict[str, str], issues: list[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    exact = []
    if asked.get("agentId"):
        exact.append(("agentId", asked["agentId"]))
    if (capture := _choice(asked, "capture", CAPTURES, issues)) is not None:
        exact.append(("capture", capture))
    return tuple(exact)


def _since(asked: dict[str, str], issues: list[dict[str, Any]]) -> str:
    text = asked.get("createdAtStart")
    if text is None:
        return ""
    try:
        moment = datetime.fromisoformat(text)
        return stamp((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        issues.append(
            {"code": "invalid_date", "path": ["createdAtStart"], "message": "Invalid date"}
        )
        return ""
