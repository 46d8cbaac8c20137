"""Where each request is decided: who may ask, what goes wrong, what it creates, what is recorded.

It owns the state of a sandbox (leads, journal, faults, tokens), the one lock around it and its
clocks. It opens no socket; the connection sends what it decides.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from lead_worker.settings import is_loopback

from . import body as bodies
from .answers import Answer, encode, refusal
from .control import ControlDesk, answer_control
from .datafile import DataFile
from .errors import SandboxError
from .fault_book import UNHARMED, FaultBook, Plan
from .faults import Kind
from .harm import LANDING_PATH, harm, landed
from .http1 import Malformed, Request
from .journal import Journal, Sent
from .leads import LeadBook
from .listing import answer_listing, parse_query

LEADS_PATH = "/rest/leads"
_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]]+))(?::[0-9]{0,5})?")


@dataclass(frozen=True, slots=True)
class Exchange:
    """What is to be sent for one request.

    Attributes:
        number: of its entry in the journal; 0 where it has none.
        answer: None where nothing that is HTTP is to be sent.
        plan: what goes wrong, and how slowly.
    """

    number: int
    answer: Answer | None
    plan: Plan = UNHARMED

    @property
    def kind(self) -> Kind | None:
        """What happens to the answer."""
        return self.plan.faults.kind if self.plan.faults else None


@lru_cache(maxsize=256)
def is_loopback_authority(authority: str) -> bool:
    """Whether a Host header means this machine, whatever its port."""
    matched = _HOST.fullmatch(authority)
    return matched is not None and is_loopback((matched["six"] or matched["name"]).lower())


def check_tokens(tokens: Iterable[str]) -> tuple[str, ...]:
    """The tokens as they are.

    Raises:
        SandboxError: there is none, or one is no single word of printable ASCII (never shown).
    """
    words = tuple(tokens)
    if not words or not all(re.fullmatch(r"[\x21-\x7e]{1,1000}", word) for word in words):
        raise SandboxError("a token: expected one word of printable ASCII (not shown: a secret)")
    return words


class Desk:
    """All that one sandbox knows. Every public method takes the lock, for a short while.

    `changed` is notified, and `revision` grows, with each arrival and each answer that ends.
    """

    def __init__(self, tokens: Iterable[str], data: Path | None = None) -> None:
        self.tokens = check_tokens(tokens)
        self.changed = threading.Condition(threading.Lock())
        self.file = DataFile(data) if data is not None else None
        try:
            self.book = LeadBook(self.file)
        except SandboxError:
            self.close()
            raise
        self.journal = Journal()
        self.faults = FaultBook()
        self.revision = 0
        self._control_tokens = self.tokens

    def close(self) -> None:
        """Let go of the data file."""
        if self.file is not None:
            self.file.close()

    def turn(self) -> None:
        """Tell who waits that something changed; the caller holds `changed`."""
        self.revision += 1
        self.changed.notify_all()

    def refuse(self, malformed: Malformed) -> Exchange:
        """Answer what was no request."""
        with self.changed:
            answer = refusal(malformed.status, malformed.message)
            number = self.journal.record(_times(), ("", "", "", b""), status=answer.status)
            self.turn()
        return Exchange(number, answer)

    def settle(self, number: int, sent: Sent) -> None:
        """Note what became of an answer that was not sent at once."""
        with self.changed:
            self.journal.settle(number, sent)
            self.turn()

    def handle(self, request: Request) -> Exchange:
        """Decide about one request, and record it."""
        head = request.head
        if not is_loopback_authority(head.headers["host"]):
            return self.refuse(Malformed(421, "The sandbox answers to a loopback Host header only"))
        with self.changed:
            if head.path.startswith("/sandbox") and head.path != LANDING_PATH:
                exchange = Exchange(0, self._control(request))
            else:
                exchange = self._api(request)
            self.turn()
        return exchange

    def _control(self, request: Request) -> Answer:
        if not self._knows(request, self._control_tokens):
            return refusal(401, "The control endpoint takes a token that the sandbox began with")
        desk = ControlDesk(self.book, self.journal, self.faults, self._set_tokens, time.monotonic())
        return answer_control(desk, request)

    def _set_tokens(self, tokens: Iterable[str]) -> None:
        self.tokens = check_tokens(tokens)

    def _knows(self, request: Request, tokens: tuple[str, ...]) -> bool:
        scheme, _, token = request.head.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and token in tokens

    def _api(self, request: Request) -> Exchange:
        head = request.head
        times = _times()
        is_post = head.method == "POST"
        value = bodies.read(request.body, head.headers.get("content-type")) if is_post else None
        plan = self.faults.plan(head.method, value, times[1])
        faults = plan.faults
        creates = faults is None or faults.is_creating
        value = {} if faults is not None and faults.kind is Kind.LOSE_FIELDS else value
        usual = self._usual(request, value, times[0], plan, creates=creates)
        answer = usual if faults is None else harm(faults, usual, head.headers["host"])
        number = self.journal.record(
            times,
            (head.method, head.path, head.query, request.body),
            status=answer.status if answer is not None else None,
            lead_id=usual.lead_id,
            fault=faults.kind if faults is not None else None,
            sent=Sent.WHOLE if plan.is_prompt else Sent.PENDING,
        )
        return Exchange(number, answer, plan)

    def _usual(
        self, request: Request, value: Any, now: float, plan: Plan, *, creates: bool
    ) -> Answer:
        head = request.head
        if head.path == LANDING_PATH:
            return landed()
        if head.path != LEADS_PATH or head.method not in ("GET", "POST"):
            return refusal(404, "Not found")
        if not self._knows(request, self.tokens):
            return refusal(401, "Invalid or missing token")
        if head.method == "GET":
            query = parse_query(head.query)
            if isinstance(query, Answer):
                return query
            return answer_listing(query, self.book.listed(now, query.since))
        return self._create(value, now, plan, creates=creates)

    def _create(self, value: Any, now: float, plan: Plan, *, creates: bool) -> Answer:
        fields = bodies.fields_of(value)
        if isinstance(fields, Answer):
            return fields
        lead = self.book.draft(fields, now)
        answer = Answer(200, encode(lead))
        if not creates:
            return answer
        lag = plan.list_lag_seconds
        try:
            self.book.create(lead, now + lag if lag else None)
        except OSError:
            return refusal(500, "The sandbox could not write its data file")
        return replace(answer, lead_id=lead["id"])


def _times() -> tuple[float, float]:
    return time.time(), time.monotonic()
