"""The body of a POST: the field table of the contract, and the likely refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lead_ops.sandbox.answers import Answer, encode
from lead_ops.sandbox.body import fields_of, read

EMPTY: dict[str, object] = {
    "agentId": None,
    "name": None,
    "email": None,
    "phone": None,
    "company": None,
    "site": None,
    "custom": {},
    "utm": {},
    "capture": "completed",
}


def fields_from(body: bytes, content_type: str | None = "application/json") -> Any:
    found = fields_of(read(body, content_type))
    return json.loads(found.body) if isinstance(found, Answer) else found


def test_every_field_is_optional_and_has_its_default() -> None:
    assert fields_from(b"{}") == EMPTY
    assert fields_from(b"") == EMPTY


def test_fields_are_kept_as_sent_and_unknown_ones_left_out() -> None:
    sent = {"name": "Zé", "custom": {"a": "b"}, "utm": {"source": "x"}, "capture": "partial"}
    assert fields_from(encode({**sent, "other": 1})) == {**EMPTY, **sent}


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "Application/JSON", "text/plain", "", None],
)
def test_another_content_type_is_read_as_an_empty_body(content_type: str | None) -> None:
    assert fields_from(b'{"name": "Ana"}', content_type) == EMPTY
    assert fields_from(b"not json", content_type) == EMPTY


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b'{"name": NaN}',
        b"[" * 100_000,
        b'{"name": ' + b"1" * 10_000 + b"}",
        b"\xef\xbb\xbf{}",
    ],
)
def test_what_is_no_json_is_a_bad_request_without_issues(body: bytes) -> None:
    assert fields_from(body) == {"message": "Failed to parse request body", "code": "BAD_REQUEST"}


@pytest.mark.parametrize(
    ("sent", "path", "message"),
    [
        ([], [], "Expected object, received array"),
        ({"name": 1}, ["name"], "Expected string, received number"),
        ({"email": True}, ["email"], "Expected string, received boolean"),
        ({"custom": None}, ["custom"], "Expected object, received null"),
        ({"custom": {"score": 7}}, ["custom", "score"], "Expected string, received number"),
        ({"utm": "x"}, ["utm"], "Expected object, received string"),
        (
            {"capture": "done"},
            ["capture"],
            "Invalid enum value. Expected 'completed' | 'partial', received 'done'",
        ),
    ],
)
def test_a_wrong_type_is_a_bad_request_with_an_issue(
    sent: Any, path: list[str], message: str
) -> None:
    refusal = fields_from(encode(sent))
    assert (refusal["code"], refusal["message"]) == ("BAD_REQUEST", "Input validation failed")
    assert [(issue["path"], issue["message"]) for issue in refusal["issues"]] == [(path, message)]


def test_half_a_surrogate_pair_is_answered_as_an_escape() -> None:
    assert encode({"name": "\ud800"}) == b'{"name":"\\ud800"}'
    assert encode({"name": "é"}) == '{"name":"é"}'.encode()
