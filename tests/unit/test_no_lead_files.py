"""What is no file of leads is one error, and not one for each line."""

from __future__ import annotations

from pathlib import Path

import pytest
from lead_ops.lead_files.lead_file import HOPELESS, Good, LeadFile, LeadFileError, NotLeadsError


def test_json_lines_that_were_called_an_array_are_one_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\n{"name":"Ana"}\n{"name":"Eva"}\n')
    with pytest.raises(LeadFileError, match="expected a JSON array"):
        LeadFile.open(path, "json")


def test_a_file_that_begins_with_rubbish_alone_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\x00\xff\n" * 1000)
    with LeadFile.open(path) as leads, pytest.raises(NotLeadsError, match=r"not a file .*line 1:"):
        next(leads.items())


def test_bad_lines_before_a_good_one_are_bad_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x\n" * (HOPELESS - 1) + b'{"name":"Ana"}\n' + b"x\n" * HOPELESS)
    with LeadFile.open(path) as leads:
        found = [isinstance(item, Good) for item in leads.items() if item]
    assert len(found) == 2 * HOPELESS
    assert found.index(True) == HOPELESS - 1
