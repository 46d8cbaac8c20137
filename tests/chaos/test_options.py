"""Wrong options are told in one line before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from chaos.kinds import KINDS
from chaos.options import read_options


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seconds", "nan"], "argument --seconds: expected 20 to 86400 seconds, found 'nan'"),
        (["--seconds", "inf"], "found 'inf'"),
        (["--seconds", "19"], "found '19'"),
        (["--seconds", "1e9"], "found '1e9'"),
        (["--seconds", "soon"], "found 'soon'"),
        (["--leads", "2"], "argument --leads: expected a whole number from 3 to 10000000"),
        (["--leads", "nan"], "found 'nan'"),
        (["--leads", "10000001"], "found '10000001'"),
        (["--seed", "-1"], "found '-1'"),
        (["--seed", "9" * 5000], "argument --seed: expected a whole number from 0"),
        (["--only", "redos"], "argument --only: expected one of worker-kill"),
        (["--sec", "30"], "unrecognized arguments: --sec 30"),
        (["--json", "/nowhere/at/all.json"], "--json: cannot write the file /nowhere/at/all.json"),
        (["--json", "/"], "--json: cannot write the file /: Is a directory"),
    ],
)
def test_a_wrong_option_is_one_line_and_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in refused(words, capsys)


def test_a_folder_to_keep_things_in_that_is_not_empty_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "app0.receipts"
    file.write_text("of an earlier run", encoding="utf-8")
    assert "expected a new or an empty folder" in refused(["--keep", str(tmp_path)], capsys)
    assert "--keep: cannot use the folder" in refused(["--keep", str(file)], capsys)
    assert file.read_text("utf-8") == "of an earlier run"


def test_what_can_be_written_is_taken_and_left_as_it_was(tmp_path: Path) -> None:
    old, new, folder = tmp_path / "old.json", tmp_path / "new.json", tmp_path / "deep" / "kept"
    old.write_text("of an earlier run", encoding="utf-8")
    assert read_options(["--json", str(old)]).json == old
    assert old.read_text("utf-8") == "of an earlier run"
    options = read_options(["--json", str(new), "--keep", str(folder)])
    assert (options.json, options.keep, new.exists()) == (new, folder, False)
    assert list(folder.iterdir()) == []


def test_without_options_it_is_ten_minutes_of_all_kinds() -> None:
    asked = read_options([]).asked
    assert (asked.size.seconds, asked.size.leads) == (600.0, 50_000)
    assert asked.kinds == KINDS


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as stopped:
        read_options(words)
    assert stopped.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("ops/chaos/run: ")
    return said.err
