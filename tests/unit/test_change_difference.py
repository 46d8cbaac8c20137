from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lead_worker.core.change import (
    MOST_DIFFERENCES,
    Change,
    Difference,
    Move,
    Set,
    Unset,
    apply,
    difference,
    difference_json,
)
from lead_worker.core.field_path import NOT_THERE

# Few names and odd ones, so that they meet: parts of each other, escapes, indexes, nothing at all.
names = st.text('ab.\\[]0"=:', max_size=4) | st.sampled_from(["a", "b", "a.b", "a.a", "", '""'])
scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, "", "x"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
leads = st.dictionaries(names, values, max_size=5)
paths = st.text('ab.\\[]0"', max_size=6)
steps = st.lists(
    st.builds(Set, paths, values) | st.builds(Unset, paths) | st.builds(Move, paths, paths),
    max_size=4,
)
thorough = settings(deadline=None, derandomize=True, max_examples=400)


def as_text(value: object) -> str:
    """JSON, in which true is not 1 as it is in Python."""
    return json.dumps(value, sort_keys=True)


def step_of(found: Difference) -> Change:
    if found.after is NOT_THERE:
        return Unset(found.path)
    return Set(found.path, found.after)


@thorough
@given(before=leads, after=leads)
def test_making_the_differences_gives_the_other_lead(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    changed = apply(before, map(step_of, difference(before, after)))
    assert as_text(changed) == as_text(after)


@thorough
@given(value=leads)
def test_nothing_differs_from_itself(value: dict[str, Any]) -> None:
    assert difference(value, copy.deepcopy(value)) == []


@thorough
@given(value=leads, chosen=steps)
def test_no_step_changes_what_it_is_given_or_raises(
    value: dict[str, Any], chosen: list[Change]
) -> None:
    given_value, given_steps = as_text(value), copy.deepcopy(chosen)
    changed = apply(value, chosen)
    assert as_text(value) == given_value
    assert as_text([getattr(s, "value", 0) for s in chosen]) == as_text(
        [getattr(s, "value", 0) for s in given_steps]
    )
    assert isinstance(changed, str) or as_text(changed)


@thorough
@given(value=leads, path=paths)
def test_what_was_set_is_set_and_setting_it_again_changes_nothing(
    value: dict[str, Any], path: str
) -> None:
    once = apply(value, [Set(path, "new")])
    if isinstance(once, dict):
        assert "new" in as_text(once)
        assert apply(once, [Set(path, "new")]) == once


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 2}, [{"path": "a", "before": 1, "after": 2}]),
        ({"a": 1}, {}, [{"path": "a", "before": 1}]),
        ({}, {"a": 1}, [{"path": "a", "after": 1}]),
        ({"a": None}, {}, [{"path": "a", "before": None}]),
        ({}, {"a": None}, [{"path": "a", "after": None}]),
        ({"a": 1}, {"a": True}, [{"path": "a", "before": 1, "after": True}]),
        ({"u": {"a": 1}}, {"u": {"a": 2}}, [{"path": "u.a", "before": 1, "after": 2}]),
        ({"u": {}}, {"u": 1}, [{"path": "u", "before": {}, "after": 1}]),
        ({"u": [{"a": 1}]}, {"u": [{}]}, [{"path": "u", "before": [{"a": 1}], "after": [{}]}]),
        ({"a.b": 1}, {}, [{"path": r"a\.b", "before": 1}]),
        ({"a[0]": 1}, {}, [{"path": r"a\[0]", "before": 1}]),
        ({"": 1}, {}, [{"path": '""', "before": 1}]),
    ],
)
def test_each_field_that_differs_is_told(
    before: object, after: object, expected: list[dict[str, object]]
) -> None:
    assert difference_json(before, after) == expected


def test_an_object_is_told_whole_where_its_path_could_mean_another_field() -> None:
    found = difference_json({"u": {"a": 1}, "u.a": 5}, {"u": {"a": 2}, "u.a": 5})
    assert found == [{"path": "u", "before": {"a": 1}, "after": {"a": 2}}]


def test_the_order_of_fields_is_no_difference_but_that_of_a_list_is() -> None:
    assert difference({"a": 1, "b": [{"c": 1, "d": 2}]}, {"b": [{"d": 2, "c": 1}], "a": 1}) == []
    assert difference({"a": [1, 2]}, {"a": [2, 1]}) != []


def test_a_raw_lead_that_is_no_object_differs_as_a_whole() -> None:
    assert difference_json("not JSON", {"a": 1}) == [
        {"path": "", "before": "not JSON", "after": {"a": 1}}
    ]
    assert difference("not JSON", "not JSON") == []


def test_nan_is_the_same_as_nan() -> None:
    assert difference({"a": float("nan")}, {"a": float("nan")}) == []


def test_the_differences_beyond_a_hundred_are_counted() -> None:
    many = {f"f{number:03}": number for number in range(MOST_DIFFERENCES + 7)}
    found = difference_json({}, many)
    assert len(found) == MOST_DIFFERENCES + 1
    assert found[-2] == {"path": "f099", "after": 99}
    assert found[-1] == {"path": "…", "more": 7}
    assert len(difference({}, dict(list(many.items())[:MOST_DIFFERENCES]))) == MOST_DIFFERENCES


def test_values_deeper_than_any_recursion_are_compared() -> None:
    def deep(bottom: object, as_list: bool) -> dict[str, Any]:
        value = bottom
        for _ in range(20_000):
            value = [value] if as_list else {"a": value}
        return {"deep": value}

    for as_list in (True, False):
        assert difference(deep(1, as_list), deep(1, as_list)) == []
        assert len(difference(deep(1, as_list), deep(2, as_list))) == 1


def test_a_difference_keeps_its_values_to_itself() -> None:
    assert "secret" not in repr(difference({"a": "secret"}, {"a": "secret too"}))
