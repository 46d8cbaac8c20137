"""The control endpoint, `/sandbox/...`: faults, tokens, and what was seen, as JSON.

It owns its routes and shapes. It checks no token and takes no lock: the desk did. Its answers are
not the API's, so nothing but the command and tests may rely on them.

    GET    /sandbox            what was seen, and the faults in force
    POST   /sandbox/faults     one more fault; the body is as `faults.parse_faults` reads it
    DELETE /sandbox/faults     end all faults, or one: /sandbox/faults/NUMBER
    PUT    /sandbox/tokens     {"tokens": [...]}: what `/rest` accepts from now on
    GET    /sandbox/leads      ?after=COUNT&size=N: created leads in order
    GET    /sandbox/journal    ?after=NUMBER&size=N: arrivals in order
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from .answers import JSON, Answer, answer_json, refusal
from .body import read
from .errors import SandboxError
from .fault_book import Active, FaultBook
from .faults import faults_json, parse_faults
from .http1 import Request
from .journal import Journal
from .leads import LeadBook

MAX_PAGE = 1000


@dataclass(frozen=True, slots=True)
class ControlDesk:
    """What control may see and change; `now` is monotonic seconds."""

    book: LeadBook
    journal: Journal
    faults: FaultBook
    set_tokens: Callable[[Iterable[str]], None]
    now: float


def answer_control(desk: ControlDesk, request: Request) -> Answer:
    """Answer one request to `/sandbox...`."""
    head = request.head
    number = re.fullmatch(r"/sandbox/faults/([0-9]{1,9})", head.path)
    try:
        match head.method, head.path:
            case "GET", "/sandbox":
                return answer_json(200, overview(desk))
            case "POST", "/sandbox/faults":
                active = desk.faults.add(parse_faults(read(request.body, JSON)), desk.now)
                return answer_json(200, active_json(active, desk.now))
            case "DELETE", "/sandbox/faults":
                return answer_json(200, {"cleared": desk.faults.clear()})
            case "DELETE", _ if number:
                return answer_json(200, {"cleared": desk.faults.clear(int(number[1]))})
            case "PUT", "/sandbox/tokens":
                desk.set_tokens(_tokens(read(request.body, JSON)))
                return answer_json(200, {})
            case "GET", "/sandbox/leads":
                return _lead_page(desk, head.query)
            case "GET", "/sandbox/journal":
                return _journal_page(desk, head.query)
    except SandboxError as error:
        return refusal(400, str(error))
    return refusal(404, "The control endpoint has no such route")


def overview(desk: ControlDesk) -> dict[str, Any]:
    """What was seen, and the faults in force, newest first."""
    in_force = [active for active in desk.faults.active if not active.is_over(desk.now)]
    return {
        "requests": desk.journal.total,
        "by_status": desk.journal.by_status(),
        "leads": len(desk.book.leads),
        "faults": [active_json(active, desk.now) for active in in_force],
    }


def active_json(active: Active, now: float) -> dict[str, Any]:
    """One fault in force: its number, hits, remaining seconds, and what it is."""
    ends_in = None if active.ends_at is None else round(max(0.0, active.ends_at - now), 3)
    return {
        "number": active.number,
        "hits": active.hits,
        "ends_in_seconds": ends_in,
        "creates_lead": active.faults.is_creating,
        "fault": faults_json(active.faults),
    }


def _tokens(value: Any) -> list[str]:
    tokens = value.get("tokens") if isinstance(value, dict) else None
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise SandboxError('expected {"tokens": ["..."]}')
    return tokens


def _page(query: str) -> tuple[int, int]:
    asked = parse_qs(query)
    numbers = []
    for name, default in (("after", "0"), ("size", "100")):
        text = asked.get(name, [default])[0]
        if not re.fullmatch(r"[0-9]{1,12}", text):
            raise SandboxError(f"{name}: expected a whole number")
        numbers.append(int(text))
    return numbers[0], min(MAX_PAGE, numbers[1])


def _lead_page(desk: ControlDesk, query: str) -> Answer:
    after, size = _page(query)
    leads = desk.book.leads
    return answer_json(200, {"total": len(leads), "leads": leads[after : after + size]})


def _journal_page(desk: ControlDesk, query: str) -> Answer:
    after, size = _page(query)
    arrivals = [arrival.as_json() for arrival in desk.journal.after(after, size)]
    return answer_json(200, {"total": desk.journal.total, "arrivals": arrivals})
