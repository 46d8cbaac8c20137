"""What keeps a run from taking place is one line on stderr and an exit code, never a traceback."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos import __main__ as command
from chaos.checker import Verdict
from chaos.failures import StartError
from chaos.found import Found
from chaos.links import LinkError
from chaos.progress import Progress
from chaos.recovery import Row
from chaos.trial import Asked
from lead_ops.errors import RedisMissingError


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.mark.parametrize(
    "error",
    [
        StartError("expected 2 workers; the first one's last words: no room"),
        LinkError("no free port"),
        RedisMissingError("expected redis-server"),
        OSError(28, "No space left on device"),
    ],
)
def test_what_does_not_start_is_one_line_and_1(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(asked: Asked, folder: Path, progress: Progress) -> Found:
        raise error

    monkeypatch.setattr(command, "try_product", fail)
    monkeypatch.setattr(sys, "argv", ["chaos", "--seed", "7"])
    assert command.main() == 1
    said = capsys.readouterr()
    assert said.err == f"ops/chaos/run: {error}\n"
    assert said.out == "seed 7\n"


def test_a_file_that_can_no_longer_be_written_costs_no_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "there"
    folder.mkdir()

    def go_away(asked: Asked, kept: Path, progress: Progress) -> Found:
        folder.rmdir()
        return Found(drained=True)

    monkeypatch.setattr(command, "try_product", go_away)
    monkeypatch.setattr(sys, "argv", ["chaos", "--json", str(folder / "found.json")])
    assert command.main() == 1
    said = capsys.readouterr()
    assert "Nothing is lost" in said.out
    assert said.err.count("\n") == 1
    assert "found.json" in said.err


def test_a_missed_bar_is_the_exit_code_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Row("redis-kill", 1, 0, 1, 0, 9.0, 9.0, 5.0)
    found = Found(Verdict(unanswered=1), rows=[row], drained=True)
    monkeypatch.setattr(command, "try_product", lambda *_: found)
    monkeypatch.setattr(sys, "argv", ["chaos"])
    assert command.main() == 3
