"""Which processes count as ended by themselves, and the last words of one that does not start."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos.children import Child
from chaos.failures import last_words
from chaos.supervisor import Slot, Supervisor

LIMIT_SECONDS = 60.0


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    made = Supervisor()
    yield made
    made.kill_all()


def slot(path: Path, name: str, code: str, *, ends: bool = False) -> Slot:
    return Slot(name, lambda _: Child(("-c", code), {}, path / f"{name}.log"), ends=ends)


def await_end(supervisor: Supervisor, slot: Slot) -> None:
    ends_at = time.monotonic() + LIMIT_SECONDS
    while slot.lives[0].ended_at is None and time.monotonic() < ends_at:
        supervisor.tick()
        time.sleep(0.02)


@pytest.mark.parametrize("code", [0, 3])
def test_a_worker_that_ends_unasked_is_told_whatever_its_code(
    tmp_path: Path, supervisor: Supervisor, code: int
) -> None:
    worker = supervisor.add(slot(tmp_path, "worker0", f"raise SystemExit({code})"))
    await_end(supervisor, worker)
    assert [life.code for life in supervisor.ended_by_themselves[:1]] == [code]


def test_an_app_that_has_done_its_work_and_a_killed_one_are_not(
    tmp_path: Path, supervisor: Supervisor
) -> None:
    done = supervisor.add(slot(tmp_path, "app0", "", ends=True))
    killed = supervisor.add(slot(tmp_path, "app1", "import time; time.sleep(3600)", ends=True))
    assert killed.kill()
    await_end(supervisor, done)
    assert [life.ended_at is not None for life in supervisor.lives] == [True, True]
    assert supervisor.ended_by_themselves == []


def test_last_words_are_the_end_of_a_log_in_one_line(tmp_path: Path) -> None:
    log = tmp_path / "worker0.log"
    assert last_words(log) == "(silent)"
    log.write_text("a\n" * 9000 + "Traceback:\n\n  File x\nOSError: no room\n", encoding="utf-8")
    assert last_words(log) == "Traceback: | File x | OSError: no room"
