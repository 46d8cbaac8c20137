from __future__ import annotations

import json

import pytest
from lead_worker.core.lead import Lead
from lead_worker.core.outcome import Invalid
from lead_worker.core.schema import SchemaRules, validate
from lead_worker.core.strict_json import MAX_DEPTH, MAX_DIGITS


def message(raw: bytes) -> str:
    """The one error, which must be about the whole, of bytes that are no lead."""
    found = validate(raw, SchemaRules(unknown_fields="custom"))
    assert isinstance(found, Invalid), found
    (error,) = found.errors
    assert error.path == ""
    return error.message


def nested(depth: int) -> bytes:
    """A lead of so many levels, itself and `custom` included."""
    return b'{"custom":{"x":' + b"[" * (depth - 2) + b"]" * (depth - 2) + b"}}"


@pytest.mark.parametrize(
    "raw", [b"", b"x", b'{"name": "Maria"', b"{'name': 1}", b'{"a":"\n"}', b'\xef\xbb\xbf{"a":1}']
)
def test_what_is_not_json_is_invalid(raw: bytes) -> None:
    assert message(raw).startswith("expected JSON, found something else at character")


@pytest.mark.parametrize("raw", [b"\xff", b'{"name":"\xe9"}', b'{"name":"\xed\xa0\x80"}'])
def test_what_is_not_utf8_is_invalid(raw: bytes) -> None:
    assert message(raw) == "expected UTF-8, found bytes that are not"


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"[]", "a list"),
        (b'"Maria"', "text"),
        (b"1", "a number"),
        (b"true", "true or false"),
        (b"null", "null"),
    ],
)
def test_json_that_is_no_object_is_invalid(raw: bytes, kind: str) -> None:
    assert message(raw) == f"expected a JSON object, found {kind}"


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have_are_invalid(name: str) -> None:
    found = message(f'{{"custom": {{"x": [{name}]}}}}'.encode())
    assert found == f"expected JSON, found {name}, which JSON does not have"


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1" * (MAX_DIGITS + 1), "-" + "1" * 200_000])
def test_numbers_beyond_a_double_are_invalid(number: str) -> None:
    assert "digits" in message(f'{{"phone": {number}}}'.encode())


@pytest.mark.parametrize("sign", ["", "-"])
def test_the_longest_number_is_sent_digit_for_digit(sign: str) -> None:
    digits = sign + "1" * MAX_DIGITS
    lead = validate(f'{{"custom": {{"x": {digits}}}}}'.encode(), SchemaRules())
    assert isinstance(lead, Lead)
    assert lead.custom == {"x": digits}


@pytest.mark.parametrize(
    "raw", [b'{"name":"a","name":"a"}', b'{"custom":{"x":[{"name":1,"b":1,"name":2}]}}']
)
def test_a_key_that_is_there_twice_is_invalid_and_named(raw: bytes) -> None:
    assert message(raw) == 'expected each key once, found "name" twice in one object'


@pytest.mark.parametrize(
    "raw",
    [
        rb'{"name":"\ud800"}',
        rb'{"name":"\uDFFFx"}',
        rb'{"\ud800":"x"}',
        rb'{"phone":"\udc00\ud800"}',
        rb'{"custom":{"x":[{"y":"\ud83d"}]}}',
    ],
)
def test_half_of_a_surrogate_pair_is_invalid_anywhere(raw: bytes) -> None:
    assert "surrogate" in message(raw)


def test_a_whole_surrogate_pair_is_a_character() -> None:
    lead = validate(json.dumps({"name": "🙂", "company": "\\ud800"}).encode(), SchemaRules())
    assert isinstance(lead, Lead)
    assert (lead.name, lead.company) == ("🙂", "\\ud800")


def test_as_many_levels_as_are_allowed_are_sent() -> None:
    assert isinstance(validate(nested(MAX_DEPTH), SchemaRules()), Lead)


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 900, 100_000])
def test_more_levels_are_invalid(depth: int) -> None:
    assert message(nested(depth)).startswith(f"expected at most {MAX_DEPTH} levels")


def test_wide_is_not_deep() -> None:
    raw = json.dumps({"custom": {"x": [{} for _ in range(10_000)]}}).encode()
    assert isinstance(validate(raw, SchemaRules()), Lead)
