"""What holds whatever a payload is."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lead_producers.mappings import MAPPINGS, BadPayload, Mapped
from lead_worker.core.outcome import Invalid

from tests.unit.mappings.samples import LEADS, NAMES, checked, sample, source_of, values, word_list

thorough = settings(deadline=None, derandomize=True, max_examples=150)

words = st.sampled_from(
    word_list("""
    leads contact data field_data form_response items answers hidden definition user_column_data
    fields form_fields meta form name value values type choices labels label uuid id token custom
    utm utm_source utm_ gclid email nome first_name last_name capture company custom_fields
    fields[a][value] fields[a] fields[a][b][c] tags[] page_url entry_id
    """)
)
keys = words | st.text(max_size=8)
texts = words | st.text(st.characters(), max_size=12)  # lone surrogates included
odd = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.integers(10**400)
tame = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    | words
)


def nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )


def places(value: Any) -> list[tuple[Any, Any]]:
    """Each container in a JSON value with each of its keys or positions."""
    if not isinstance(value, dict | list):
        return []
    inside = list(value.items() if isinstance(value, dict) else enumerate(value))
    deeper = (place for _, item in inside for place in places(item))
    return [*((value, key) for key, _ in inside), *deeper]


@st.composite
def damaged(draw: st.DrawFn, leaves: st.SearchStrategy[Any]) -> tuple[str, Any]:
    """A mapping's name, and a sample of its source in which a few places hold something else."""
    name = draw(st.sampled_from(NAMES))
    payload = sample(name)
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(places(payload)))
        container[key] = draw(nested(leaves))
    return source_of(name), payload


def leads(source: str, payload: Any) -> list[Mapped]:
    """The leads of a payload that are good; whatever else is raised fails the test."""
    try:
        return MAPPINGS[source](payload)
    except BadPayload as error:
        return error.others


@thorough
@given(source=st.sampled_from(sorted(MAPPINGS)), payload=nested(odd))
def test_nothing_but_bad_payload_is_raised_for_any_json(source: str, payload: Any) -> None:
    leads(source, payload)


@thorough
@given(case=damaged(odd))
def test_nothing_but_bad_payload_is_raised_for_a_damaged_payload(case: tuple[str, Any]) -> None:
    source, payload = case
    before = copy.deepcopy(payload)
    leads(source, payload)
    assert repr(payload) == repr(before)


@thorough
@given(case=damaged(tame))
def test_the_schema_finds_fault_with_nothing_but_an_email(case: tuple[str, Any]) -> None:
    for lead in leads(*case):
        found = checked(lead)
        if isinstance(found, Invalid):
            assert {error.path for error in found.errors} == {"email"}


@thorough
@given(
    answers=st.dictionaries(
        st.sampled_from(
            word_list("""
            nome name your-name sobrenome first_name email e-mail email-2 tel-482 celular whatsapp
            empresa site url cargo mensagem utm_source UTM_Source utm_campaign gclid custom capture
            form_fields[budget] fields[x][value] tags[]
            """)
        ),
        st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=9),
    )
)
def test_nothing_that_was_typed_into_a_form_is_lost(answers: dict[str, str]) -> None:
    (lead,) = MAPPINGS["form"](answers | {"cargo": answers.get("cargo", "x")})
    kept = [str(value) for value in values(lead.raw)]
    assert all(any(answer in value for value in kept) for answer in answers.values())


@pytest.mark.parametrize("source", sorted(MAPPINGS))
def test_a_payload_that_nests_without_end_is_refused(source: str) -> None:
    endless: dict[str, Any] = {}
    endless["data"] = endless["leads"] = [endless]
    with pytest.raises(BadPayload, match="levels"):
        MAPPINGS[source](endless)


@pytest.mark.parametrize("source", sorted(MAPPINGS))
@pytest.mark.parametrize(
    ("payload", "found"),
    [(None, "null"), ([], "a list"), ("Maria", "text"), (1, "a number"), (b"x", "type bytes")],
)
def test_what_is_no_object_is_refused_and_not_shown(source: str, payload: Any, found: str) -> None:
    with pytest.raises(BadPayload, match=f"expected an object, found .*{found}$") as caught:
        MAPPINGS[source](payload)
    assert caught.value.path == ""


@pytest.mark.parametrize("name", LEADS)
def test_a_number_that_python_refuses_to_print_is_only_a_value(name: str) -> None:
    changes = len(places(sample(name)))
    for change in range(changes):
        payload = sample(name)
        container, key = places(payload)[change]
        container[key] = 10**5000
        leads(source_of(name), payload)
