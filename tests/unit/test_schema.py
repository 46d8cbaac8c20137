from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from lead_worker.core.lead import Lead, body, to_json
from lead_worker.core.outcome import FieldError, Invalid
from lead_worker.core.schema import MAX_ERRORS, SchemaRules, validate

SECRET = "Xq7-secret"


def sent(raw: dict[str, Any], **rules: str) -> dict[str, object]:
    """The body for a lead that must be valid."""
    lead = validate(json.dumps(raw).encode(), SchemaRules(**rules))
    assert isinstance(lead, Lead), lead
    return body(lead)


def errors(raw: object, **rules: str) -> dict[str, str]:
    """The messages by path for a lead that must be invalid."""
    found = validate(json.dumps(raw).encode(), SchemaRules(**rules))
    assert isinstance(found, Invalid), found
    return {error.path: error.message for error in found.errors}


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


class TestAgentId:
    def test_agent_id_is_accepted_for_agentid(self) -> None:
        assert sent({"agent_id": " a "}) == {"agentId": "a"}

    @pytest.mark.parametrize(
        "raw",
        [
            {"agentId": "a", "agent_id": "a"},
            {"agentId": "a ", "agent_id": " a"},
            {"agentId": None, "agent_id": "a"},
            {"agentId": "", "agent_id": "a"},
            {"agentId": "a", "agent_id": None},
            {"agentId": "a"},
        ],
    )
    def test_both_may_be_there_if_they_do_not_disagree(self, raw: dict[str, Any]) -> None:
        assert sent(raw) == {"agentId": "a"}

    def test_a_number_agrees_with_the_text_of_it(self) -> None:
        assert sent({"agentId": 7, "agent_id": "7"}) == {"agentId": "7"}

    @pytest.mark.parametrize("other", ["b", 7])
    def test_two_that_differ_are_an_error(self, other: Any) -> None:
        assert list(errors({"agentId": other, "agent_id": "a"})) == ["agent_id"]


class TestEmail:
    @pytest.mark.parametrize(
        ("given", "as_sent"),
        [
            ("maria@example.com", "maria@example.com"),
            (" maria+tag@example.com ", "maria+tag@example.com"),
            ("Maria.Silva@Example.COM", "Maria.Silva@example.com"),
            ("SALES@example.com", "sales@example.com"),
            ("ana@padaria-são-joão.com.br", "ana@xn--padaria-so-joo-yhbe.com.br"),
            ("joão@example.com", "joão@example.com"),
        ],
    )
    def test_a_valid_address_is_sent_in_its_ascii_form(self, given: str, as_sent: str) -> None:
        assert sent({"email": given}) == {"email": as_sent}

    @pytest.mark.parametrize(
        "wrong",
        [
            SECRET,
            "maria@",
            "@example.com",
            "maria@localhost",
            "maria@example",
            "maria@example.123",
            "maria@-example.com",
            "maria@ab--c.com",
            "maria@foo.test",
            "maria..silva@example.com",
            ".maria@example.com",
            "maria@example..com",
            "maria silva@example.com",
            "maria@example.com, ana@example.com",
            "Maria <maria@example.com>",
            "<maria@example.com>",
            '"maria"@example.com',
            "maria@[127.0.0.1]",
            "m" * 250 + "@example.com",
            "m@" + "e" * 64 + ".com",
            "@" * 100_000,
            42,
        ],
    )
    def test_what_is_not_one_address_is_an_error_that_does_not_quote_it(self, wrong: Any) -> None:
        assert errors({"email": wrong}) == {
            "email": "expected one e-mail address without a name, such as maria@example.com"
        }


