"""A lead's cells: disarmed and armed again, and changed only where somebody changed one."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_ops.letter_files.csv_cells import CELL_CAP, MORE, cell_of, column_of, leaves, merged
from lead_ops.letter_files.formulas import arm, disarm

STEERING = "=+-@\t\r\n'\",; \0x1.:\uff1d\uff0b\uff0d\uff20"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
texts |= st.text(st.sampled_from(STEERING), max_size=8)


def is_same(one: object, other: object) -> bool:
    """Equal, types included."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@given(texts)
def test_what_is_disarmed_is_armed_again(text: str) -> None:
    assert arm(disarm(text)) == text


@given(texts, texts)
def test_two_texts_never_become_one_cell(one: str, other: str) -> None:
    assert (disarm(one) == disarm(other)) == (one == other)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        ("''@x", "'''@x"),
        ("+55 11 98765-4321", "'+55 11 98765-4321"),
        ("\uff1d1", "'\uff1d1"),
        ("\t1", "'\t1"),
        (' "=1', "' \"=1"),
        ("a;=1;b", "a;'=1;b"),
        ("a\n@x", "a\n'@x"),
        ('a,"-1"', 'a,"\'-1"'),
        ("5511987654321", "'5511987654321"),
        ("0119", "'0119"),
        ("01310-100", "'01310-100"),
        ("1/2", "'1/2"),
        ("10.50", "'10.50"),
        ("1e5", "'1e5"),
    ],
)
def test_what_a_spreadsheet_would_run_or_rewrite_gets_an_apostrophe(text: str, cell: str) -> None:
    assert disarm(text) == cell
    assert arm(cell) == text


@pytest.mark.parametrize(
    "text", ["", "Ana", "'Ana'", "D'Ávila", "a-b", "a@x.io", "a = b", "0", "7", "11987654321", "3M"]
)
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert disarm(text) == text
    assert arm(text) == text


@pytest.mark.parametrize("unit", [" ", "\n", ";", "'", '";', "\n'", "1", ",\t "])
def test_a_long_text_takes_no_long_time(unit: str) -> None:
    text = unit * (262_144 // len(unit))
    began_at = time.process_time()
    assert arm(disarm(text)) == text
    assert time.process_time() - began_at < 2


STORED = {
    "name": "Ana",
    "age": 30,
    "ok": True,
    "tags": ["a"],
    "utm": {"source": "g", "n": 1},
    "custom": {},
    "nothing": None,
    "text": "a\r\nb",
    "a.b": "dotted",
}


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"name": "Eva"}, {"name": "Eva"}),
        ({"age": "31"}, {"age": 31}),
        ({"age": "old"}, {"age": "old"}),
        ({"name": "31"}, {"name": "31"}),
        ({"nothing": "31"}, {"nothing": "31"}),
        ({"ok": "FALSE"}, {"ok": False}),
        ({"tags": '["a","b"]'}, {"tags": ["a", "b"]}),
        ({"tags": "a, b"}, {"tags": "a, b"}),
        ({"age": '1,"b":2'}, {"age": '1,"b":2'}),
        ({"utm.source": "h"}, {"utm": {"source": "h", "n": 1}}),
        ({"custom.x": "new"}, {"custom": {"x": "new"}}),
        ({"nothing.x": "new"}, {"nothing": {"x": "new"}}),
        ({r"a\.b": "x"}, {"a.b": "x"}),
        ({"a.b": "x"}, {"a": {"b": "x"}}),
        ({"ok": "TRUE", "text": "a\nb", "nothing": " ", "not there": ""}, {}),
        ({"name": "", "name.first": "Ana"}, {"name": {"first": "Ana"}}),
        ({"utm.source": "", "utm.n": " ", "utm": "g"}, {"utm": "g"}),
    ],
)
def test_only_a_cell_that_differs_changes_a_field(
    change: dict[str, str], difference: dict[str, Any]
) -> None:
    before = json.dumps(STORED)
    as_written = {column_of(path): cell_of(leaf) for path, leaf in leaves(STORED)}
    assert is_same(merged(STORED, as_written | change), STORED | difference)
    assert json.dumps(STORED) == before


def test_an_emptied_cell_takes_the_field_away() -> None:
    found = merged(STORED, {"name": "", "utm.n": "", "age": ""})
    rest = {name: value for name, value in STORED.items() if name not in ("name", "age")}
    assert is_same(found, rest | {"utm": {"source": "g"}})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"utm": "x"}, "expected nothing in utm, as there are fields in it"),
        ({"name.first": "x"}, "expected an object at name for name.first, found text"),
        ({MORE: "x"}, "(more): expected JSON"),
        ({MORE: "[]"}, "(more): expected a JSON object"),
        ({"": "x"}, "expected the name of a field"),
    ],
)
def test_a_change_that_cannot_be_made_is_told(change: dict[str, str], complaint: str) -> None:
    found = merged(STORED, change)
    assert isinstance(found, str)
    assert found.startswith(complaint)


def test_a_text_that_a_spreadsheet_cut_off_is_no_change() -> None:
    stored = {"name": "x" * 40_000}
    found = merged(stored, {"name": "x" * CELL_CAP})
    assert found == "expected name as long as it was, found it cut off by a spreadsheet"
    assert merged(stored, {"name": "x" * 5}) == {"name": "x" * 5}
