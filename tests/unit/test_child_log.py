"""The logs of processes: private, bounded, and good for last words."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from lead_ops.up.child_log import ChildLog


@pytest.fixture
def log(tmp_path: Path) -> ChildLog:
    return ChildLog(tmp_path / "worker.log")


def write(log: ChildLog, text: str) -> None:
    with log.opened() as file:
        os.write(file, text.encode())


def older(log: ChildLog) -> Path:
    return log.path.with_name("worker.log.1")


def test_nobody_else_can_read_it(log: ChildLog) -> None:
    write(log, "a\n")
    log.bound(1)
    write(log, "b\n")
    for path in (log.path, older(log)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_last_words_are_those_of_the_last_process(log: ChildLog) -> None:
    write(log, "first life\n")
    assert log.last_words() == ("first life",)
    write(log, "a\n\nb\nc\n")
    assert log.last_words(2) == ("b", "c")
    write(log, "")
    assert log.last_words() == ()


def test_there_may_be_no_words_at_all(log: ChildLog) -> None:
    assert log.last_words() == ()


def test_a_new_run_keeps_the_log_of_the_run_before(log: ChildLog) -> None:
    log.rotate()
    write(log, "before\n")
    log.rotate()
    write(log, "now\n")
    assert (log.path.read_text(), older(log).read_text()) == ("now\n", "before\n")


def test_a_log_that_grows_too_large_is_emptied_while_its_process_writes_on(log: ChildLog) -> None:
    with log.opened() as file:
        os.write(file, b"0123456789\n")
        log.bound(100)
        assert log.path.stat().st_size == 11
        log.bound(10)
        os.write(file, b"after\n")
    assert (log.path.read_text(), older(log).read_text()) == ("after\n", "0123456789\n")
    assert log.last_words() == ("after",)


def test_a_link_in_its_place_is_not_followed(log: ChildLog, tmp_path: Path) -> None:
    log.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"), log.opened():
        pass
