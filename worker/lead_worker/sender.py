"""One attempt at one lead, or one look for it in the API: validate, send, classify.

It owns the order of the steps, and which token a request used. It gives facts: what becomes of the
lead is decided by `conclusion`, once the governor has had its say.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from .api import Credentials, Exchange, LeadsApi
from .core.classify import classify
from .core.lead import body
from .core.looks import as_outcome
from .core.outcome import GivenBack, HoldKind, Invalid, Outcome, Unknown
from .core.question import api_offset_seconds, question
from .core.reconcile import AskAgain, Finding, Unanswered, judge
from .core.reply import Answered, Reply, answer_class
from .core.schema import validate
from .core.strict_json import write
from .settings import Settings
from .store import Claimed
from .token_file import TokenFile

LATE_SECONDS = 0.5
"""Where there is a rate, who begins later than this after its claim has missed its turn."""


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed lead that is to be sent.

    Attributes:
        asked_at_monotonic: when the claim was asked for, so that the lease surely lasts from then.
        paced: there is a rate.
    """

    lead: Claimed
    asked_at_monotonic: float
    paced: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """A lead that is done with, and not yet settled.

    Attributes:
        outcome: of a look, what it is evidence of.
        mark: of the token that was used.
        asked_by: of a look, the name of the field that was asked by; "" where nothing was asked.
        finding: of a look that was made, what the API said; None where there is nothing to ask by.
        answer: the class of the API's answer; "" where it was not called.
        api_seconds: how long that call took.
    """

    lead: Claimed
    outcome: Outcome
    took_seconds: float = 0.0
    mark: str = ""
    asked_by: str = ""
    finding: Finding | None = None
    answer: str = ""
    api_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Letter:
    """A lead as it is sent.

    Attributes:
        body: what the API is to take down; `sent` is the same as bytes.
        begun_at: when its call began, as `time.monotonic` counts.
    """

    job: Job
    body: dict[str, Any]
    sent: bytes
    credentials: Credentials
    begun_at: float


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An attempt that was begun, and what its answer is awaited by."""

    letter: Letter
    exchange: Exchange

    @property
    def job(self) -> Job:
        """The lead's."""
        return self.letter.job


