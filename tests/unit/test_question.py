"""What the API is asked, since when, and how far its clock is from ours."""

from __future__ import annotations

from typing import Any

import pytest
from lead_ops.sandbox.listing import Query, parse_query
from lead_worker.core.question import LONGEST_VALUE, api_offset_seconds, question

ATTEMPT_AT = 1_759_572_000.25  # Sat, 04 Oct 2025 10:00:00.25 GMT
DATE, DATE_AT = "Sat, 04 Oct 2025 10:00:00 GMT", 1_759_572_000.0


def asked_by(sent: dict[str, Any]) -> str | None:
    made = question(sent, attempt_at=ATTEMPT_AT, api_offset_seconds=0.0, page=1)
    return made.field if made else None


def test_it_asks_by_email_else_by_phone_else_by_name() -> None:
    sent = {"email": "ana@example.com", "phone": "+5511987654321", "name": "Ana"}
    assert asked_by(sent) == "email"
    assert asked_by({**sent, "email": None}) == "phone"
    assert asked_by({"name": "Ana", "company": "Sample SA"}) == "name"


@pytest.mark.parametrize("sent", [{}, {"company": "Sample SA"}, {"name": "  ", "custom": {"a": 1}}])
def test_a_lead_with_none_of_the_three_has_nothing_to_ask_by(sent: dict[str, Any]) -> None:
    assert asked_by(sent) is None


def test_what_is_too_long_for_an_address_is_not_asked_by() -> None:
    long = "9" * (LONGEST_VALUE + 1)
    assert asked_by({"phone": long, "name": "Ana"}) == "name"
    assert asked_by({"name": long}) is None
    assert asked_by({"name": long[1:]}) == "name"


def test_the_window_begins_a_minute_before_the_attempt_on_the_clock_of_the_api() -> None:
    made = question({"name": "Ana"}, attempt_at=ATTEMPT_AT, api_offset_seconds=-3.5, page=2)
    assert made is not None
    assert made.since_at == ATTEMPT_AT - 63.5
    assert made.parameters() == (
        ("name", "Ana"),
        ("createdAtStart", "2025-10-04T09:58:56.750Z"),
        ("orderBy", "createdAtDesc"),
        ("size", "100"),
        ("page", "2"),
    )


def test_the_sandbox_understands_the_question() -> None:
    made = question({"name": "Ana"}, attempt_at=ATTEMPT_AT, api_offset_seconds=0.0, page=3)
    assert made is not None
    query = parse_query("&".join(f"{name}={value}" for name, value in made.parameters()))
    since = "2025-10-04T09:59:00.250Z"
    assert query == Query(3, 100, False, since, (("name", "ana"),), (), "")


def test_the_repr_of_a_question_does_not_show_what_it_asks_for() -> None:
    made = question({"email": "ana@example.com"}, attempt_at=0.0, api_offset_seconds=0.0, page=1)
    assert "ana" not in repr(made)


@pytest.mark.parametrize("offset", [0.0, 7.0, -7.0, 86_400.0, -86_400.0])
def test_the_offset_is_the_date_less_our_time(offset: float) -> None:
    assert api_offset_seconds(DATE, DATE_AT - offset) == offset


@pytest.mark.parametrize("date", [None, "", "yesterday", "2025-10-04T10:00:00Z", "x" * 1000])
def test_a_date_that_cannot_be_read_tells_no_offset(date: str | None) -> None:
    assert api_offset_seconds(date, DATE_AT) is None


@pytest.mark.parametrize("offset", [86_401.0, -86_401.0, 1e9])
def test_a_date_more_than_a_day_off_tells_no_offset(offset: float) -> None:
    assert api_offset_seconds(DATE, DATE_AT - offset) is None