class TestPhone:
    def test_a_phone_is_normalised_in_the_region_of_the_rules(self) -> None:
        assert sent({"phone": "(11) 98765-4321"}) == {"phone": "+5511987654321"}
        assert sent({"phone": "(212) 555-0123"}, phone_region="US") == {"phone": "+12125550123"}

    @pytest.mark.parametrize("number", [11987654321, 5511987654321, 11987654321.0])
    def test_a_phone_may_be_a_number(self, number: float) -> None:
        assert sent({"phone": number}) == {"phone": "+5511987654321"}

    @pytest.mark.parametrize(
        ("phone", "as_sent"),
        [
            (" ask Maria ", "ask Maria"),
            (123, "123"),
            (-1.5, "-1.5"),
            (["11 98765-4321"], '["11 98765-4321"]'),
            ({"ddd": "11"}, '{"ddd":"11"}'),
            ("9" * 10_000, "9" * 10_000),
        ],
    )
    def test_a_lead_is_never_refused_for_its_phone(self, phone: Any, as_sent: str) -> None:
        assert sent({"phone": phone}) == {"phone": as_sent}

    @pytest.mark.parametrize("phone", [True, False, [], {}])
    def test_what_holds_no_phone_is_left_out(self, phone: Any) -> None:
        assert sent({"name": "Maria", "phone": phone}) == {"name": "Maria"}


class TestCapture:
    @pytest.mark.parametrize("capture", ["completed", "partial", " partial "])
    def test_completed_and_partial_are_sent(self, capture: str) -> None:
        assert sent({"capture": capture}) == {"capture": capture.strip()}

    @pytest.mark.parametrize("capture", ["Completed", SECRET, 1, True, [], {}])
    def test_anything_else_is_an_error(self, capture: Any) -> None:
        assert errors({"capture": capture}) == {"capture": 'expected "completed" or "partial"'}


@pytest.mark.parametrize("field", ["custom", "utm"])
class TestObjects:
    @pytest.mark.parametrize("empty", [None, {}, [], "", " "])
    def test_null_and_empty_are_left_out(self, field: str, empty: Any) -> None:
        assert sent({"name": "Maria", field: empty}) == {"name": "Maria"}

    @pytest.mark.parametrize(
        ("value", "found"),
        [(SECRET, "text"), (1, "a number"), (False, "true or false"), ([SECRET], "a list")],
    )
    def test_what_is_no_object_is_an_error(self, field: str, value: Any, found: str) -> None:
        assert errors({field: value}) == {field: f"expected an object, found {found}"}


class TestUtm:
    RAW: ClassVar[dict[str, Any]] = {
        "utm_source": "google",
        "medium": "cpc",
        "UTM_Campaign": "x",
        "gclid": "g",
        "utm_foo": "1",
    }

    def test_keys_are_sent_bare_by_default(self) -> None:
        assert sent({"utm": self.RAW})["utm"] == {
            "source": "google",
            "medium": "cpc",
            "campaign": "x",
            "gclid": "g",
            "foo": "1",
        }

    def test_keys_that_are_utm_tags_are_sent_prefixed_where_the_rules_say_so(self) -> None:
        assert sent({"utm": self.RAW}, utm_keys="prefixed")["utm"] == {
            "utm_source": "google",
            "utm_medium": "cpc",
            "utm_campaign": "x",
            "gclid": "g",
            "utm_foo": "1",
        }

    def test_a_key_that_is_nothing_but_the_prefix_is_kept(self) -> None:
        assert sent({"utm": {"utm_": "x"}}) == {"utm": {"utm_": "x"}}

    def test_numbers_become_text(self) -> None:
        assert sent({"utm": {"id": 42}}) == {"utm": {"id": "42"}}

    def test_a_value_that_is_no_text_is_an_error_at_its_dotted_path(self) -> None:
        assert errors({"utm": {"utm_campaign": [SECRET], "source": True}}) == {
            "utm.source": "expected text, found true or false",
            "utm.utm_campaign": "expected text, found a list",
        }

    @pytest.mark.parametrize("other", ["google", " google", None, ""])
    def test_two_names_of_one_tag_may_agree(self, other: Any) -> None:
        assert sent({"utm": {"source": "google", "utm_source": other}})["utm"] == {
            "source": "google"
        }

    def test_two_names_of_one_tag_that_differ_are_an_error(self) -> None:
        assert list(errors({"utm": {"source": "a", "utm_source": SECRET}})) == ["utm.utm_source"]


