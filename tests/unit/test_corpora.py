"""The corpora of bad input are fit to be read, and no case of them is there twice."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.corpora.classes import CLASSES
from tests.corpora.rows import FOLDER, as_bytes, read_rows

FILES = sorted(path.name for path in FOLDER.glob("*.json*"))


@pytest.mark.parametrize("name", FILES)
def test_what_does_not_print_is_an_escape_in_a_corpus(name: str) -> None:
    lines = (FOLDER / name).read_text("utf-8").split("\n")
    assert [number for number, line in enumerate(lines, 1) if not line.isprintable()] == []


@pytest.mark.parametrize("title", CLASSES)
def test_each_case_is_there_once(title: str) -> None:
    corpus = CLASSES[title]()
    assert corpus.title == title
    for cases in (corpus.leads, corpus.node, *(sheet.cases for sheet in corpus.sheets)):
        names = Counter(case.name for case in cases)
        assert [name for name, number in names.items() if number > 1] == []


def test_what_pythons_json_reads_has_an_outcome_for_apps_that_trust_it() -> None:
    for row in read_rows("json"):
        assert ("app" in row or "both" in row) is is_read(as_bytes(row["bytes"])), row["case"]


def is_read(encoded: bytes) -> bool:
    try:
        json.loads(encoded)
    except ValueError:
        return False
    return True
