"""The listing: pages, order, filters, and the refusals of a question that makes no sense."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lead_ops.sandbox.answers import Answer
from lead_ops.sandbox.body import fields_of
from lead_ops.sandbox.leads import LeadBook, stamp
from lead_ops.sandbox.listing import answer_listing, parse_query

NOON = 1_700_000_000.0


def book_of(*given: dict[str, Any]) -> LeadBook:
    book = LeadBook()
    for index, one in enumerate(given):
        fields = fields_of(one)
        assert isinstance(fields, dict)
        book.create(book.draft(fields, NOON + index))
    return book


def ask(book: LeadBook, query: str, now: float = NOON + 1000) -> Any:
    parsed = parse_query(query)
    if isinstance(parsed, Answer):
        return json.loads(parsed.body)
    return json.loads(answer_listing(parsed, book.listed(now, parsed.since)).body)


def names(book: LeadBook, query: str) -> list[str]:
    return [lead["name"] for lead in ask(book, query)["data"]]


PEOPLE = (
    {"name": "Ana Lima", "email": "ana@example.com", "phone": "+5511", "agentId": "a1"},
    {"name": "Bea", "email": "BEA@example.org", "capture": "partial", "company": "Lima SA"},
    {"name": "Caio", "phone": "+5521", "agentId": "a2"},
)


def test_the_newest_lead_comes_first_unless_asked_otherwise() -> None:
    book = book_of(*PEOPLE)
    assert names(book, "") == ["Caio", "Bea", "Ana Lima"]
    assert names(book, "orderBy=createdAtDesc") == ["Caio", "Bea", "Ana Lima"]
    assert names(book, "orderBy=createdAtAsc") == ["Ana Lima", "Bea", "Caio"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name=ana", ["Ana Lima"]),
        ("email=bea%40EXAMPLE", ["Bea"]),
        ("phone=%2B55", ["Caio", "Ana Lima"]),
        ("search=lima", ["Bea", "Ana Lima"]),
        ("agentId=a1", ["Ana Lima"]),
        ("agentId=a", []),
        ("capture=partial", ["Bea"]),
        ("name=a&phone=%2B5521", ["Caio"]),
        ("name=&unknown=1", ["Caio", "Bea", "Ana Lima"]),
        (f"createdAtStart={stamp(NOON + 1)}", ["Caio", "Bea"]),
        ("createdAtStart=2023-11-14T23:13:22%2B01:00", ["Caio"]),
    ],
)
def test_filters_narrow_the_listing(query: str, expected: list[str]) -> None:
    assert names(book_of(*PEOPLE), query) == expected


def test_pages_say_where_they_are() -> None:
    book = book_of(*({"name": str(index)} for index in range(45)))
    assert len(ask(book, "")["data"]) == 20
    middle = ask(book, "page=2&size=20")
    assert middle["data"][0]["name"] == "24"
    assert middle["meta"] == {
        "total": 45,
        "page": 2,
        "size": 20,
        "first": 1,
        "last": 3,
        "next": 3,
        "previous": 1,
    }
    end = ask(book, "page=9&size=100")
    assert end["data"] == []
    assert (end["meta"]["next"], end["meta"]["previous"]) == (None, 1)
    assert ask(book_of(), "")["meta"]["last"] == 1


@pytest.mark.parametrize(
    "query",
    [
        "page=0",
        "page=x",
        "size=0",
        "size=101",
        "size=1.5",
        "orderBy=name",
        "createdAtStart=yesterday",
        "capture=all",
    ],
)
def test_a_question_that_makes_no_sense_is_a_bad_request(query: str) -> None:
    refusal = ask(book_of(*PEOPLE), query)
    assert refusal["code"] == "BAD_REQUEST"
    assert refusal["issues"][0]["path"] == [query.split("=", maxsplit=1)[0]]


def test_a_lead_is_listed_only_after_its_lag() -> None:
    book = book_of({"name": "Ana"})
    fields = fields_of({"name": "Late"})
    assert isinstance(fields, dict)
    book.create(book.draft(fields, NOON + 1), listed_at=NOON + 5)
    assert [lead["name"] for lead in book.listed(NOON + 4.9)] == ["Ana"]
    assert [lead["name"] for lead in book.listed(NOON + 5)] == ["Late", "Ana"]


def test_creation_times_never_go_back() -> None:
    book = book_of({"name": "Ana"})
    fields = fields_of({})
    assert isinstance(fields, dict)
    assert book.draft(fields, NOON - 100)["createdAt"] == book.leads[0]["createdAt"]


def test_stamps_have_milliseconds_and_a_z() -> None:
    assert stamp(1_700_000_000.0625) == "2023-11-14T22:13:20.062Z"
