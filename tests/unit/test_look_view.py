"""What has been found of an unknown lead is read from its timeline, whatever that holds."""

from __future__ import annotations

from typing import Any

import pytest
from lead_ops.views.looks import Search, found_words, look_event, look_why, search_of

ATTEMPT = {"event": "attempt", "outcome": "unknown", "cause": "dropped"}
LOST = {"event": "lease_expired", "token": "w:1"}
FIRST = {"event": "looked", "n": 1, "found": "nothing"}
SECOND = {"event": "looked", "n": 2, "found": "similar"}
MISTAKEN = {"event": "mistaken"}


@pytest.mark.parametrize(
    ("timeline", "search"),
    [
        ([], Search()),
        ([ATTEMPT], Search("dropped")),
        ([LOST], Search("lease_expired")),
        ([ATTEMPT, FIRST], Search("dropped", 1, "nothing")),
        ([ATTEMPT, FIRST, {"event": "not_looked"}, SECOND], Search("dropped", 2, "similar")),
        # What was found before the last attempt says nothing of that one.
        ([ATTEMPT, FIRST, SECOND, {**ATTEMPT, "cause": "status_503"}], Search("status_503")),
        ([ATTEMPT, FIRST, LOST], Search("lease_expired")),
        ([ATTEMPT, {**FIRST, "found": "found"}, MISTAKEN], Search("dropped", 0, "mistaken")),
        ([ATTEMPT, FIRST, MISTAKEN, SECOND], Search("dropped", 2, "similar")),
        ([FIRST], Search("", 1, "nothing")),
        ([{"event": "looked", "n": "x"}], Search("", 0, "?")),
    ],
)
def test_the_looks_since_the_last_attempt_are_read(
    timeline: list[dict[str, Any]], search: Search
) -> None:
    assert search_of(timeline) == search


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ("found", "1 found"),
        ("similar", "1 similar"),
        ("nothing", "1 nothing"),
        ("more", "1 more pages"),
        ("unaskable", "1 cannot be asked"),
        ("unanswered", "1 no answer"),
        ("not_asked", "1 not asked"),
        ("mistaken", "1 mistaken"),
    ],
)
def test_each_finding_has_its_words(found: str, words: str) -> None:
    assert found_words(1, found) == words
    assert look_event({"event": "looked", "n": 1, "found": found}) == f"look {words}"


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"asked": "email", "then": "unknown", "due_seconds": 105.0}, "by email, again in 105 s"),
        ({"asked": "email", "then": "delivered", "api_id": "a"}, "a, by email"),
        ({"asked": "name", "page": 3, "then": "unknown", "due_seconds": 0}, "by name, page 3"),
        ({"asked": "phone", "then": "waiting"}, "by phone, sent again"),
        ({"asked": "phone", "then": "parked"}, "by phone, parked"),
        ({"cause": "status_404", "then": "dead"}, "status_404, dead"),
        ({"cause": "lease_expired", "then": "parked"}, "lease_expired, parked"),
        ({}, ""),
    ],
)
def test_a_look_says_by_what_was_asked_and_what_follows(entry: dict[str, Any], why: str) -> None:
    assert look_why(entry) == why
