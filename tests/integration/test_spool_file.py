"""The spool's file: who may read it, what is taken for one, and a disk that is full or swept."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from lead_producers import LeadProducer, QueueUnavailable, SpoolError
from lead_producers.spool_file import SpoolFile

from tests.integration.fleet import wait_until
from tests.integration.producer_sight import LEAD
from tests.integration.producer_trouble import server, silent
from tests.integration.spool_sight import NOWHERE, change, leads_in, spooled_in, wait_threads_end

SECRET = "joana.prado@cliente.example"
WITHOUT_ROOM = Path(__file__).with_name("spool_without_room.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "spools"
    folder.mkdir()
    return folder


@pytest.fixture
def spool(folder: Path) -> Path:
    return folder / "spool.db"


@pytest.fixture
def producer(spool: Path) -> Iterator[LeadProducer]:
    """A producer whose Redis is away for good."""
    with closing(LeadProducer.from_url(NOWHERE, spool=spool)) as producer:
        yield producer
    wait_threads_end()


def modes(folder: Path) -> dict[str, str]:
    return {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir()}


PRIVATE = {f"spool.db{end}": "0o600" for end in ("", "-wal", "-shm", "-turn")}


def test_nobody_else_can_read_the_spool_nor_what_is_beside_it(folder: Path, spool: Path) -> None:
    umask = os.umask(0)
    try:
        with closing(LeadProducer.from_url(NOWHERE, spool=spool)) as producer:
            producer.enqueue(LEAD)
            wait_until(lambda: modes(folder) == PRIVATE)
    finally:
        os.umask(umask)
    wait_threads_end()


def test_a_spool_that_others_could_read_is_taken_away_from_them(
    folder: Path, spool: Path, producer: LeadProducer
) -> None:
    producer.enqueue(LEAD)
    wait_until(lambda: modes(folder) == PRIVATE)
    for path in folder.iterdir():
        path.chmod(0o644)
    with closing(SpoolFile(spool)) as file:
        file.prepare()
        assert modes(folder) | {"spool.db-turn": "0o600"} == PRIVATE


def of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
        connection.execute("INSERT INTO customers VALUES ('Ana')")


def of_another_program_in_mode_wal(path: Path) -> None:
    of_another_program(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()


def of_a_newer_release(path: Path) -> None:
    with closing(SpoolFile(path)) as file:
        file.prepare()
    change(path, "PRAGMA user_version = 2")


NO_SPOOLS: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a folder": (Path.mkdir, "expected a file, found something else"),
    "a pipe": (os.mkfifo, "expected a file, found something else"),
    "a text": (lambda path: path.write_text("name;email\n"), "file is not a database"),
    "a long text": (lambda path: path.write_text("name;email\n" * 9999), "file is not a database"),
    "another program's": (of_another_program, "is no spool of this release"),
    "another program's in WAL": (of_another_program_in_mode_wal, "is no spool of this release"),
    "a newer one": (of_a_newer_release, "is no spool of this release"),
}


@pytest.mark.parametrize(("make", "words"), NO_SPOOLS.values(), ids=NO_SPOOLS)
def test_what_is_no_spool_is_refused_at_the_start_and_left_as_it_is(
    folder: Path, spool: Path, make: Callable[[Path], Any], words: str
) -> None:
    make(spool)
    spool.chmod(0o755)

    def sight() -> object:
        return modes(folder), spool.read_bytes() if spool.is_file() else None

    before = sight()
    with pytest.raises(SpoolError, match=words) as caught:
        LeadProducer.from_url(NOWHERE, spool=spool)
    assert str(spool) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sight() == before


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write anywhere, so for once it is not root."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_cannot_be_used_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    for path in (tmp_path / "none" / "spool.db", tmp_path / "file" / "spool.db"):
        with pytest.raises(SpoolError, match=r"cannot be used: (No such|Not a)"):
            LeadProducer.from_url(NOWHERE, spool=path)
    with as_nobody(), pytest.raises(SpoolError, match="cannot be used: Permission denied"):
        LeadProducer.from_url(NOWHERE, spool=closed / "spool.db")
    assert [*closed.iterdir()] == []


@pytest.mark.parametrize("ends", [[""], ["", "-wal", "-shm"]], ids=["alone", "with its log"])
def test_where_somebody_removed_the_file_later_leads_go_into_a_new_one(
    spool: Path, producer: LeadProducer, ends: list[str]
) -> None:
    with closing(SpoolFile(spool)) as other:
        producer.enqueue({"n": 0})
        assert spooled_in(other) == 1
        for end in ends:
            Path(f"{spool}{end}").unlink()
        for n in range(1, 4):
            assert producer.enqueue({"n": n}).spooled
        assert spooled_in(other) == 3
    assert leads_in(spool) == [{"n": n} for n in range(1, 4)]


@pytest.mark.parametrize(
    ("answer", "maybe"), [(None, False), (silent, True)], ids=["unsent", "perhaps sent"]
)
def test_where_neither_takes_a_lead_the_error_says_what_may_have_become_of_it(
    folder: Path, spool: Path, answer: Any, maybe: bool
) -> None:
    with server(answer or silent) as port:
        url = f"redis://127.0.0.1:{port}" if answer else NOWHERE
        with closing(LeadProducer.from_url(url, spool=spool, timeout_seconds=0.3)) as producer:
            shutil.rmtree(folder)
            with pytest.raises(QueueUnavailable) as caught:
                producer.enqueue({"email": SECRET})
            assert caught.value.maybe_enqueued is maybe
            assert SECRET not in str(caught.value)
            assert "\n" not in str(caught.value)
            assert caught.value.__cause__ is None
            fate = "perhaps enqueued all the same" if maybe else "not enqueued"
            assert str(caught.value).endswith(f"cannot be used: No such file or directory ({fate})")
            folder.mkdir()
            assert producer.enqueue(LEAD).spooled
    wait_threads_end()


def test_a_full_disk_refuses_leads_whole_and_takes_them_again_when_there_is_room(
    spool: Path,
) -> None:
    run = subprocess.run(
        [sys.executable, WITHOUT_ROOM, spool],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["single"]["kept"] > 0
    assert found["single"]["error"].startswith(
        "Redis at /nowhere/redis.sock did not take it, and the spool"
    )
    assert found["single"]["error"].endswith("(not enqueued)")
    assert found["bulk"]["error"].endswith("(not enqueued)")
    assert found["maybe_enqueued"] == [False, False]
    kept = found["single"]["kept"] + found["bulk"]["kept"] + found["after"]
    assert len(leads_in(spool)) == kept
    assert found["bulk"]["kept"] % 200 == 0
    with closing(sqlite3.connect(spool)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_an_interpreter_that_ends_at_once_leaves_its_lead_on_the_disk(spool: Path) -> None:
    program = (
        "import sys; from lead_producers import LeadProducer;"
        f"LeadProducer.from_url('{NOWHERE}', spool=sys.argv[1]).enqueue({{'n': 1}})"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, spool],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0
    assert "Traceback" not in run.stderr
    assert leads_in(spool) == [{"n": 1}]
