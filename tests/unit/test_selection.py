from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lead_worker.core.selection import Selection, Where, parse_where

MARIA = {
    "name": "Maria Gonçalves",
    "email": "Maria@X.com",
    "phone": None,
    "site": "",
    "company": 99,
    "score": 1.5,
    "vip": True,
    "utm": {"campaign": "Spring-2026", "source.kind": "ads"},
    "utm.medium": "cpc",
    "items": [{"sku": "A-1"}, {"sku": "B-2"}],
    "tags": [],
    "custom": {},
    "stars": "5* of 5",
}
thorough = settings(deadline=None, derandomize=True, max_examples=300)


def condition(text: str) -> Where:
    found = parse_where(text)
    assert isinstance(found, Where), found
    return found


def takes(text: str, lead: Any = MARIA) -> bool:
    raw = lead if isinstance(lead, bytes) else json.dumps(lead).encode()
    return Selection(wheres=(condition(text),)).takes_raw(raw)


@pytest.mark.parametrize(
    "text",
    [
        "email=maria@x.com",
        "email=MARIA@X.COM",
        "name=maria gonÇalves",
        "company=99",
        "score=1.5",
        "vip=true",
        "vip=TRUE",
    ],
)
def test_a_value_is_compared_as_text_in_any_case(text: str) -> None:
    assert takes(text)


@pytest.mark.parametrize("text", ["email=maria", "email=x.com", "company=9", "vip=1", "vip=True "])
def test_the_whole_text_counts(text: str) -> None:
    assert not takes(text)


def test_letters_that_fold_into_two_are_the_same() -> None:
    assert takes("name=STRASSE", {"name": "Straße"})
    assert takes("name=*SS*", {"name": "Maß für Maß"})


@pytest.mark.parametrize(
    "text",
    ["email=*@x.com", "email=maria*", "email=*@*", "email=m*a@*.com", "email=**", "company=9*"],
)
def test_a_star_is_any_text(text: str) -> None:
    assert takes(text)


@pytest.mark.parametrize(
    "text", ["email=*@y.com", "email=m*m*m*m", "email=maria@x.com*maria@x.com", "email=*@x"]
)
def test_what_stands_between_the_stars_must_be_there(text: str) -> None:
    assert not takes(text)


def test_a_star_stands_for_more_than_one_line() -> None:
    assert takes("name=a*z", {"name": "a\n\u2028\nz"})


def test_a_star_after_a_backslash_is_a_star() -> None:
    assert takes(r"stars=5\* of 5")
    assert takes(r"stars=*\**")
    assert not takes(r"email=maria\*")


@pytest.mark.parametrize("sign", [".", "?", "[m]", "^", "(", "\\d", "+", "%"])
def test_no_other_sign_is_special(sign: str) -> None:
    assert takes(f"name=a{sign}b", {"name": f"A{sign}B"})
    assert not takes(f"name=a{sign}b", {"name": "amb"})


def test_stars_without_number_on_a_long_text_have_an_end() -> None:
    lead = {"name": "a" * 100_000 + "c"}
    # Going back would take longer than the universe has.
    assert not takes("name=" + "*a" * 500 + "*b", lead)


@pytest.mark.parametrize("lead", [{}, {"phone": None}, {"phone": ""}, {"phone": " \t"}])
def test_no_pattern_takes_a_field_that_is_missing_null_or_blank(lead: dict[str, Any]) -> None:
    assert takes("phone=", lead)
    assert not takes("phone=*", lead)
    assert not takes("phone=null", lead)


@pytest.mark.parametrize("value", ["0", 0, False, "null", {}, []])
def test_no_pattern_takes_no_field_that_holds_something(value: object) -> None:
    assert not takes("phone=", {"phone": value})
    assert takes("phone=*", {"phone": value})


@pytest.mark.parametrize("field", ["utm", "items", "tags", "custom"])
@pytest.mark.parametrize(
    ("pattern", "expected"), [("*", True), ("", False), ("**", False), ("{}", False), ("[]", False)]
)
def test_a_star_alone_takes_objects_and_lists(field: str, pattern: str, expected: bool) -> None:
    assert takes(f"{field}={pattern}") is expected


