"""What the benchmark refuses before anything is run, and what its help says."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.arguments import is_anything, parsed
from bench.contenders import NAMES
from bench.rounds import PARTS


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line that a bad wish is refused with."""
    with pytest.raises(SystemExit) as ended:
        parsed([*words])
    told = capsys.readouterr()
    assert ended.value.code == 2
    assert told.out == ""
    assert told.err.count("\n") == 1
    return told.err


def test_all_is_measured_where_nothing_is_asked_for() -> None:
    asked = parsed([])
    assert (asked.only, asked.parts) == (NAMES, PARTS)


@pytest.mark.parametrize(
    ("only", "parts"), [("bare", "enqueue"), ("bare", "backlog"), ("celery", "backlog")]
)
def test_where_there_is_nothing_to_measure_it_is_told(
    only: str, parts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "nothing to measure" in refused(capsys, "--only", only, "--parts", parts)


def test_whoever_has_a_part_is_measured() -> None:
    assert is_anything(["bare"], ["enqueue", "deliver"])
    assert is_anything(["bare", "rq"], ["memory"])
    assert is_anything(["ours"], ["backlog"])


def test_a_picture_is_refused_where_it_would_show_nothing_or_be_no_png(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "ends in .png" in refused(capsys, "--plot", str(tmp_path / "x.svg"))
    plot = ("--plot", str(tmp_path / "x.png"))
    assert "nothing to draw" in refused(capsys, *plot, "--parts", "memory", "backlog")


def test_a_file_is_tried_at_the_start_and_what_is_in_it_stays(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.png"
    old.write_text("{}", encoding="utf-8")
    parsed(["--json", str(old), "--plot", str(new)])
    assert old.read_text(encoding="utf-8") == "{}"
    assert not new.exists()


def test_help_names_the_contenders_whole_how_long_it_takes_and_the_exit_codes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        parsed(["--help"])
    told = capsys.readouterr().out
    words = told.replace(",", " ").split()
    assert {*NAMES} <= {*words}
    assert "about an hour" in told
    assert "130 " in told
    assert max(map(len, told.splitlines())) <= 80
