from __future__ import annotations

import json
from itertools import product
from typing import Any, NoReturn

from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st
from lead_worker.core.lead import Lead, body, to_json
from lead_worker.core.outcome import Invalid
from lead_worker.core.schema import SchemaRules, validate

ALL_RULES = [
    SchemaRules(unknown, "BR", utm, custom)
    for unknown, utm, custom in product(
        ("reject", "custom", "drop"), ("bare", "prefixed"), ("text", "json")
    )
]
NAMES = ["agentId", "agent_id", "name", "email", "phone", "company", "site", "custom", "utm"]

rules = st.sampled_from(ALL_RULES)
texts = st.text(st.characters(), max_size=20)  # lone surrogates included
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300, max_value=10**320)
    | st.floats()
    | texts
    | st.sampled_from(["completed", "maria@example.com", "11 98765-4321", "utm_source", " "])
)
keys = texts | st.sampled_from(["source", "utm_source", "x"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)
objects = st.dictionaries(keys, values, max_size=4)
leads = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys([*NAMES, "capture", "unknown"], values | objects),
)
thorough = settings(deadline=None, derandomize=True, max_examples=200)


def refuse(name: str) -> NoReturn:
    raise AssertionError(name)


def check(raw: bytes, chosen: SchemaRules) -> None:
    found = validate(raw, chosen)
    if isinstance(found, Invalid):
        assert found.errors
        assert all(error.message.isprintable() for error in found.errors)
        assert all(error.path.isprintable() for error in found.errors)
        return
    text = to_json(found).decode()
    assert json.loads(text, parse_constant=refuse) == body(found)
    assert body(found)


@thorough
@given(raw=st.binary(max_size=60), chosen=rules)
def test_no_bytes_make_it_raise(raw: bytes, chosen: SchemaRules) -> None:
    check(raw, chosen)


@thorough
@given(value=values | leads, chosen=rules)
def test_no_json_makes_it_raise_and_what_is_sent_is_strict_json(
    value: Any, chosen: SchemaRules
) -> None:
    check(json.dumps(value).encode(), chosen)


@thorough
@given(value=leads, chosen=rules)
def test_what_is_sent_would_be_sent_unchanged_if_it_came_back(
    value: Any, chosen: SchemaRules
) -> None:
    found = validate(json.dumps(value).encode(), chosen)
    if isinstance(found, Lead):
        assert validate(to_json(found), chosen) == found


@thorough
@given(field=st.sampled_from([*NAMES, "capture", "unknown"]), inside=st.booleans())
def test_no_message_holds_a_value(field: str, inside: bool) -> None:
    secret = "Zq9-secret"
    for value in (secret, [secret], {"x": [secret]}, {"x": {"y": secret}}):
        raw = {field: {"source": value} if inside else value, "email": secret + "@"}
        found = validate(json.dumps(raw).encode(), SchemaRules())
        assert isinstance(found, Invalid)
        assert not any(secret in error.message + error.path for error in found.errors)


local_parts = st.text("abz09.!#$%&'*+/=?^_`{|}~-A\"<>@ é", max_size=8)
domains = st.lists(st.text("abz09-xnA_@é", max_size=5), max_size=4).map(".".join)
endings = st.sampled_from([".com", ".test", ".local", ".x1", ".1", ".xn--p1ai", "", "."])
long_locals = st.integers(230, 256).map("m".__mul__)


@thorough
@given(local=local_parts | long_locals, domain=domains, ending=endings)
def test_the_short_way_for_plain_addresses_answers_as_email_validator_does(
    local: str, domain: str, ending: str
) -> None:
    address = f"{local}@{domain}{ending}".strip()
    try:
        checked = validate_email(
            address, check_deliverability=False, allow_display_name=False, strict=True
        )
        expected: str | None = checked.ascii_email or checked.normalized
    except EmailNotValidError:
        expected = None
    found = validate(json.dumps({"email": address}).encode(), SchemaRules())
    assert (found.email if isinstance(found, Lead) else None) == expected
