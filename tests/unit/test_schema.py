from __future__ import annotations

import json
from typing import Any

import pytest
from lead_worker.core.lead import Lead, to_json
from lead_worker.core.schema import SchemaRules, validate

from tests.unit.schema_cases import SECRET, errors, sent


def test_each_field_of_the_contract_is_sent_under_the_apis_name() -> None:
    raw = {
        "agentId": "agent-1",
        "name": "Maria",
        "email": "maria@example.com",
        "phone": "+5511987654321",
        "company": "Acme",
        "site": "https://acme.example",
        "custom": {"plan": "gold"},
        "utm": {"source": "google"},
        "capture": "partial",
    }
    assert sent(raw) == raw


def test_text_is_stripped_and_what_is_empty_or_null_is_left_out() -> None:
    raw = {
        "agentId": "",
        "name": "  Maria \n",
        "email": " ",
        "phone": "\t",
        "company": None,
        "site": "\u00a0",
        "custom": {"a": " b ", "c": "", "d": None},
        "utm": {"source": " x ", "term": " ", "medium": None},
        "capture": "",
    }
    assert sent(raw) == {"name": "Maria", "custom": {"a": "b"}, "utm": {"source": "x"}}


def test_nul_characters_are_left_out_of_text() -> None:
    assert sent({"name": "\0Ma\0ria \0"}) == {"name": "Maria"}


@pytest.mark.parametrize("field", ["agentId", "name", "company", "site"])
def test_a_number_where_text_belongs_is_its_digits(field: str) -> None:
    assert sent({field: 123}) == {field: "123"}
    assert sent({field: 1.5}) == {field: "1.5"}


@pytest.mark.parametrize("field", ["agentId", "agent_id", "name", "email", "company", "site"])
@pytest.mark.parametrize(
    ("value", "found"),
    [(True, "true or false"), ([SECRET], "a list"), ({"x": SECRET}, "an object")],
)
def test_anything_else_where_text_belongs_is_an_error(field: str, value: Any, found: str) -> None:
    assert errors({field: value}) == {field: f"expected text, found {found}"}


def test_all_errors_are_reported_at_once_in_the_order_of_their_paths() -> None:
    raw = {"utm": {"campaign": [1]}, "email": "x", "capture": "done", "name": True, "foo": 1}
    assert list(errors(raw)) == ["capture", "email", "foo", "name", "utm.campaign"]


@pytest.mark.parametrize(
    "raw", [{}, {"name": " "}, {"custom": {}, "utm": {"source": ""}}, {"phone": False}]
)
def test_a_lead_with_nothing_to_send_is_invalid(raw: dict[str, Any]) -> None:
    assert errors(raw) == {"": "expected at least one field with a value, found none to send"}


def test_a_lead_whose_only_fields_were_dropped_is_invalid() -> None:
    assert list(errors({"foo": 1}, unknown_fields="drop")) == [""]


def test_json_is_compact_utf8_without_what_is_empty() -> None:
    lead = validate('{"name": "João", "site": null}'.encode(), SchemaRules())
    assert isinstance(lead, Lead)
    assert to_json(lead) == '{"name":"João"}'.encode()


def test_a_lead_does_not_show_itself() -> None:
    lead = validate(json.dumps({"name": SECRET}).encode(), SchemaRules())
    assert SECRET not in repr(lead)
    assert SECRET not in f"{lead}"
