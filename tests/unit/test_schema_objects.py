from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from lead_worker.core.lead import Lead
from lead_worker.core.outcome import FieldError, Invalid
from lead_worker.core.schema import MAX_ERRORS, SchemaRules, validate

from tests.unit.schema_cases import SECRET, errors, sent


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


def test_names_lose_nul_and_two_that_are_then_one_are_an_error() -> None:
    rules = SchemaRules(custom_values="json")
    lead = validate(rb'{"custom": {"a\u0000b": {"c\u0000": ["d\u0000"]}}}', rules)
    assert isinstance(lead, Lead)
    assert lead.custom == {"ab": {"c": ["d"]}}
    found = validate(rb'{"custom": {"a\u0000": "x", "a": "y"}}', rules)
    assert isinstance(found, Invalid)
    assert [error.path for error in found.errors] == ["custom.a"]
