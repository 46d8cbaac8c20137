from __future__ import annotations

import copy
from typing import Any

import pytest
from lead_worker.core.change import (
    Change,
    Move,
    Set,
    Unset,
    apply,
    parse_move,
    parse_set,
    parse_unset,
)


def made(value: dict[str, Any], *steps: Change) -> dict[str, Any]:
    """The lead after the steps, and none of them may touch the lead before."""
    before = copy.deepcopy(value)
    after = apply(value, steps)
    assert isinstance(after, dict), after
    assert after is not value
    assert value == before
    return after


def refused(value: dict[str, Any], *steps: Change) -> str:
    error = apply(value, steps)
    assert isinstance(error, str), error
    assert error.startswith("expected ")
    assert "\n" not in error
    assert "secret" not in error
    return error


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("email=maria@x.com", Set("email", "maria@x.com")),
        ("email=", Set("email", "")),
        ("site=?a=b:=c", Set("site", "?a=b:=c")),
        ("age:=42", Set("age", 42)),
        ("age=42", Set("age", "42")),
        ('utm:={"a": [1, null, true]}', Set("utm", {"a": [1, None, True]})),
        ("phone:=null", Set("phone", None)),
        (r"a\=b=c", Set(r"a\=b", "c")),
        (r"a\:=1", Set(r"a\:", "1")),
        (r"a\\:=1", Set(r"a\\", 1)),
        ("name=two\nlines", Set("name", "two\nlines")),
    ],
)
def test_set_is_read(text: str, step: Set) -> None:
    assert parse_set(text) == step


@pytest.mark.parametrize(
    "value", ["", "secret", '"secret', "NaN", "1,2", '1,"":2', '1,"a":2', "1}", "{'a':1}", "1e999"]
)
def test_what_is_no_json_is_an_error_that_does_not_quote_it(value: str) -> None:
    error = parse_set(f"age:={value}")
    assert isinstance(error, str)
    assert error.startswith("expected strict JSON behind age:=, found something else")
    assert "secret" not in error


@pytest.mark.parametrize("text", ["", "secret", "=secret", "name=\udcffsecret", "\udcff=secret"])
def test_a_set_that_cannot_be_read_is_an_error_that_does_not_quote_it(text: str) -> None:
    error = parse_set(text)
    assert isinstance(error, str)
    assert error.startswith("expected ")
    assert "secret" not in error


def test_a_path_has_an_end() -> None:
    assert isinstance(parse_unset(".".join("a" * 64)), Unset)
    assert "at most 64 steps" in str(parse_unset(".".join("a" * 65)))


def test_unset_and_move_are_read() -> None:
    assert parse_unset("utm.campaign") == Unset("utm.campaign")
    assert parse_move("telefone=phone") == Move("telefone", "phone")
    assert parse_move(r"a\=b=items[0].c") == Move(r"a\=b", "items[0].c")


@pytest.mark.parametrize("text", ["", "phone", "=phone", "telefone=", "phone=phone", "a:=b"])
def test_a_move_that_cannot_be_read_is_an_error(text: str) -> None:
    error = parse_move(text)
    assert isinstance(error, str)
    assert error.startswith("expected ")


def test_an_unset_of_nothing_is_an_error() -> None:
    assert str(parse_unset("")).startswith("expected the name of a field, found nothing")


def test_a_value_is_kept_out_of_what_is_printed() -> None:
    assert "secret" not in repr(parse_set("email=secret"))


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ({"email": "x"}, "email", {"email": 1}),
        ({}, "email", {"email": 1}),
        ({}, "utm.a.b", {"utm": {"a": {"b": 1}}}),
        ({"utm": None}, "utm.a", {"utm": {"a": 1}}),
        ({"utm": {"z": 0}}, "utm.a", {"utm": {"z": 0, "a": 1}}),
        ({"utm.a": 0}, "utm.a", {"utm.a": 1}),
        ({"utm.a": 0}, r"utm\.a", {"utm.a": 1}),
        ({}, r"utm\.a", {"utm.a": 1}),
        ({"utm.x": {}}, "utm.x.y.z", {"utm.x": {"y": {"z": 1}}}),
        ({"items": [0, 0]}, "items[1]", {"items": [0, 1]}),
        ({"items": [0, 0]}, "items.1", {"items": [0, 1]}),
        ({"items": [{"a": [0]}]}, "items[0].a[0]", {"items": [{"a": [1]}]}),
        ({"items": [[0]]}, "items[0][0]", {"items": [[1]]}),
        ({"items": [{}]}, "items.0.b", {"items": [{"b": 1}]}),
        ({"items": {"0": 0}}, "items.0", {"items": {"0": 1}}),
        ({"utm[a]": 0}, "utm[a]", {"utm[a]": 1}),
        ({"a[0]": 0}, "a[0]", {"a[0]": 1}),
        ({}, r"a\[0]", {"a[0]": 1}),
        ({"": 0}, '""', {"": 1}),
        ({"a": {}}, 'a.""', {"a": {"": 1}}),
        ({}, r"App\Lead", {r"App\Lead": 1}),
    ],
)
def test_set_puts_a_value(before: dict[str, Any], path: str, after: dict[str, Any]) -> None:
    assert made(before, Set(path, 1)) == after