class Sender:
    """Makes attempts and looks; threads share it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._api = LeadsApi(settings)
        self._tokens = TokenFile(settings)
        self._api_offset_seconds: float | None = None
        self._rules = settings.schema_rules

    @property
    def mark(self) -> str:
        """The mark of the token that the next request uses."""
        return self._api.token_mark

    def refresh_token(self) -> bool:
        """Take up the token's file anew; gives whether another token is in use now."""
        token = self._tokens.changed()
        if token:
            self._api.use_token(token)
        return token is not None

    def attempt(self, job: Job) -> Result:
        """Make one attempt at a lead, or one look for it; it may take as long as a call may."""
        if _is_late(job):
            return Result(job.lead, GivenBack(None, "late"))
        if not job.lead.look:
            return self._send(job)
        if self._settings.on_unknown_outcome != "reconcile":
            return Result(job.lead, Unknown("lease_expired"))
        return self._look(job)

    def begin(self, job: Job) -> Result | UnderWay | None:
        """Begin what `attempt` does, without waiting; None where only `attempt` can."""
        if job.lead.look:
            return None
        if _is_late(job):
            return Result(job.lead, GivenBack(None, "late"))
        letter = self._letter(job)
        if isinstance(letter, Result):
            return letter
        begun = self._api.begin_post(
            letter.sent, lease_ends_at_monotonic=self._ends(job), credentials=letter.credentials
        )
        if begun is None:
            return None
        if isinstance(begun, Exchange):
            return UnderWay(letter, begun)
        return self._answered(letter, begun)

    def finish(self, under_way: UnderWay) -> Result:
        """End an attempt that was begun. It waits only for what is missing of the answer."""
        return self._answered(under_way.letter, under_way.exchange.reply())

    def close(self) -> None:
        """Close the connections to the API."""
        self._api.close()

    def _send(self, job: Job) -> Result:
        letter = self._letter(job)
        if isinstance(letter, Result):
            return letter
        reply = self._api.post_lead(
            letter.sent, lease_ends_at_monotonic=self._ends(job), credentials=letter.credentials
        )
        return self._answered(letter, reply)

    def _letter(self, job: Job) -> Letter | Result:
        credentials = self._api.credentials
        valid = validate(job.lead.raw, self._rules)
        if isinstance(valid, Invalid):
            return Result(job.lead, valid, _since(job))
        sent = body(valid)
        return Letter(job, sent, write(sent).encode(), credentials, time.monotonic())

    def _answered(self, letter: Letter, reply: Reply) -> Result:
        job, mark = letter.job, letter.credentials.mark
        api_seconds = time.monotonic() - letter.begun_at
        if self._api_offset_seconds is None:
            self._compare_clocks(reply, job.lead.claimed_at + _since(job))
        cap = self._settings.retry_after_cap_seconds
        outcome = classify(reply, letter.body, now_at=time.time(), retry_after_cap_seconds=cap)
        if _refuses_the_token(outcome) and self._has_another_token(mark):
            outcome = GivenBack(None, "token_changed")
        answer = answer_class(reply)
        return Result(job.lead, outcome, _since(job), mark, answer=answer, api_seconds=api_seconds)

    def _look(self, job: Job) -> Result:
        lead, credentials = job.lead, self._api.credentials
        valid = validate(lead.raw, self._rules)
        sent = {} if isinstance(valid, Invalid) else body(valid)
        asked = question(
            sent,
            attempt_at=lead.unknown_since_at,
            api_offset_seconds=self._api_offset_seconds or 0.0,
            page=lead.progress.page,
        )
        if asked is None:
            return Result(lead, as_outcome(None), _since(job))
        begun_at = time.monotonic()
        reply = self._api.find_leads(
            asked.parameters(), lease_ends_at_monotonic=self._ends(job), credentials=credentials
        )
        api_seconds = time.monotonic() - begun_at
        now_at = lead.claimed_at + _since(job)  # on Redis's clock, as the attempt was
        self._compare_clocks(reply, now_at)
        cap = self._settings.retry_after_cap_seconds
        finding = judge(reply, asked, sent, now_at=now_at, retry_after_cap_seconds=cap)
        if isinstance(finding, AskAgain):
            self._api_offset_seconds = finding.api_offset_seconds
        return Result(
            lead,
            as_outcome(finding),
            _since(job),
            credentials.mark,
            asked.field,
            finding,
            answer_class(reply),
            api_seconds,
        )

    def _compare_clocks(self, reply: Reply, now_at: float) -> None:
        if isinstance(reply, Answered):
            offset = api_offset_seconds(reply.date, now_at)
            if offset is not None:
                self._api_offset_seconds = offset

    def _has_another_token(self, mark: str) -> bool:
        """Whether the token that was refused is not the one in the file any more."""
        self.refresh_token()
        return self.mark != mark

    def _ends(self, job: Job) -> float:
        return job.asked_at_monotonic + self._settings.lease_seconds


def _is_late(job: Job) -> bool:
    return job.paced and _since(job) > LATE_SECONDS


def _refuses_the_token(outcome: Outcome) -> bool:
    return isinstance(outcome, GivenBack) and outcome.hold is HoldKind.CREDENTIALS


def _since(job: Job) -> float:
    return time.monotonic() - job.asked_at_monotonic


def after_a_bug(job: Job) -> Result:
    """What is certain of a lead after an error of our own: of one that was sent, nothing."""
    if job.lead.look:
        finding = Unanswered("internal_error")
        return Result(job.lead, GivenBack(None, finding.cause), finding=finding)
    return Result(job.lead, Unknown("internal_error"))
