"""Readers of lead files: what they take, what they refuse by line, in how much memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_ops.lead_files.csv_files import HeaderError, read_csv
from lead_ops.lead_files.json_files import read_json_array, read_json_lines
from lead_ops.lead_files.lead_file import Bad, Good, Item, LeadFile, LeadFileError, Place
from lead_ops.lead_files.lead_lines import LONGEST


def blocks(content: bytes, size: int = 7) -> Iterator[bytes]:
    """The content in small pieces, so that everything is cut somewhere."""
    for at in range(0, len(content), size):
        yield content[at : at + size]


def good(items: Iterator[Item]) -> list[dict[str, object]]:
    found = [item for item in items if item is not None]
    assert not [item for item in found if isinstance(item, Bad)]
    return [item.raw for item in found if isinstance(item, Good)]


def outline(items: Iterator[Item]) -> list[tuple[int, int, str]]:
    """Line, record, and "ok" or the message of each item."""
    return [
        (item.place.line, item.place.record, item.message if isinstance(item, Bad) else "ok")
        for item in items
        if item is not None
    ]


def test_json_lines_are_leads_and_blank_lines_are_nothing() -> None:
    content = b'{"name":"Ana"}\r\n\n  \n{"name":"Jo\xc3\xa3o"}'
    assert good(read_json_lines(blocks(content))) == [{"name": "Ana"}, {"name": "João"}]


def test_a_bad_line_is_reported_by_its_number_and_stops_no_other() -> None:
    lines = [
        b'{"name":"Ana"}',
        b"",
        b'{"name":"Ana"',
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b"[1]",
        b'"\xff"',
        b"[" * 100_000,
        b'{"a":"\\ud800"}',
        b'{"name":"Ana"}',
    ]
    found = outline(read_json_lines(blocks(b"\n".join(lines), 4096)))
    assert [line for line, _, message in found if message == "ok"] == [1, 10]
    assert [line for line, _, message in found if message != "ok"] == [3, 4, 5, 6, 7, 8, 9]
    assert [record for _, record, _ in found] == list(range(1, 10))
    assert not any("Ana" in message for _, _, message in found)


def test_a_line_of_over_a_mebibyte_is_refused_without_being_kept() -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"name":"a"}\n{"name":"'
        for _ in range(40):
            yield b"x" * 65_536
        yield b'"}\n{"name":"b"}\n'

    found = outline(read_json_lines(endless()))
    assert found == [
        (1, 1, "ok"),
        (2, 2, f"expected at most {LONGEST} bytes, found more"),
        (3, 3, "ok"),
    ]


def test_what_a_pipe_has_given_is_handed_over_before_more_is_waited_for() -> None:
    waited = False

    def pipe() -> Iterator[bytes]:
        nonlocal waited
        yield b'{"name":"Ana"}\n{"na'
        waited = True
        yield b'me":"Eva"}\n'

    items = read_json_lines(pipe())
    assert isinstance(next(items), Good)
    assert next(items) is None
    assert not waited
    assert isinstance(next(items), Good)


def test_an_array_is_read_a_lead_at_a_time() -> None:
    leads = [{"name": "Ana", "custom": {"a": '],[{}"\\', "b": [1, [2]]}}, {}, {"name": "João"}]
    for indent in (None, 2):
        content = json.dumps(leads, indent=indent).encode()
        for size in (1, 2, 3, 7, 10_000):
            assert good(read_json_array(blocks(content, size))) == leads


def test_a_broken_element_of_an_array_is_reported_with_its_record_and_its_line() -> None:
    content = b'[\n{"name":"Ana"},\n\n{"name":},\n 7,\n{"name":"Eva"}\n]\n'
    assert outline(read_json_array(blocks(content))) == [
        (2, 1, "ok"),
        (4, 2, "expected JSON, found something else at character 11"),
        (5, 3, "expected a JSON object, found a number"),
        (6, 4, "ok"),
    ]


def test_an_array_that_is_cut_off_says_so_after_the_leads_that_are_whole() -> None:
    found = outline(read_json_array(blocks(b'[{"name":"Ana"},\n{"name":"Ev')))
    assert found == [
        (1, 1, "ok"),
        (2, 2, "expected the array to be closed, found the end of the file"),
    ]


def test_what_follows_an_array_is_not_passed_over_in_silence() -> None:
    found = outline(read_json_array(blocks(b'[{"name":"Ana"}]\n[{"name":"Eva"}]')))
    assert [message for _, _, message in found] == [
        "ok",
        "expected the file to end with the array, found more after it",
    ]


def test_an_element_of_over_a_mebibyte_is_refused_and_the_lines_after_it_still_count() -> None:
    content = b'[{"a":"' + b"x" * 600_000 + b"\n" * 3 + b"y" * 600_000 + b'"},\n{"name":"Ana"}]'
    found = outline(read_json_array(blocks(content, 65_536)))
    assert found == [(1, 1, f"expected at most {LONGEST} bytes, found more"), (5, 2, "ok")]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
leads = st.lists(st.dictionaries(st.text(max_size=4), json_values, max_size=4), max_size=5)


@given(leads, st.integers(1, 30), st.sampled_from([None, 1]), st.booleans())
def test_any_array_comes_out_as_it_went_in_wherever_it_is_cut(
    array: list[dict[str, object]], size: int, indent: int | None, ascii_only: bool
) -> None:
    content = json.dumps(array, indent=indent, ensure_ascii=ascii_only).encode()
    assert good(read_json_array(blocks(content, size))) == array


def test_a_csv_fills_objects_from_dotted_columns_and_leaves_empty_cells_out() -> None:
    content = 'name;email;utm.source;custom.cargo;custom.a.b\nJoão;j@x.io;google;;1\n;;;"a;\nb";\n'
    assert good(read_csv(blocks(content.encode()))) == [
        {
            "name": "João",
            "email": "j@x.io",
            "utm": {"source": "google"},
            "custom": {"a": {"b": "1"}},
        },
        {"custom": {"cargo": "a;\nb"}},
    ]


def test_a_csv_row_may_leave_its_last_cells_out_but_not_have_more_than_the_header() -> None:
    content = b"name,email,phone\nAna\n\n,,\nEva,e@x.io,1,,\nIda,i@x.io,1,2\n"
    assert outline(read_csv(blocks(content))) == [
        (2, 1, "ok"),
        (5, 2, "ok"),
        (6, 3, "expected at most 3 cells, found 4"),
    ]


def test_a_csv_row_that_breaks_the_rules_is_reported_and_the_next_one_is_read() -> None:
    content = b'name,email\n"Ana"x,a@x.io\n\xff,b@x.io\n"a\nb",c@x.io\nEva,e@x.io\n"Ida,i@x.io\n'
    assert outline(read_csv(blocks(content))) == [
        (2, 1, "expected a row of CSV, found one that breaks its rules (',' expected after '\"')"),
        (3, 2, "expected UTF-8, found bytes that are not"),
        (4, 3, "ok"),
        (6, 4, "ok"),
        (7, 5, "expected the row's quotes to be closed, found none up to line 7"),
    ]


def test_a_quote_that_is_never_closed_does_not_take_the_rest_of_the_file_into_memory() -> None:
    rows = b"".join(b"name %d,a@x.io\n" % number for number in range(40_000))
    found = outline(read_csv(blocks(b'name,email\n"Ana,a@x.io\n' + rows, 65_536)))
    assert found[0][:2] == (2, 1)
    assert "expected the row's quotes to be closed" in found[0][2]
    assert found[1][2] == "ok"
    assert len(found) > 10_000


@pytest.mark.parametrize(
    ("header", "complaint"),
    [
        ("", "found none of a lead's fields"),
        ("Ana;ana@x.io;11", "found none of a lead's fields"),
        ("name\temail", "found none of a lead's fields"),
        ("name,email,name", "column 3 ('name') twice"),
        ("name,utm,utm.source", "as a field and as an object"),
        ("name,,email", "column 2"),
        ("name,utm.", "column 2"),
    ],
)
def test_a_header_that_is_none_stops_a_csv_before_any_lead(header: str, complaint: str) -> None:
    with pytest.raises(HeaderError) as caught:
        list(read_csv(blocks(f"{header}\nEva,e@x.io,1\n".encode())))
    assert complaint in str(caught.value)
    assert "ana@x.io" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.jsonl", b"", "jsonl"),
        ("a.NDJSON", b'{"name":"Ana"}', "jsonl"),
        ("a.json", b' \n [{"name":"Ana"}]', "json"),
        ("a.json", b'{"name":"Ana"}\n{"name":"Eva"}', "jsonl"),
        ("a.csv", b"name\nAna", "csv"),
        ("a.txt", b"\xef\xbb\xbfname;email\nAna", "csv"),
        ("a", b'\xef\xbb\xbf[{"name":"Ana"}]', "json"),
        ("a", b"", "jsonl"),
    ],
)
def test_the_format_is_told_by_suffix_or_content(
    tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with LeadFile.open(path) as leads:
        assert leads.format == expected
        assert not [item for item in leads.items() if isinstance(item, Bad)]


def test_a_file_keeps_its_digest_until_its_content_changes(tmp_path: Path) -> None:
    path, other = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    path.write_bytes(b'{"name":"Ana"}\n' * 30_000)
    other.write_bytes(b'{"name":"Ana"}\n' * 30_000)
    with LeadFile.open(path) as leads, LeadFile.open(other) as same:
        digest = leads.digest()
        assert digest == same.digest()
        assert len(good(leads.items())) == 30_000
    other.write_bytes(b'{"name":"Eva"}\n')
    with LeadFile.open(other) as changed:
        assert changed.digest() != digest


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "windows-1252"])
def test_a_csv_in_another_encoding_is_refused_as_a_whole(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("name,email\nAna,a@x.io\nJoão,j@x.io\n".encode(encoding))
    with (
        pytest.raises(LeadFileError, match=r"expected UTF-8, found .*iconv"),
        LeadFile.open(path) as leads,
    ):
        leads.digest()


def test_the_line_of_the_first_foreign_byte_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"name,email\n" + b"Ana,a@x.io\n" * 50_000 + b"Jo\xe3o,j@x.io\n")
    with LeadFile.open(path) as leads, pytest.raises(LeadFileError, match="on line 50002"):
        leads.digest()


def test_one_object_over_several_lines_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'{\n  "name": "Ana"\n}\n')
    with pytest.raises(LeadFileError, match=r"put it between \[ and \]"):
        LeadFile.open(path)


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(LeadFileError, match="cannot read"):
        LeadFile.open(tmp_path / name)


def test_no_item_shows_a_lead_in_its_repr() -> None:
    assert "Ana" not in repr(Good(Place(1, 1), {"name": "Ana"}))
