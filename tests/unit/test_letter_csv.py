"""Dead letters as CSV: safe in a spreadsheet, and changed only where somebody changed a cell."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_ops.lead_files.lead_lines import Bad, Place
from lead_ops.letter_files.csv_cells import MORE, column_of, leaves, merged
from lead_ops.letter_files.csv_table import (
    COLUMNS,
    MOST_COLUMNS,
    LettersHeaderError,
    csv_lines,
    read_csv_letters,
)
from lead_ops.letter_files.letter import Exported, Imported
from lead_producers.record import encode
from lead_worker.core.outcome import FieldError

ID = "019302f4c1a07d1f0a6b3c8e5d2f4a91"
RECORD = {"state": "dead", "reason": "rejected", "status": "422", "attempts": "3", "lane": "live"}
STEERING = "=+-@\t\r\n'\",; \0x1.:\uff1d\uff0b\uff0d\uff20"
FORMULA = re.compile("[\t\r\n\0=+\\-@\uff1d\uff0b\uff0d\uff20]")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
texts |= st.text(st.sampled_from(STEERING), max_size=8)
names = st.sampled_from(["name", "phone", "utm", "utm.source", "custom", "a", "(more)"]) | texts
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
leads = st.dictionaries(names, json_values, max_size=5)


def blocks(content: bytes, size: int = 7) -> Iterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


def letter(raw: bytes, *errors: FieldError) -> Exported:
    return Exported(ID, RECORD, 1740837790.5, errors, raw)


def written(*raws: bytes) -> bytes:
    return b"".join(csv_lines(lambda: map(letter, raws)))


def read(content: bytes) -> list[Imported]:
    found = list(read_csv_letters(blocks(content)))
    assert not [item for item in found if isinstance(item, Bad)], found
    return [item for item in found if isinstance(item, Imported)]


def table(content: bytes, delimiter: str = ",") -> list[list[str]]:
    text = content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def resaved(content: bytes, delimiter: str = ";") -> bytes:
    """As another program would write it: without a mark, with other separators and quotes."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows(table(content))
    return out.getvalue().encode()


def cells(item: Imported) -> dict[str, str]:
    assert item.cells is not None
    return dict(item.cells)


