"""What counts as the same lead, and what as the same person."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lead_ops.sandbox.body import fields_of
from lead_ops.sandbox.leads import LeadBook
from lead_worker.core.lead import Lead, body, to_json
from lead_worker.core.likeness import is_about, is_equal
from lead_worker.core.schema import SchemaRules, validate

CUSTOM = {"score": "7", "vip": "true", "tags": '["a","b"]', "size": '{"w":1,"h":2}'}
SENT: dict[str, object] = {
    "agentId": "a1",
    "name": "Ana Sample",
    "email": "ana@example.com",
    "phone": "+5511987654321",
    "company": "Sample SA",
    "site": "https://example.com",
    "custom": CUSTOM,
    "utm": {"source": "ads", "gclid": "x1"},
    "capture": "partial",
}
NOTHING: list[Any] = [None, "", "  ", {}, []]


def listed(**changed: Any) -> dict[str, Any]:
    return {**SENT, "id": "lead-1", "workspaceId": "w", **changed}


def test_the_echo_is_equal() -> None:
    assert is_equal(listed(), SENT)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "  Ana Sample\n"},
        {"email": " ANA@Example.com"},
        {"phone": "+55 (11) 98765-4321"},
        {"phone": 5511987654321},
        {"custom": {"score": 7, "vip": True, "tags": ["a", "b"], "size": {"h": 2, "w": 1}}},
        {
            "custom": {
                "size": '{"h": 2.0, "w": 1}',
                "score": " 7",
                "vip": True,
                "tags": '["a", "b"]',
            }
        },
        {"custom": {**CUSTOM, "other": None, "more": {}}},
        {"utm": {"utm_source": "ads", "utm_gclid": "x1"}},
        {"utm": {"UTM_source": "ads", "gclid": "x1", "medium": ""}},
        {"updatedAt": "later", "score": 3},
    ],
)
def test_what_the_api_writes_its_own_way_is_equal(changed: dict[str, Any]) -> None:
    assert is_equal(listed(**changed), SENT)


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "ana sample"},
        {"name": "Ana  Sample"},
        {"email": "ana@example.org"},
        {"phone": "11987654321"},
        {"custom": {**CUSTOM, "score": "7.5"}},
        {"custom": {**CUSTOM, "other": 0}},
        {"custom": "text"},
        {"utm": {"source": "ads"}},
        {"utm": {"source": "ads", "utm_source": "other", "gclid": "x1"}},
        {"capture": "completed"},
        {"capture": None},
    ],
)
def test_another_value_is_not_equal(changed: dict[str, Any]) -> None:
    assert not is_equal(listed(**changed), SENT)


@pytest.mark.parametrize("nothing", NOTHING)
@pytest.mark.parametrize("field", [name for name in SENT if name != "name"])
def test_nothing_is_the_same_however_it_is_written(field: str, nothing: Any) -> None:
    sent = {"name": "Ana"}
    assert is_equal({"name": "Ana", field: nothing}, sent)
    assert is_equal({"name": "Ana", "custom": {"x": nothing}, "utm": {"source": nothing}}, sent)
    assert is_equal({"name": "Ana"}, {**sent, field: nothing})


def test_a_capture_that_is_not_said_is_completed() -> None:
    assert is_equal({"name": "Ana", "capture": "completed"}, {"name": "Ana"})
    assert is_equal({"name": "Ana"}, {"name": "Ana", "capture": "completed"})
    assert not is_equal({"name": "Ana", "capture": "partial"}, {"name": "Ana"})


@pytest.mark.parametrize("field", [name for name in SENT if name != "capture"])
def test_a_field_that_was_not_sent_makes_it_another_lead(field: str) -> None:
    sent = {name: value for name, value in SENT.items() if name != field}
    assert not is_equal(listed(), sent)


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (7.0, 7),
        (12345678901234567890, 12345678901234567000),
        (1e300, 1e300),
        (10**300, 1e300),
        (-0.0, 0),
        ({"a": {"b": 7.0, "c": None}}, {"a": {"b": 7}}),
    ],
)
def test_a_number_is_what_a_double_holds_of_it(sent: Any, found: Any) -> None:
    assert is_equal({"custom": {"n": found}}, {"custom": {"n": sent}})


@pytest.mark.parametrize(
    ("field", "value", "found", "same"),
    [
        ("email", "ana@example.com", " ANA@EXAMPLE.COM ", True),
        ("email", "ana@example.com", "joana@example.com", False),
        ("email", "ana@example.com", None, False),
        ("phone", "+5511987654321", "(11) 98765-4321", True),
        ("phone", "+5511987654321", "98765-4321", True),
        ("phone", "+5511987654321", "7654321", False),
        ("phone", "+5511987654321", "+551198765432", False),
        ("phone", "+5511987654321", "+5521987654321", False),
        ("phone", "ask for Ana", "Ask for ana", True),
        ("phone", "ask for Ana", "ask for Bia", False),
        ("phone", "ask for Ana", "+5511987654321", False),
        ("phone", "1234", "1234", True),
        ("name", "Ana Sample", "ANA   sample", True),
        ("name", "Ana Sample", "Ana Sample Lima", False),
        ("name", "Ana Sample", {"first": "Ana"}, False),
    ],
)
def test_who_may_be_the_same_person(field: str, value: str, found: object, same: bool) -> None:
    assert is_about({field: found}, field, value) is same


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize("value", [nested(5000), 10**400, float("nan"), float("inf"), "\ud800"])
def test_no_value_of_a_listed_lead_raises(value: Any) -> None:
    for field in SENT:
        assert not is_equal(listed(**{field: value}), SENT)
        assert not is_equal(listed(**{field: {"x": value}}), SENT)
    for field in ("email", "phone", "name"):
        assert not is_about({field: value}, field, "Ana Sample 123456789")


@pytest.mark.parametrize(
    "text", ["[" * 5000, "[" * 50, '{"a":' * 60, "[NaN]", f"[{10**400}]", "{}x"]
)
def test_a_text_that_looks_like_json_is_text(text: str) -> None:
    assert is_equal({"custom": {"x": text}}, {"custom": {"x": text}})
    assert not is_equal({"custom": {"x": text + "]"}}, {"custom": {"x": text}})


texts = st.text(max_size=12) | st.sampled_from(["", " ", "7", "true", "{}", '{"a": 1}', "[", "+55"])
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)
raw_leads = st.fixed_dictionaries(
    {"name": st.text(min_size=1, max_size=12)},
    optional={
        "agentId": texts,
        "email": st.sampled_from(["Ana@example.com", "b@Exämple.com", ""]),
        "phone": texts | st.sampled_from(["11 98765-4321", "0xx11 98765 4321 ramal 9"]),
        "company": texts,
        "site": texts,
        "custom": st.dictionaries(texts, values, max_size=4),
        "utm": st.dictionaries(texts | st.sampled_from(["utm_source", "utm_"]), texts, max_size=3),
        "capture": st.sampled_from(["completed", "partial"]),
    },
)
rules = st.sampled_from([SchemaRules(), SchemaRules(utm_keys="prefixed")])
thorough = settings(deadline=None, derandomize=True, max_examples=300)


def sent_of(raw: dict[str, Any], chosen: SchemaRules) -> tuple[dict[str, object], bytes] | None:
    lead = validate(json.dumps(raw).encode(), chosen)
    return (body(lead), to_json(lead)) if isinstance(lead, Lead) else None


@thorough
@given(raw=raw_leads, chosen=rules)
def test_what_the_sandbox_makes_of_any_lead_is_equal(
    raw: dict[str, Any], chosen: SchemaRules
) -> None:
    made = sent_of(raw, chosen)
    if made is None:
        return
    sent, posted = made
    fields = fields_of(json.loads(posted))
    assert isinstance(fields, dict)
    assert is_equal(LeadBook().draft(fields, 0.0), sent)


@thorough
@given(raw=raw_leads, field=st.sampled_from(sorted(SENT)), changed=st.sampled_from("xyz9"))
def test_a_change_of_any_one_field_makes_it_another_lead(
    raw: dict[str, Any], field: str, changed: str
) -> None:
    made = sent_of(raw, SchemaRules())
    if made is None:
        return
    sent = made[0]
    was = sent.get(field)
    match field:
        case "custom" | "utm":
            value: object = {**(was if isinstance(was, dict) else {}), "a new key": changed}
        case "capture":
            value = "completed" if was == "partial" else "partial"
        case _:
            value = f"{was or ''}9{changed}"
    assert not is_equal({**sent, field: value}, sent)