class TestCustom:
    RAW: ClassVar[dict[str, Any]] = {
        "s": " x ",
        "i": 3,
        "f": 1.50,
        "t": True,
        "n": None,
        "list": [1, "é", None],
        "object": {"b": {"c": False}},
    }

    def test_values_become_text_by_default(self) -> None:
        assert sent({"custom": self.RAW})["custom"] == {
            "s": "x",
            "i": "3",
            "f": "1.5",
            "t": "true",
            "list": '[1,"é",null]',
            "object": '{"b":{"c":false}}',
        }

    def test_values_are_sent_as_they_came_where_the_rules_say_so(self) -> None:
        assert sent({"custom": self.RAW}, custom_values="json")["custom"] == {
            "s": "x",
            "i": 3,
            "f": 1.5,
            "t": True,
            "list": [1, "é", None],
            "object": {"b": {"c": False}},
        }

    def test_false_and_zero_are_values(self) -> None:
        assert sent({"custom": {"a": False, "b": 0}})["custom"] == {"a": "false", "b": "0"}
        json_values = sent({"custom": {"a": False, "b": 0}}, custom_values="json")["custom"]
        assert json_values == {"a": False, "b": 0}


class TestUnknownFields:
    def test_each_is_an_error_by_default(self) -> None:
        found = errors({"name": "Maria", "foo": SECRET, "bar": 1, "id": None})
        assert list(found) == ["bar", "foo", "id"]
        assert "LEADS_UNKNOWN_FIELDS" in found["foo"]

    def test_they_are_left_out_where_the_rules_say_drop(self) -> None:
        assert sent({"name": "Maria", "foo": SECRET}, unknown_fields="drop") == {"name": "Maria"}

    def test_they_move_to_custom_where_the_rules_say_so(self) -> None:
        raw = {"name": "Maria", "foo": 1, "empty": "", "bar": {"x": 1}}
        assert sent(raw, unknown_fields="custom") == {
            "name": "Maria",
            "custom": {"foo": "1", "bar": '{"x":1}'},
        }

    def test_what_custom_already_says_wins(self) -> None:
        raw = {"foo": "outside", "bar": "kept", "custom": {"foo": "inside", "bar": None}}
        assert sent(raw, unknown_fields="custom")["custom"] == {"foo": "inside", "bar": "kept"}

    def test_moved_values_obey_the_rule_for_custom_values(self) -> None:
        assert sent({"foo": 1}, unknown_fields="custom", custom_values="json") == {
            "custom": {"foo": 1}
        }

    @pytest.mark.parametrize("name", ["_schema", "_agent", "Name", "agentid", "name.first"])
    def test_no_name_is_special(self, name: str) -> None:
        assert list(errors({name: 1})) == [name]
        assert sent({name: "x"}, unknown_fields="custom") == {"custom": {name: "x"}}

    def test_a_strangers_key_is_cut_and_escaped(self) -> None:
        keys = ["a" * 1000, "x\x1b[31m", "x\u202ey", "x\ny", ""]
        assert set(errors(dict.fromkeys(keys, 1))) == {
            "a" * 64 + "…",
            "x\\x1b[31m",
            "x\\u202ey",
            "x\\ny",
            '""',
        }

    def test_only_so_many_errors_are_kept(self) -> None:
        found = validate(json.dumps({f"k{i}": 1 for i in range(20_000)}).encode(), SchemaRules())
        assert isinstance(found, Invalid)
        assert len(found.errors) == MAX_ERRORS + 1
        assert found.errors[-1] == FieldError("", f"and {20_000 - MAX_ERRORS} more are wrong")


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
