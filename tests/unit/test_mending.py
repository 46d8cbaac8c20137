"""What becomes of a raw lead that somebody corrects: new bytes, nothing, or what is still wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_ops.mending.decision import (
    LOOSE_DEPTH,
    Mended,
    Mending,
    Refused,
    Unchanged,
    Unfit,
    changes_between,
    mend,
    mend_text,
    number_of,
    put_on_top,
)
from lead_ops.mending.lead_text import offered
from lead_producers.record import MAX_BYTES
from lead_worker.core.change import Change, Move, Set, Unset
from lead_worker.core.lead import Lead
from lead_worker.core.schema import SchemaRules, validate
from lead_worker.core.strict_json import MAX_DEPTH

RULES = SchemaRules()
MAIL = Set("email", "maria@example.com")


def mended(raw: bytes, *steps: Change, rules: SchemaRules = RULES) -> Mended:
    """A correction that must be accepted; what is stored is valid by the same rules."""
    found = mend(raw, steps, rules)
    assert isinstance(found, Mended), found
    assert isinstance(validate(found.raw, rules), Lead)
    return found


def wrong(found: Mending) -> dict[str, str]:
    assert isinstance(found, Refused), found
    return {error.path: error.message for error in found.errors}


def unfit(found: Mending) -> str:
    assert isinstance(found, Unfit), found
    assert "secret" not in found.reason
    return found.reason


def nested(levels: int) -> bytes:
    """A lead whose field `deep` has so many levels, the lead itself counted."""
    return b'{"name":"Ana","deep":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


def test_steps_are_made_in_their_order() -> None:
    raw = b'{"telefone":"11987654321"}'
    found = mended(raw, Move("telefone", "fone"), Move("fone", "phone"), Set("name", "Ana"))
    assert json.loads(found.raw) == {"phone": "11987654321", "name": "Ana"}
    assert found.changes == [
        {"path": "telefone", "before": "11987654321"},
        {"path": "phone", "after": "11987654321"},
        {"path": "name", "after": "Ana"},
    ]
    assert number_of(found.changes) == 3


def test_what_is_still_wrong_is_told_for_each_field_and_so_is_what_would_have_changed() -> None:
    raw = b'{"email":"secret","site":{},"fax":"x"}'
    found = mend(raw, [Set("email", "nobody")], RULES)
    assert set(wrong(found)) == {"email", "fax", "site"}
    assert isinstance(found, Refused)
    assert found.changes == [{"path": "email", "before": "secret", "after": "nobody"}]
    assert "secret" not in repr(found)


def test_the_rules_are_the_workers() -> None:
    raw = b'{"name":"Ana","fax":"x"}'
    assert wrong(mend(raw, [Unset("zip")], RULES)).keys() == {"fax"}
    assert mended(raw, Unset("zip"), MAIL, rules=SchemaRules("custom")).changes == [
        {"path": "email", "after": MAIL.value}
    ]


def test_what_changes_nothing_on_a_valid_lead_is_told_apart() -> None:
    raw = b'{"email": "maria@example.com"}'
    assert mend(raw, [MAIL, Unset("fax")], RULES) == Unchanged()
    assert mend_text(raw, b'{ "email":"maria@example.com" }', RULES) == Unchanged()


def test_a_step_that_cannot_be_made_is_unfit() -> None:
    assert "name" in unfit(mend(b'{"name":"secret"}', [Set("name.first", "Ana")], RULES))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"secret",
        b'{"name":"secret"',
        b'["secret"]',
        b'"secret"',
        b"null",
        b'{"name":"secret\xe9"}',
        b'{"name":"secret","name":"secret"}',
        nested(LOOSE_DEPTH + 2),
        nested(100_000),
    ],
    ids=lambda raw: f"{raw[:20]!r}",
)
def test_where_reading_could_lose_data_steps_are_unfit_and_a_text_mends(raw: bytes) -> None:
    assert unfit(mend(raw, [MAIL], RULES)).startswith("expected ")
    assert wrong(mend_text(raw, offered(raw), RULES)).keys() == {""}
    found = mend_text(raw, b'\xef\xbb\xbf{"name": "Ana"}\r\n', RULES)
    assert isinstance(found, Mended)
    assert found.raw == b'{"name":"Ana"}'
    (change,) = found.changes
    assert (change["path"], change["after"]) == ("", {"name": "Ana"})


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (b"NaN", "NaN"),
        (b"-Infinity", "-Infinity"),
        (b"1e999", "Infinity"),
        (b"9" * 400, "Infinity"),
        (b"9" * 9000, "Infinity"),
        (rb'"\ud800"', "\ud800"),
        (b"[" * 80 + b"]" * 80, None),
    ],
)
def test_what_no_lead_may_hold_is_taken_out_by_its_path(value: bytes, told: object) -> None:
    raw = b'{"name":"Ana","x":%b}' % value
    found = mended(raw, Unset("x"))
    assert found.raw == b'{"name":"Ana"}'
    (change,) = found.changes
    assert change["path"] == "x"
    assert told is None or change["before"] == told
    json.dumps(found.changes, allow_nan=False)
    still = wrong(mend(raw, [MAIL], SchemaRules("custom")))
    assert all(path.startswith("x") for path in still)
    assert len(still) == 1


@pytest.mark.parametrize("raw", [b'{"name":"A\tna"}', b'\xef\xbb\xbf{"name":"Ana"}'])
def test_a_lead_that_is_only_written_badly_is_written_anew(raw: bytes) -> None:
    found = mended(raw, Unset("fax"))
    (change,) = found.changes
    assert (change["path"], change["before"]) == ("", raw.decode())


def test_a_lead_of_the_most_levels_or_bytes_can_be_mended_and_no_larger_one_be_made() -> None:
    custom = SchemaRules("custom", custom_values="json")
    deep = nested(MAX_DEPTH)
    assert len(mended(deep, MAIL, rules=custom).raw) > len(deep)
    assert wrong(mend(deep, [Move("deep", "more.deep")], custom)).keys() != set()
    full = json.dumps({"name": "a" * (MAX_BYTES - 20)}, separators=(",", ":")).encode()
    assert "bytes" in wrong(mend(full, [MAIL], RULES))[""]
    assert len(mended(full, Set("name", "Ana")).raw) < 20


def test_a_long_list_of_differences_is_bounded_and_counted() -> None:
    raw = json.dumps({f"f{n}": n for n in range(500)}).encode()
    found = mend_text(raw, b'{"name":"Ana"}', RULES)
    assert isinstance(found, Mended)
    assert len(found.changes) == 101
    assert number_of(found.changes) == 501


def test_a_correction_goes_on_top_of_somebody_elses() -> None:
    old, new = b'{"name":"Ana","fax":"1","zip":"2"}', b'{"name":"Ana Souza","fax":"1","zip":"2"}'
    assert put_on_top(old, b'{"name":"Ana","email":"a@x.com","zip":"2"}', new) == {
        "name": "Ana Souza",
        "email": "a@x.com",
        "zip": "2",
    }
    assert changes_between(old, new) == [{"path": "name", "before": "Ana", "after": "Ana Souza"}]


@pytest.mark.parametrize(
    ("old", "text", "new"),
    [
        (b"no", b'{"name":"Ana"}', b'{"name":"Eva"}'),
        (b'{"name":"Ana"}', b'{"name":"Eva"', b'{"name":"Lia"}'),
        (b'{"utm":{}}', b'{"utm":{"source":"x"}}', b'{"utm":"text"}'),
        (b"{}", json.dumps({f"f{n}": n for n in range(500)}).encode(), b'{"name":"Ana"}'),
    ],
)
def test_where_it_does_not_fit_there_is_no_guess(old: bytes, text: bytes, new: bytes) -> None:
    assert put_on_top(old, text, new) is None


def test_the_text_for_an_editor_has_a_field_a_line_and_shows_what_does_not_print() -> None:
    text = offered('{"name":"Ação","utm":{},"x":"a\u202eb\\u0007"}'.encode()).decode()
    assert text.splitlines() == [
        "{",
        '  "name": "Ação",',
        '  "utm": {},',
        '  "x": "a\\u202eb\\u0007"',
        "}",
    ]


def test_what_is_hardly_json_keeps_each_name_and_number_in_the_text() -> None:
    raw = rb'{"a":1.10,"a":"x\"}y,","b":[NaN,{"c":[]}],"d":"Jos' + b'\xe9"}'
    assert offered(raw).decode().splitlines() == [
        "{",
        '  "a": 1.10,',
        r'  "a": "x\"}y,",',
        '  "b": [',
        "    NaN,",
        "    {",
        '      "c": []',
        "    }",
        "  ],",
        r'  "d": "Jos\xe9"',
        "}",
    ]
    assert offered(b'{"name":"A\tna"}').decode().splitlines()[1] == r'  "name": "A\tna"'
    assert offered(b"name=Jos\xe9;\n").decode() == "name=Jos\\xe9;\n"
    assert offered(b"").decode() == "\n"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_the_text_of_any_lead_says_what_the_lead_says(lead: dict[str, Any]) -> None:
    raw = json.dumps(lead).encode()
    found = mend_text(raw, offered(raw), SchemaRules("drop"))
    assert isinstance(found, Unchanged | Refused)
    assert not isinstance(found, Refused) or not [c for c in found.changes if c["path"]]


@given(st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_can_be_offered_refused_and_mended(raw: bytes) -> None:
    offered(raw).decode()
    mend(raw, [MAIL, Unset("x")], RULES)
    changes_between(raw, b"{}")
    found = mend_text(raw, b'{"email":"maria@example.com"}', RULES)
    assert isinstance(found, Mended | Unchanged)