@pytest.mark.parametrize(
    "text",
    [
        "utm.campaign=spring*",
        "items[0].sku=a-1",
        "items.1.sku=b-2",
        "items[1]=*",
        "utm.medium=cpc",
        "utm.source.kind=ads",
        r"utm.source\.kind=ads",
        r"utm\.medium=cpc",
    ],
)
def test_a_path_leads_down(text: str) -> None:
    assert takes(text)


@pytest.mark.parametrize(
    "path",
    [
        "utm.none",
        "email.x",
        "items[2].sku",
        "items.sku",
        "items[-1].sku",
        "utm[0]",
        r"utm\.campaign",
    ],
)
def test_a_path_to_nothing_finds_nothing(path: str) -> None:
    assert takes(f"{path}=")
    assert not takes(f"{path}=*")


def test_the_longest_name_goes_first_and_the_others_after_it() -> None:
    assert takes("a.b.c=1", {"a.b.c": 1, "a.b": {"c": 2}, "a": {"b": {"c": 3}}})
    assert takes("a.b.c=2", {"a.b": {"c": 2}, "a": {"b.c": 3}})
    assert takes("a.b.c=3", {"a.b": {"d": 2}, "a": {"b": {"c": 3}}})


def test_what_is_behind_the_first_equals_sign_is_the_pattern() -> None:
    assert condition("site=?a=b") == Where("site", "?a=b")
    assert condition("when:=1") == Where("when:", "1")
    assert takes(r"a\=b=c", {"a=b": "c"})


@pytest.mark.parametrize("text", ["", "maria@x.com", "=maria@x.com", "\udcff=maria@x.com"])
def test_a_condition_that_cannot_be_read_is_an_error_without_the_value(text: str) -> None:
    error = parse_where(text)
    assert isinstance(error, str)
    assert error.startswith("expected ")
    assert "maria@x.com" not in error


def test_a_condition_keeps_its_value_to_itself() -> None:
    assert "maria" not in repr(Selection(wheres=(condition("email=maria@x.com"),)))


def test_all_conditions_must_be_met() -> None:
    both = Selection(wheres=(condition("email=maria@x.com"), condition("company=98")))
    assert not both.takes_raw(json.dumps(MARIA).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b'{"email":"a@b.c","name":"\xe9"}',
        b'{"email":"x","email":"a@b.c"}',
        b'\xef\xbb\xbf{"email":"a@b.c"}',
        b'{"email":"a@b.c","score":NaN}',
        b'{"email":"a@b.c","name":"\\ud800"}',
        b'{"email":"a@b.c","name":"one\ntwo"}',
        b'{"email":"a@b.c","phone":' + b"1" * 10_000 + b"}",
        b'{"email":"a@b.c","custom":' + b"[" * 100 + b"]" * 100 + b"}",
    ],
)
def test_a_lead_that_is_no_strict_json_is_found_by_its_fields(raw: bytes) -> None:
    assert takes("email=a@b.c", raw)
    assert not takes("email=b@b.c", raw)


def test_a_number_too_long_to_be_read_is_compared_by_its_digits() -> None:
    assert takes("phone=" + "1" * 10_000, b'{"phone":' + b"1" * 10_000 + b"}")
    assert takes("score=nan", b'{"score":NaN}')


@pytest.mark.parametrize(
    "raw", [b"", b"not JSON", b"[]", b"null", b'"email"', b"\xff", b"[" * 200_000, b'{"a":']
)
def test_a_lead_that_is_no_object_meets_no_condition(raw: bytes) -> None:
    assert not takes("email=", raw)
    assert not takes("email=*", raw)
    assert Selection().takes_raw(raw)


@thorough
@given(raw=st.binary(max_size=60), path=st.text(max_size=8), pattern=st.text(max_size=5))
def test_no_bytes_make_it_raise(raw: bytes, path: str, pattern: str) -> None:
    Selection(wheres=(Where(path, pattern),)).takes_raw(raw)


@thorough
@given(text=st.text("aB*\\\n", max_size=8), pattern=st.text("aB*\\\n", max_size=6))
def test_a_pattern_takes_what_the_same_regular_expression_takes(text: str, pattern: str) -> None:
    parts = re.split(r"(\\\*|\*)", pattern)
    signs = {"*": ".*", r"\*": r"\*"}
    expression = "".join(signs.get(part, re.escape(part)) for part in parts)
    expected = re.fullmatch(expression, text, re.DOTALL | re.IGNORECASE) is not None
    if text.strip():
        assert takes(f"name={pattern}", {"name": text}) == expected
