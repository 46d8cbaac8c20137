"""A spool by itself: who has its turn, and how threads write into it together."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from lead_producers import LeadProducer, SpoolError
from lead_producers.spool_file import SpoolFile
from lead_producers.spool_writes import TOGETHER, Writes
from lead_producers.wire import Deadline

from tests.integration.fleet import wait_until


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool.db"


def test_a_turn_is_one_producers_in_a_process_as_among_processes(spool: Path) -> None:
    one, other = SpoolFile(spool), SpoolFile(spool)
    with one.turn() as first, other.turn() as second:
        assert (first, second) == (True, False)
    with other.turn() as again:
        assert again


def test_a_turn_file_that_cannot_be_used_is_told_when_the_producer_is_made(spool: Path) -> None:
    Path(f"{spool}-turn").mkdir()
    with pytest.raises(SpoolError, match="-turn cannot be used"):
        LeadProducer.from_url("unix:///nowhere/redis.sock", spool=spool)


def test_threads_that_come_while_the_disk_is_busy_are_written_together() -> None:
    sizes: list[int] = []
    release = threading.Event()

    def write(items: list[int], _: Deadline) -> list[int]:
        sizes.append(len(items))
        assert release.wait(30)
        return [item * 2 for item in items]

    writes: Writes[int, int] = Writes(write)
    found: dict[int, int] = {}

    def put(n: int) -> None:
        found[n] = writes.put(n, Deadline(30))

    threads = [threading.Thread(target=put, args=(n,)) for n in range(TOGETHER + 10)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(writes._waiting) >= len(threads) - sum(sizes))
    release.set()
    for thread in threads:
        thread.join()
    assert found == {n: n * 2 for n in range(TOGETHER + 10)}
    assert sum(sizes) == TOGETHER + 10
    assert len(sizes) <= 4


def test_who_cannot_be_written_in_time_is_told_and_the_others_try_again() -> None:
    tries: list[list[int]] = []

    def write(items: list[int], _: Deadline) -> list[int]:
        tries.append(items)
        if len(tries) == 1:
            wait_until(lambda: len(writes._waiting) == 1)
            raise SpoolError("the spool is busy")
        return items

    writes: Writes[int, int] = Writes(write)
    errors: list[str] = []

    def first() -> None:
        try:
            writes.put(1, Deadline(30))
        except SpoolError as error:
            errors.append(str(error))

    thread = threading.Thread(target=first)
    thread.start()
    wait_until(lambda: tries != [])
    assert writes.put(2, Deadline(30)) == 2
    thread.join()
    assert errors == ["the spool is busy"]
    assert tries == [[1], [2]]


def test_a_spool_that_was_removed_is_told(spool: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = SpoolFile(spool)
    file.prepare()
    spool.unlink()
    file.prepare()
    assert "removed or replaced" in caplog.text
    assert spool.exists()
    file.close()


def test_a_path_as_bytes_is_taken(tmp_path: Path) -> None:
    file = SpoolFile(str(tmp_path / "a.spool").encode())  # type: ignore[arg-type]
    file.prepare()
    file.close()
    assert (tmp_path / "a.spool").exists()
