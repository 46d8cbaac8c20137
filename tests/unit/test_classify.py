"""The table of outcomes, without a network."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lead_worker.core.classify import MESSAGE_CAP, classify
from lead_worker.core.outcome import (
    Delivered,
    GivenBack,
    HoldKind,
    Mangled,
    Outcome,
    Rejected,
    Retry,
    Unknown,
)
from lead_worker.core.reply import Answered, NoAnswer, NotSent, Reply

SENT = {
    "name": "Ana Sample",
    "email": "ana@example.com",
    "phone": "+5511987654321",
    "company": None,
    "custom": {"score": "7"},
    "utm": {},
    "capture": "completed",
}
ECHO = {**SENT, "id": "lead-1", "workspaceId": "w", "createdAt": "2026-01-01T00:00:00Z"}
UNREADABLE = Unknown("status_2xx_unreadable")


def judged(reply: Reply) -> Outcome:
    return classify(reply, SENT, now_at=1_760_000_000.0, retry_after_cap_seconds=3600.0)


def answer(status: int, body: object = b"", retry_after: str | None = None) -> Outcome:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judged(Answered(status, content, retry_after))


def echo(**changed: Any) -> dict[str, Any]:
    return {**ECHO, **changed}


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_any_2xx_with_an_id_and_the_echo_is_delivered(status: int) -> None:
    assert answer(status, ECHO) == Delivered("lead-1")


@pytest.mark.parametrize(
    "changed",
    [
        {"email": "ANA@EXAMPLE.COM"},
        {"phone": "(11) 98765-4321"},
        {"phone": 5511987654321},
        {"custom": {"score": 7}},
        {"custom": {"other": "x"}},
        {"capture": False},
        {"company": "added", "utm": {"source": "added"}},
        {"company": "", "utm": None},
    ],
)
def test_a_value_that_the_api_wrote_its_own_way_is_delivered(changed: dict[str, Any]) -> None:
    assert answer(200, echo(**changed)) == Delivered("lead-1")


@pytest.mark.parametrize("nothing", [None, "", {}, []])
def test_a_field_that_came_back_empty_is_mangled(nothing: object) -> None:
    assert answer(200, echo(name=nothing)) == Mangled("lead-1", ("name",))


@pytest.mark.parametrize("nothing", [{}, {"score": None}, {"score": ""}, {"a": {}, "b": []}])
def test_an_object_that_came_back_with_nothing_in_it_is_mangled(nothing: object) -> None:
    assert answer(200, echo(custom=nothing)) == Mangled("lead-1", ("custom",))


def test_an_empty_lead_names_every_field_that_was_lost() -> None:
    lost = ("capture", "custom", "email", "name", "phone")
    assert answer(200, {"id": "lead-1"}) == Mangled("lead-1", lost)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"lead-1"',
        b"<html>200 OK</html>",
        b"\xff\xfe\x00",
        b'{"id": "lead-1"',
        b"[" * 100_000,
        b'{"id":' * 100_000,
        json.dumps(ECHO).encode("utf-16"),
        {},
        {"data": ECHO},
        echo(id=None),
        echo(id=""),
        echo(id="  "),
        echo(id=7),
        echo(id=["lead-1"]),
        echo(id="\ud800"),
        echo(id="x" * 1001),
    ],
)
def test_a_2xx_without_an_id_to_read_is_unknown(body: object) -> None:
    assert answer(200, body) == UNREADABLE


def test_a_204_is_unknown() -> None:
    assert answer(204) == UNREADABLE


@pytest.mark.parametrize(
    "extra",
    [b'"n": NaN', b'"n": ' + b"9" * 5000, b'"n": 1e999', b'"id": "lead-1"', b'"n": "\\udc00"'],
)
def test_bad_style_around_the_id_does_not_make_a_delivered_lead_unknown(extra: bytes) -> None:
    body = json.dumps(ECHO).encode()[:-1] + b", " + extra + b"}"
    assert answer(200, body) == Delivered("lead-1")


def test_a_byte_order_mark_does_not_make_a_delivered_lead_unknown() -> None:
    assert answer(200, b"\xef\xbb\xbf" + json.dumps(ECHO).encode()) == Delivered("lead-1")


HOLDS = {
    **dict.fromkeys((401, 403), HoldKind.CREDENTIALS),
    402: HoldKind.QUOTA,
    **dict.fromkeys(range(300, 309), HoldKind.CONFIGURATION),
    **dict.fromkeys((404, 405, 407, 415, 421, 426), HoldKind.CONFIGURATION),
}


@pytest.mark.parametrize(("status", "hold"), HOLDS.items())
@pytest.mark.parametrize("body", [b"", b"<html>", {"message": "no", "code": "NO"}, ECHO])
def test_the_table_of_holds_goes_by_the_status_whatever_the_body(
    status: int, hold: HoldKind, body: object
) -> None:
    words = ("NO", "no") if isinstance(body, dict) and "code" in body else ("", "")
    assert answer(status, body) == GivenBack(hold, f"status_{status}", status, *words)


@pytest.mark.parametrize("status", [400, 406, 409, 410, 413, 414, 418, 422, 451, 499])
def test_a_4xx_in_the_shape_of_the_api_is_rejected_with_its_message(status: int) -> None:
    body = {"message": "Input validation failed", "code": "BAD_REQUEST"}
    assert answer(status, body) == Rejected(status, "BAD_REQUEST", "Input validation failed")


@pytest.mark.parametrize("status", [400, 409, 413, 422, 451])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad Request</html>",
        b"[]",
        {},
        {"error": "bad"},
        {"message": ""},
        {"message": None, "code": "BAD_REQUEST"},
        {"message": ["bad"]},
        {"message": "bad", "code": 40_000},
        b"[" * 100_000,
    ],
)
def test_a_4xx_in_another_shape_is_somebody_else_speaking(status: int, body: object) -> None:
    expected = GivenBack(HoldKind.CONFIGURATION, f"status_{status}", status)
    assert answer(status, body) == expected


def test_either_of_message_and_code_is_enough_to_know_the_api_by() -> None:
    assert answer(400, {"message": "bad"}) == Rejected(400, "", "bad")
    assert answer(400, {"code": "BAD_REQUEST"}) == Rejected(400, "BAD_REQUEST", "BAD_REQUEST")


def test_what_each_issue_says_is_part_of_the_message() -> None:
    issues: list[Any] = [
        {"message": "Invalid email", "path": ["email"]},
        {"message": "Expected string", "path": ["custom", 0, "score"]},
        {"message": "Required"},
        *("text", None, {}, {"message": 7}, {"path": "email", "message": ["x"]}),
    ]
    body = {"message": "Input validation failed", "code": "BAD_REQUEST", "issues": issues}
    assert answer(400, body) == Rejected(
        400,
        "BAD_REQUEST",
        "Input validation failed; email: Invalid email; custom.0.score: Expected string; Required",
    )


def test_a_message_is_kept_up_to_a_length_and_can_be_stored() -> None:
    outcome = answer(400, {"message": "\ud800" + "m" * 5000, "code": "\udfff" + "C" * 500})
    assert isinstance(outcome, Rejected)
    assert outcome.message == "?" + "m" * (MESSAGE_CAP - 1)
    assert outcome.code == "?" + "C" * 99


@pytest.mark.parametrize("status", [408, 500, 501, 502, 504, 505, 520, 524, 599, 101, 600, 999])
def test_a_status_after_which_the_lead_may_exist_is_unknown(status: int) -> None:
    for body in (b"", ECHO, {"message": "no", "code": "NO"}):
        assert answer(status, body) == Unknown(f"status_{status}")


@pytest.mark.parametrize("status", [425, 429, 503])
def test_a_status_that_asks_to_come_later_waits_as_long_as_retry_after_says(status: int) -> None:
    assert answer(status, retry_after="42") == Retry(f"status_{status}", 42.0)
    assert answer(status, retry_after="99999") == Retry(f"status_{status}", 3600.0)
    assert answer(status, retry_after="soon") == Retry(f"status_{status}", 1.0)
    assert answer(status) == Retry(f"status_{status}", None)


def test_a_retry_after_date_counts_from_the_answers_own_date() -> None:
    date, until = "Sat, 04 Oct 2025 10:00:00 GMT", "Sat, 04 Oct 2025 10:00:30 GMT"
    now_at = 1_759_573_000.0
    outcome = classify(
        Answered(429, b"", until, date), SENT, now_at=now_at, retry_after_cap_seconds=3600.0
    )
    assert outcome == Retry("status_429", 30.0)


@pytest.mark.parametrize("cause", ["dns", "refused", "tls", "connect_timeout", "proxy", "connect"])
def test_what_was_never_sent_is_tried_again(cause: str) -> None:
    assert judged(NotSent(cause)) == Retry(cause)


@pytest.mark.parametrize("cause", ["lease_short", "deadline"])
def test_what_the_worker_itself_did_not_send_is_given_back(cause: str) -> None:
    assert judged(NotSent(cause)) == GivenBack(None, cause)


@pytest.mark.parametrize("cause", ["dropped", "truncated", "oversized", "deadline", "garbled"])
def test_what_was_sent_without_an_answer_to_read_is_unknown(cause: str) -> None:
    assert judged(NoAnswer(cause)) == Unknown(cause)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["id", "message", "code", "issues", "path", "name"]) | st.text(), inner
        )
    ),
)


@settings(deadline=None)
@given(
    st.integers(100, 999),
    st.binary() | JSON.map(lambda value: json.dumps(value).encode()),
    st.none() | st.text(),
    st.none() | st.text(),
)
def test_no_answer_at_all_raises(
    status: int, body: bytes, retry_after: str | None, date: str | None
) -> None:
    judged(Answered(status, body, retry_after, date))