def is_same(one: object, other: object) -> bool:
    """Equal, types included."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@given(st.lists(leads, min_size=1, max_size=4), st.booleans())
def test_a_file_that_nobody_changed_changes_no_lead(
    values: list[dict[str, Any]], saved_anew: bool
) -> None:
    content = written(*map(encode, values))
    found = read(resaved(content) if saved_anew else content)
    assert [item.lead_id for item in found] == [ID] * len(values)
    for value, item in zip(values, found, strict=True):
        assert is_same(merged(value, cells(item)), value)


@given(st.lists(leads, min_size=1, max_size=3))
def test_no_cell_begins_a_formula_whichever_separator_a_spreadsheet_goes_by(
    values: list[dict[str, Any]],
) -> None:
    content = written(*map(encode, values))
    assert not [cell for cell in chain(*table(content)) if FORMULA.match(cell)]
    for delimiter in ",;\t":
        for cell in chain(*table(content, delimiter)):
            assert not FORMULA.match(cell.lstrip(' "\t\r\n\0')), cell


def test_the_columns_are_facts_and_then_fields_the_schemas_own_first() -> None:
    raws: list[dict[str, Any]] = [
        {"zap": 1, "utm": {"source": "g"}, "custom": {"cargo": "CEO"}, "email": "a@x.io"},
        {"name": "Ana", "tags": ["a"], "utm": "none"},
    ]
    header, first, second = table(written(*map(encode, raws)))
    assert header == [
        *COLUMNS,
        *("lead.name", "lead.email", "lead.custom.cargo", "lead.utm.source", "lead.utm"),
        *("lead.zap", "lead.tags", "lead.(more)"),
    ]
    assert first[len(COLUMNS) :] == ["", "a@x.io", "CEO", "g", "", "1", "", ""]
    assert second[len(COLUMNS) :] == ["Ana", "", "", "", "none", "", '["a"]', ""]


def test_a_row_tells_why_a_lead_is_dead() -> None:
    errors = (FieldError("email", "bad"), FieldError("", "=no"))
    content = b"".join(csv_lines(lambda: [letter(b"{}", *errors)]))
    header, row = table(content)
    told = dict(zip(header, row, strict=True))
    assert content.startswith(b"\xef\xbb\xbfid,died_at,")
    assert told["died_at"] == "2025-03-01T14:03:10.500000Z"
    assert told["errors"] == "email: bad; '=no"
    (item,) = read(content)
    assert item.place == Place(2, 1)
    assert item.fields == {n: v for n, v in RECORD.items() if n != "state"} | {
        "died_at": "1740837790.5"
    }


def test_what_has_no_column_is_in_the_last_one() -> None:
    many = {f"f{n}": n for n in range(2 * MOST_COLUMNS)}
    last = {"name": "Ana", "a\nb": 1, "x" * 300: None, MORE: {"y": [1]}}
    raws = [encode(many), encode(last)]
    content = written(*raws)
    assert len(table(content)[0]) <= len(COLUMNS) + MOST_COLUMNS + 1
    assert "lead.name" in table(content)[0]
    first, second = read(content)
    assert json.loads(cells(second)[MORE]) == {"a\nb": 1, "x" * 300: None, MORE: {"y": [1]}}
    assert is_same(merged(many, cells(first)), many)
    assert is_same(merged({}, cells(second)), last)
    changed = cells(second) | {MORE: '{"a\\nb":2,"x":[3]}'}
    assert is_same(merged(last, changed), last | {"a\nb": 2, "x": [3]})


def test_a_letter_that_came_between_the_passes_is_written_in_full() -> None:
    passes = iter([[letter(b'{"name":"Ana"}')], [letter(b'{"name":"Ana","n":1}'), letter(b"\xff")]])
    one, other = read(b"".join(csv_lines(lambda: next(passes))))
    assert merged({}, cells(one)) == {"name": "Ana", "n": 1}
    assert other.raw == b"\xff"


def test_a_lead_that_nobody_could_read_comes_back_to_the_byte_and_can_be_mended() -> None:
    content = written(b"=\xff", b'{"name":"Ana"}')
    item = read(content)[0]
    assert (item.value, item.raw) == (None, b"=\xff")
    assert merged({}, cells(item)) == {}
    assert merged({}, cells(item) | {"name": "Eva"}) == {"name": "Eva"}


def test_paths_of_long_names_do_not_multiply() -> None:
    deep = {"x" * 100_000: {f"a{n}": n for n in range(5000)}}
    content = written(encode(deep))
    assert len(content) < 400_000
    assert list(leaves(deep)) == [(("x" * 100_000,), deep["x" * 100_000])]


def test_a_bad_row_is_told_and_stops_no_other() -> None:
    rows = [
        f"{ID},Ana",
        "Ana,Ana",
        f"{ID},Ana,1,2",
        f'{ID},"Ana"x',
        f"{ID},\udcff",
        "",
        f'{ID},Ana,"""Ana!"""',
        f"'{ID.upper()}",
    ]
    content = "\r\n".join(["id,lead.name,lead.(more)", *rows]).encode("utf-8", "surrogateescape")
    found = list(read_csv_letters(blocks(content)))
    assert [(i.place.line, i.message if isinstance(i, Bad) else "ok") for i in found] == [
        (2, "ok"),
        (3, "expected an id of 32 hex digits, found none"),
        (4, "expected at most 3 cells, found 4"),
        (5, "expected a row of CSV, found one that breaks its rules (',' expected after '\"')"),
        (6, "expected UTF-8, found bytes that are not"),
        (8, "expected base64 in lead.(more), found something else"),
        (9, "expected an id of 32 hex digits, found none"),
    ]


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("", "expected a column id, as"),
        ("name;email", "expected a column id, as"),
        ("id,email", "header: expected lead. and a field's path in column 2"),
        ("id,,lead.name", "header: expected lead. and a field's path in column 2"),
        ("id,lead.", "column 2"),
        ("id,lead.a..b", "column 2"),
        ("id,lead.a[0]", "column 2"),
        ("id,lead.a,lead.a", "header: expected each column once, found column 3 again"),
        ("id," + ",".join(f"lead.f{n}" for n in range(1000)), "at most 1000 columns"),
        ("id,lead.\udcff", "line 1: expected UTF-8"),
        ("x" * 1_100_000, "line 1: expected at most"),
    ],
)
def test_a_header_that_is_none_is_refused_before_any_letter(header: str, complaint: str) -> None:
    content = f"{header}\n{ID},x\n".encode("utf-8", "surrogateescape")
    with pytest.raises(LettersHeaderError) as caught:
        list(read_csv_letters(blocks(content, 65_536)))
    assert complaint in str(caught.value)


def test_a_few_columns_in_any_order_are_enough() -> None:
    content = f" lead.x ;lead.email; id ;;\r\n7;a@x.io;{ID}\r\n".replace(" lead.x ", "lead.x ")
    (item,) = read(content.encode())
    assert cells(item) == {"x ": "7", "email": "a@x.io"}


@pytest.mark.parametrize("name", [";" * 50, "a;id;b", ",", '"', "lead.id", "id", "a.b", "a[0]", ""])
def test_no_name_that_a_stranger_chose_spoils_the_header(name: str) -> None:
    value = {name: "x", "custom": {name: 1}}
    content = written(encode(value))
    for saved in (content, resaved(content), resaved(content, ",")):
        (item,) = read(saved)
        assert is_same(merged(value, cells(item)), value)
        assert is_same(merged(value, cells(item) | {column_of((name,)): "y"}), value | {name: "y"})
