"""Dead letters as JSON lines: what comes back is what was written, to the byte."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_ops.lead_files.lead_lines import LONGEST, Bad, Place
from lead_ops.letter_files.json_lines import json_line, read_json_letters
from lead_ops.letter_files.letter import Exported, Imported, errors_of
from lead_ops.letter_files.letter_file import LetterFileError, read_letters
from lead_producers.record import MAX_BYTES, encode
from lead_worker.core.outcome import FieldError

ID = "019302f4c1a07d1f0a6b3c8e5d2f4a91"
RECORD = {
    "state": "dead",
    "lane": "live",
    "source": "form",
    "accepted_at": "1740837789.25",
    "attempts": "3",
    "reason": "rejected",
    "cause": "status_422",
    "status": "422",
    "code": "BAD",
    "group": "rejected:status_422:BAD",
    "key": "f" * 32,
    "token": "of no interest",
}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
leads = st.dictionaries(names, json_values, max_size=4)


def blocks(content: bytes, size: int = 7) -> Iterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


def letter(raw: bytes, *errors: FieldError) -> Exported:
    return Exported(ID, RECORD, 1740837790.5, errors, raw)


def read(content: bytes, size: int = 7) -> list[Imported | Bad]:
    return list(read_json_letters(blocks(content, size)))


def one(content: bytes) -> Imported:
    (found,) = read(content)
    assert isinstance(found, Imported), found
    return found


def complaints(content: bytes) -> list[str]:
    return [item.message if isinstance(item, Bad) else "ok" for item in read(content, 65_536)]


def test_a_line_tells_why_and_has_the_lead_as_it_came() -> None:
    raw = b'{ "name":"Jo\\u00e3o", "age": 1.50, "n":1e2 }'
    line = json_line(letter(raw, FieldError("email", "expected one address")))
    assert line.endswith(b',"raw":' + raw + b"}\n")
    told = json.loads(line)
    assert list(told) == [
        *("id", "state", "died_at", "reason", "cause", "status", "code", "group"),
        *("lane", "source", "accepted_at", "attempts", "errors", "key", "raw"),
    ]
    assert told["died_at"] == "2025-03-01T14:03:10.500000Z"
    assert told["status"] == 422
    assert told["errors"] == [{"path": "email", "message": "expected one address"}]


def test_the_record_comes_back_as_it_writes_itself() -> None:
    found = one(json_line(letter(b"{}")))
    assert found.lead_id == ID
    assert found.place == Place(1, 1)
    record = {name: value for name, value in RECORD.items() if name != "token"}
    assert found.fields == record | {"died_at": "1740837790.5"}


@given(st.binary(max_size=40) | leads.map(encode) | leads.map(lambda v: json.dumps(v).encode()))
def test_whatever_was_stored_comes_back_to_the_byte(raw: bytes) -> None:
    found = one(json_line(letter(raw)))
    assert found.raw == raw


@given(leads, st.sampled_from([None, 1]))
def test_any_lead_comes_back_with_the_same_value(value: dict[str, Any], indent: int | None) -> None:
    found = one(json_line(letter(json.dumps(value, indent=indent).encode())))
    assert found.value == value


@given(leads, st.booleans(), st.booleans())
def test_a_line_that_another_tool_wrote_anew_is_read_by_value(
    value: dict[str, Any], spaced: bool, sorted_: bool
) -> None:
    told = json.loads(json_line(letter(encode(value))))
    separators = (", ", ": ") if spaced else (",", ":")
    line = json.dumps(told, separators=separators, sort_keys=sorted_).encode()
    found = one(line + b"\r\n")
    assert found.value == value
    assert json.loads(found.raw or b"") == value


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no JSON",
        b"[1]",
        b"\xff",
        b'{"a":1,"a":2}',
        b'{"a":\n1}',
        b'{"a":\r1}',
        b"\xef\xbb\xbf{}",
        b'{"a":' + b"[" * 63 + b"]" * 63 + b"}",
        b'{},"id":"another"',
    ],
)
def test_bytes_that_cannot_stand_in_a_line_are_in_base64(raw: bytes) -> None:
    line = json_line(letter(raw))
    told = json.loads(line)
    assert base64.b64decode(told["raw_base64"]) == raw
    assert "raw" not in told
    assert line.count(b"\n") == 1
    assert one(line).raw == raw


def test_a_lead_that_nobody_could_read_is_mended_by_raw_in_its_place() -> None:
    told = json.loads(json_line(letter(b"name=Ana")))
    assert one(json.dumps(told).encode()).value is None
    del told["raw_base64"]
    found = one(json.dumps(told | {"raw": {"name": "Ana"}}).encode())
    assert (found.value, found.raw) == ({"name": "Ana"}, b'{"name":"Ana"}')


def test_a_bad_line_is_told_without_a_value_and_stops_no_other() -> None:
    good = json_line(letter(b'{"name":"Ana"}')).rstrip()
    told = json.loads(good)
    bad = [
        good[:-1],
        json.dumps(told | {"id": "Ana"}).encode(),
        json.dumps(told | {"id": 7}).encode(),
        json.dumps({"id": ID}).encode(),
        json.dumps(told | {"raw_base64": "QQ=="}).encode(),
        json.dumps(told | {"raw": "Ana"}).encode(),
        json.dumps({"id": ID, "raw_base64": "Ana!"}).encode(),
        json.dumps({"id": ID, "raw_base64": 7}).encode(),
        json.dumps({"id": ID, "raw": {"a": "x" * MAX_BYTES}}).encode(),
        json.dumps({"id": ID, "raw": {"a": "x" * LONGEST}}).encode(),
    ]
    content = b"\n".join([b"\xef\xbb\xbf" + good, b"", *bad, good])
    found = complaints(content)
    assert found == [
        "ok",
        f"expected JSON, found something else at character {len(good)}",
        "expected an id of 32 hex digits, found none",
        "expected an id of 32 hex digits, found none",
        "expected raw or raw_base64, found neither",
        "expected raw or raw_base64, found both",
        "expected an object in raw, found text",
        "expected base64 in raw_base64, found something else",
        "expected base64 in raw_base64, found something else",
        f"raw: expected at most {MAX_BYTES} bytes of JSON, found {MAX_BYTES + 8}",
        f"expected at most {LONGEST} bytes, found more",
        "ok",
    ]
    places = [item.place for item in read(content, 65_536)]
    assert places[:3] == [Place(1, 1), Place(3, 2), Place(4, 3)]


def test_facts_that_were_spoilt_are_left_out() -> None:
    told = {"id": f" {ID.upper()} ", "raw": {}, "died_at": "in May", "attempts": True, "status": []}
    found = one(json.dumps(told | {"lane": "bulk", "errors": "x", "other": "y"}).encode())
    assert (found.lead_id, found.fields) == (ID, {"lane": "bulk"})


def test_what_was_said_last_is_what_a_letter_tells() -> None:
    invalid = {"event": "attempt", "errors": [{"path": "email", "message": "bad"}, "odd"]}
    rejected = {"event": "attempt", "message": "no \ud800"}
    noted = {"event": "held"}
    assert errors_of([]) == ()
    assert errors_of([rejected, invalid, noted]) == (FieldError("email", "bad"),)
    said = errors_of([invalid, rejected, noted])
    assert said == (FieldError("", "no ?"),)
    assert one(json_line(letter(b"{}", *said))).value == {}


def test_no_letter_shows_a_lead_in_its_repr() -> None:
    told = letter(b'{"name":"Ana"}', FieldError("name", "Ana is wrong"))
    assert "Ana" not in repr(told)
    assert "Ana" not in repr(one(json_line(told)))


def test_the_format_is_told_by_the_first_bytes() -> None:
    line = json_line(letter(b"{}"))
    assert len(list(read_letters(blocks(b"\xef\xbb\xbf\n" + line * 2, 1)))) == 2
    assert len(list(read_letters(blocks(b"id,lead.email\r\n%b,a@x.io" % ID.encode(), 1)))) == 1
    assert list(read_letters([])) == []


@pytest.mark.parametrize("content", [b'{\n  "id": 1\n}\n', b"[]", b'[{"id":1}]'])
def test_json_that_is_not_in_lines_is_refused_with_the_way_out(content: bytes) -> None:
    with pytest.raises(LetterFileError, match="jq -c"):
        read_letters(blocks(content))
