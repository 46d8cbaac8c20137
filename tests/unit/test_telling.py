"""What the log says of a settled lead: of an attempt its outcome, of a look what it found."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from lead_worker.conclusion import Concluder
from lead_worker.core.looks import Progress, as_outcome
from lead_worker.core.outcome import Delivered, FieldError, Invalid, Outcome, Rejected
from lead_worker.core.reconcile import Answer, Finding
from lead_worker.reporting import Reporter
from lead_worker.sender import Result
from lead_worker.settings import load
from lead_worker.store import Claimed
from lead_worker.telling import tell


def lead(*, look: bool, looks: int = 0) -> Claimed:
    return Claimed("a" * 32, "t", look, "live", "", 20, 0, 0, 0.0, b"", progress=Progress(looks))


def told(result: Result, caplog: pytest.LogCaptureFixture) -> tuple[str, dict[str, Any]]:
    """The line of one settlement: its words and its facts."""
    settings = load({"LEADS_LOG_LEVEL": "debug", "LEADS_MAX_ATTEMPTS": "20"})
    caplog.set_level(logging.DEBUG, "lead_worker.telling")
    caplog.clear()
    tell(Reporter(settings, "w1"), Concluder(settings, "w1").conclude(result, spared=False), "ok")
    (made,) = caplog.records
    return made.getMessage(), made.__dict__["facts"]


def looked(finding: Finding | None, *, looks: int = 0) -> Result:
    return Result(lead(look=True, looks=looks), as_outcome(finding), finding=finding)


def test_a_look_says_what_it_found_and_not_that_it_delivered(
    caplog: pytest.LogCaptureFixture,
) -> None:
    words, facts = told(looked(Answer(equal=("api-1",))), caplog)
    assert (facts["event"], facts["found"], facts["then"]) == ("look", "found", "delivered")
    assert "outcome" not in facts
    assert words == f"{'a' * 32} delivered, look 1: found, 0.00 s"


def test_a_look_after_which_a_lead_is_dead_says_why(caplog: pytest.LogCaptureFixture) -> None:
    words, facts = told(looked(Answer(), looks=1), caplog)
    assert (facts["found"], facts["then"]) == ("nothing", "dead")
    assert f"dead, look 2: {facts['group']}, " in words


def test_a_lead_that_has_nothing_to_ask_by_says_so(caplog: pytest.LogCaptureFixture) -> None:
    words, facts = told(looked(None), caplog)
    assert (facts["found"], facts["cause"]) == ("unaskable", "nothing_to_ask_by")
    assert "nothing_to_ask_by" in words


@pytest.mark.parametrize(
    ("outcome", "why"),
    [(Delivered("api-1"), ""), (Rejected(422, "Ana.Souza", "no"), ": status_422")],
)
def test_an_attempt_says_its_outcome_and_why(
    outcome: Outcome, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    words, facts = told(Result(lead(look=False), outcome), caplog)
    assert facts["outcome"] == type(outcome).__name__.lower()
    assert f"attempt 21{why}, " in words
    assert "Souza" not in f"{words}{facts}"


def test_an_invalid_lead_says_what_is_wrong_and_no_attempt_that_was_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    invalid = Invalid((FieldError("email", "not an e-mail address: Souza"),))
    words, facts = told(Result(lead(look=False), invalid), caplog)
    assert words == f"{'a' * 32} dead: invalid:email"
    assert (facts["outcome"], facts["attempt"]) == ("invalid", 21)
