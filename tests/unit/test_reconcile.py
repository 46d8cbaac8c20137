"""What the answer to a question proves, without a network."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lead_worker.core.outcome import HoldKind
from lead_worker.core.question import MAX_PAGES, Question, question
from lead_worker.core.reconcile import Answer, AskAgain, Finding, Unanswered, Unaskable, judge
from lead_worker.core.reply import Answered, NoAnswer, NotSent, Reply

ATTEMPT_AT = 1_759_572_000.0
NOW_AT = ATTEMPT_AT + 30
SENT: dict[str, object] = {"name": "Ana Sample", "email": "ana@example.com", "utm": {"source": "x"}}
NOTHING = Answer()
UNREADABLE = Unanswered("status_2xx_unreadable")


def asked(offset: float = 0.0, page: int = 1, sent: dict[str, object] = SENT) -> Question:
    made = question(sent, attempt_at=ATTEMPT_AT, api_offset_seconds=offset, page=page)
    assert made is not None
    return made


def date_of(at: float) -> str:
    return format_datetime(datetime.fromtimestamp(at, UTC), usegmt=True)


def lead(api_id: str = "lead-1", at: float = ATTEMPT_AT + 1, **changed: Any) -> dict[str, Any]:
    created = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return {**SENT, "id": api_id, "createdAt": created, "custom": {}, "phone": None, **changed}


def judged(reply: Reply, about: Question | None = None) -> Finding:
    about = about or asked()
    return judge(reply, about, SENT, now_at=NOW_AT, retry_after_cap_seconds=3600.0)


def listing(
    *leads: Any, about: Question | None = None, date: str | None = date_of(NOW_AT), **meta: Any
) -> Finding:
    body = json.dumps({"data": leads, **({"meta": meta} if meta else {})}).encode()
    return judged(Answered(200, body, date=date), about)


# --- what is listed


def test_nothing_like_it_is_an_answer_without_ids() -> None:
    assert listing() == NOTHING
    assert listing(lead(email="joana@example.com"), lead(email=None)) == NOTHING


def test_equal_leads_are_found_the_oldest_first() -> None:
    later, same, first = (lead(i, ATTEMPT_AT + at) for i, at in (("c", 9), ("b", 1), ("a", 1)))
    assert listing(later, same, first) == Answer(("a", "b", "c"))
    assert listing(first, later, same) == Answer(("b", "a", "c"))
    assert listing(later, lead("undated", createdAt=None), same) == Answer(("b", "c", "undated"))


def test_a_lead_with_the_same_email_and_another_field_is_similar() -> None:
    found = listing(lead("a"), lead("b", name="Ana"), lead("c", utm={}), lead("d", company="X"))
    assert found == Answer(("a",), ("d", "c", "b"))


def test_a_lead_that_is_listed_twice_counts_once() -> None:
    twice = [lead("a"), lead("a"), lead("a", name="Other"), lead("b", name="Other"), lead("b")]
    assert listing(*twice, lead("c", name="Other")) == Answer(("b", "a"), ("c",))


def test_a_lead_asked_for_by_phone_or_name_is_known_by_that() -> None:
    by_name: dict[str, object] = {"name": "Ana"}
    reply = Answered(200, json.dumps({"data": [lead("a", name="ANA"), lead("b")]}).encode())
    about = asked(sent=by_name)
    found = judge(reply, about, by_name, now_at=NOW_AT, retry_after_cap_seconds=60.0)
    assert found == Answer(similar=("a",))


@pytest.mark.parametrize("api_id", [None, "", "  ", 7, ["a"], "x" * 1001, "\ud800"])
def test_a_lead_like_it_without_a_usable_id_makes_the_answer_unreadable(api_id: object) -> None:
    assert listing(lead(id=api_id)) == UNREADABLE
    assert listing(lead(id=api_id, email="joana@example.com")) == NOTHING


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"<html>",
        b"\xff",
        b"[" * 100_000,
        b'{"data": ' * 100_000,
        b'{"data": null}',
        b'{"data": {}}',
        b'{"data": [null]}',
        b'{"data": [[]]}',
        b'{"leads": []}',
    ],
)
def test_a_2xx_of_another_shape_is_no_answer(body: bytes) -> None:
    assert judged(Answered(200, body)) == UNREADABLE
    assert judged(Answered(204, body)) == UNREADABLE


@pytest.mark.parametrize("extra", [b"NaN", b"9" * 5000, b"1e999", b'"\\udc00"', b"[" * 500])
def test_bad_style_in_a_listed_lead_does_not_raise(extra: bytes) -> None:
    extra += b"]" * extra.count(b"[")
    body = json.dumps({"data": [lead(company="SAMPLE")]}).encode().replace(b'"SAMPLE"', extra)
    assert judged(Answered(200, body)) == Answer(similar=("lead-1",))


# --- clocks


@pytest.mark.parametrize("offset", [0.0, 40.0, -40.0, 7200.0, -7200.0])
@pytest.mark.parametrize(("at", "inside"), [(0.0, True), (-4.9, True), (-5.1, False)])
def test_what_was_created_before_the_attempt_is_not_it(
    offset: float, at: float, inside: bool
) -> None:
    found = listing(
        lead(at=ATTEMPT_AT + offset + at), about=asked(offset), date=date_of(NOW_AT + offset)
    )
    assert found == (Answer(("lead-1",)) if inside else NOTHING)


@pytest.mark.parametrize("date", [None, "yesterday"])
@pytest.mark.parametrize(("at", "inside"), [(-59.9, True), (-60.1, False)])
def test_without_a_date_the_window_is_the_questions(
    date: str | None, at: float, inside: bool
) -> None:
    found = listing(lead(at=ATTEMPT_AT + at), date=date)
    assert found == (Answer(("lead-1",)) if inside else NOTHING)


@pytest.mark.parametrize(
    "created", [None, 7, "soon", "2025-10-04", "2025-10-04T01:00:00", "\ud800"]
)
def test_a_lead_that_does_not_say_when_it_was_created_is_inside(created: object) -> None:
    assert listing(lead(createdAt=created)) == Answer(("lead-1",))


@pytest.mark.parametrize(
    ("taken", "true", "again"),
    [(0.0, -55.0, False), (0.0, -56.0, True), (90.0, 0.0, True), (0.0, 90.0, False)],
)
def test_a_window_that_began_too_late_is_asked_again(
    taken: float, true: float, again: bool
) -> None:
    found = listing(about=asked(taken), date=date_of(NOW_AT + true))
    assert found == (AskAgain(true) if again else NOTHING)


def test_asking_again_with_the_offset_that_was_told_is_enough() -> None:
    date = date_of(NOW_AT - 3600)
    again = listing(date=date)
    assert isinstance(again, AskAgain)
    late = lead(at=ATTEMPT_AT - 3600)
    assert listing(late, about=asked(again.api_offset_seconds), date=date) == Answer(("lead-1",))


@pytest.mark.parametrize("off", [86_401, -86_401, 1_000_000_000])
def test_clocks_more_than_a_day_apart_make_any_window_a_guess(off: float) -> None:
    assert listing(lead(), date=date_of(NOW_AT + off)) == Unaskable("clocks_apart")


# --- pages

FULL = [lead(str(n), email="joana@example.com") for n in range(100)]
MORE = Answer(more=True)


@pytest.mark.parametrize(
    ("meta", "more"),
    [
        ({"next": 2, "last": 2}, True),
        ({"next": "https://api.example.com/leads?page=2"}, True),
        ({"last": 2}, True),
        ({"next": None, "last": 2}, True),
        ({"next": None, "last": 1}, False),
        ({"next": None}, False),
        ({"last": 1}, False),
        ({"last": "2"}, True),
        ({"last": float("nan")}, False),
        ({"total": 7}, True),
        ({}, True),
    ],
)
def test_a_full_page_has_more_behind_it_unless_meta_says_otherwise(
    meta: dict[str, Any], more: bool
) -> None:
    assert listing(*FULL, **meta) == Answer(more=more)


def test_a_page_that_is_not_full_has_more_behind_it_only_where_meta_says_so() -> None:
    assert listing(*FULL[:99]) == NOTHING
    assert listing(*FULL[:99], next=2) == MORE
    assert listing(next=2, last=9) == NOTHING


@pytest.mark.parametrize("meta", [[], "2", 2, None])
def test_meta_of_another_type_is_none(meta: object) -> None:
    body = json.dumps({"data": FULL, "meta": meta}).encode()
    assert judged(Answered(200, body)) == MORE


def test_pages_end_where_leads_are_older_than_the_attempt() -> None:
    old = lead("old", ATTEMPT_AT - 6)
    assert listing(lead("a"), *FULL, old, next=2) == Answer(("a",))


def test_what_was_found_on_a_page_is_told_with_more_behind_it() -> None:
    assert listing(lead("a"), *FULL) == Answer(("a",), more=True)


def test_pages_without_end_cannot_be_asked_for() -> None:
    last = asked(page=MAX_PAGES)
    assert listing(*FULL, about=asked(page=MAX_PAGES - 1)) == MORE
    assert listing(*FULL, about=last) == Unaskable("too_many_pages")
    assert listing(*FULL, about=last, next=None) == NOTHING
    assert listing(lead("a"), *FULL, about=last) == Answer(("a",))


# --- what is no listing


@pytest.mark.parametrize("status", [400, 404, 405, 406, 409, 410, 414, 418, 422, 451, 499, 501])
def test_a_status_that_refuses_the_question_makes_it_unaskable(status: int) -> None:
    assert judged(Answered(status, b"<html>")) == Unaskable(f"status_{status}")


@pytest.mark.parametrize(
    "status", [301, 302, 304, 307, 401, 402, 403, 407, 408, 500, 502, 504, 520, 101, 600, 999]
)
def test_a_status_that_is_not_about_the_question_is_no_answer(status: int) -> None:
    assert judged(Answered(status, b"", "30")) == Unanswered(f"status_{status}")


@pytest.mark.parametrize("status", [425, 429, 503])
def test_a_status_that_asks_to_come_later_holds_everyone_as_long_as_it_says(status: int) -> None:
    cause = f"status_{status}"
    assert judged(Answered(status, b"", "42")) == Unanswered(cause, HoldKind.NOT_BEFORE, 42.0)
    assert judged(Answered(status, b"", "9999")) == Unanswered(cause, HoldKind.NOT_BEFORE, 3600.0)
    assert judged(Answered(status, b"", "soon")) == Unanswered(cause, HoldKind.NOT_BEFORE, 1.0)


@pytest.mark.parametrize("reply", [NotSent("dns"), NotSent("lease_short"), NoAnswer("dropped")])
def test_a_question_without_a_readable_answer_is_not_answered(reply: NotSent | NoAnswer) -> None:
    assert judged(reply) == Unanswered(reply.cause)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["id", "utm", "next", "last"]) | st.text(), inner)
    ),
)
FIELDS = ["id", "createdAt", "agentId", "name", "phone", "company", "custom", "utm", "capture"]
LISTED = st.dictionaries(st.sampled_from(FIELDS), JSON).map(lambda changed: {**lead(), **changed})
LISTINGS = st.fixed_dictionaries({"data": st.lists(LISTED | JSON) | JSON, "meta": JSON})


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    st.just(200) | st.integers(100, 999),
    st.binary() | (LISTINGS | JSON).map(lambda value: json.dumps(value).encode()),
    st.none() | st.text(),
    st.none() | st.text() | st.just(date_of(NOW_AT)),
    st.sampled_from(["email", "phone", "name"]),
)
def test_no_answer_at_all_raises(
    status: int, body: bytes, retry_after: str | None, date: str | None, field: str
) -> None:
    about = dataclasses.replace(asked(), field=field, value="Ana Sample")
    found = judged(Answered(status, body, retry_after, date), about)
    if isinstance(found, Answer):
        assert not set(found.equal) & set(found.similar)
        assert all(api_id.encode() for api_id in found.equal + found.similar)