@pytest.mark.parametrize(
    ("before", "path", "named"),
    [
        ({"utm": "secret"}, "utm.a", "utm for utm.a, found text"),
        ({"utm": {"a": 5}}, "utm.a.b.c", "utm.a for utm.a.b.c, found a number"),
        ({"utm": False}, "utm.a", "found true or false"),
        ({"items": []}, "items[0]", "below 0 in items, found 0"),
        ({"items": [1]}, "items.1", "below 1 in items, found 1"),
        ({"items": [1]}, "items[7].a", "below 1 in items, found 7"),
        ({"items": [1]}, "items.a", "an index into the list items"),
        ({"items": [1]}, "items.-1", "an index into the list items"),
        ({}, "items[0]", "a list at items"),
        ({"items": {}}, "items[0]", "a list at items"),
        ({"items": None}, "items[0]", "a list at items"),
        ({}, "[0]", "a list at the lead itself"),
        ({}, "a..b", "a name on each side of each dot"),
        ({}, "a.", "a name on each side of each dot"),
        ({}, ".", "a name on each side of each dot"),
        ({}, "", "the name of a field"),
    ],
)
def test_set_says_where_no_way_leads(before: dict[str, Any], path: str, named: str) -> None:
    assert named in refused(before, Set(path, "secret"))


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ({"a": 1, "b": 2}, "a", {"b": 2}),
        ({"a": None}, "a", {}),
        ({"utm": {"a": 1}}, "utm.a", {"utm": {}}),
        ({"utm.a": 1, "utm": {"a": 2}}, "utm.a", {"utm": {"a": 2}}),
        ({"utm.a": 1, "utm": {"a": 2}}, r"utm\.a", {"utm": {"a": 2}}),
        ({"items": [1, 2, 3]}, "items[1]", {"items": [1, 3]}),
        ({"a..b": 1}, "a..b", {}),
    ],
)
def test_unset_takes_a_field_away(before: dict[str, Any], path: str, after: dict[str, Any]) -> None:
    assert made(before, Unset(path)) == after


@pytest.mark.parametrize("path", ["b", "a.b", "items[1]", "items.x", "utm.a.b", "[0]", "a..b"])
def test_unset_and_move_of_what_is_not_there_change_nothing(path: str) -> None:
    before = {"a": "x", "items": [1], "utm": {}}
    assert made(before, Unset(path)) == before
    assert made(before, Move(path, "c")) == before


def test_unset_and_move_without_a_path_are_errors() -> None:
    refused({}, Unset(""))
    refused({}, Move("a", ""))
    refused({}, Move("", "a"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"telefone": "1"}, {"phone": "1"}),
        ({"telefone": "1", "phone": None}, {"phone": "1"}),
        ({"telefone": "1", "phone": " "}, {"phone": "1"}),
        ({"telefone": "1", "phone": []}, {"phone": "1"}),
        ({"telefone": "1", "phone": "1"}, {"phone": "1"}),
        ({"telefone": "", "phone": "2"}, {"phone": "2"}),
        ({"telefone": None}, {"phone": None}),
        ({"telefone": {"a": [1]}}, {"phone": {"a": [1]}}),
    ],
)
def test_move_takes_a_value_over(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert made(before, Move("telefone", "phone")) == after


@pytest.mark.parametrize("there", ["2", 0, False, 1, {"a": None}])
def test_move_never_overwrites_another_value(there: object) -> None:
    error = refused({"telefone": "secret", "phone": there}, Move("telefone", "phone"))
    assert "phone" in error
    assert "telefone" in error


def test_true_is_another_value_than_1() -> None:
    refused({"telefone": True, "phone": 1}, Move("telefone", "phone"))


@pytest.mark.parametrize(
    ("before", "step", "after"),
    [
        ({"a": 1}, Move("a", "a.b"), {"a": {"b": 1}}),
        ({"a": {"b": 1}}, Move("a.b", "a"), {"a": 1}),
        ({"a": 1}, Move("a", "a"), {"a": 1}),
        ({"utm.a": 1}, Move(r"utm\.a", "utm.a"), {"utm": {"a": 1}}),
        ({"items": [{"tel": 1}]}, Move("items[0].tel", "phone"), {"items": [{}], "phone": 1}),
    ],
)
def test_move_within_a_field(before: dict[str, Any], step: Move, after: dict[str, Any]) -> None:
    assert made(before, step) == after


def test_move_says_where_no_way_leads() -> None:
    assert "found text" in refused({"tel": "secret", "utm": "secret"}, Move("tel", "utm.phone"))


def test_the_fields_that_no_step_touches_keep_their_order() -> None:
    before = {"z": 1, "utm": {"y": 1, "x": 2, "w": 3}, "b": 2, "a": 3}
    after = made(before, Set("utm.x", 0), Unset("b"), Set("new", 1), Set("z", 9))
    assert list(after) == ["z", "utm", "a", "new"]
    assert list(after["utm"]) == ["y", "x", "w"]


def test_steps_are_made_one_after_another() -> None:
    steps = (Set("items", [{"a": 0}]), Set("items[0].a", 1), Move("items", "custom.items"))
    assert made({}, *steps) == {"custom": {"items": [{"a": 1}]}}
    assert steps[0] == Set("items", [{"a": 0}])


def test_no_steps_give_an_equal_lead() -> None:
    assert made({"a": {"b": 1}}) == {"a": {"b": 1}}


def test_one_bad_step_spoils_them_all() -> None:
    refused({"a": "secret"}, Set("b", 1), Set("a.b", 1), Unset("a"))
