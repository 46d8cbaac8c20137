"""`leads spool status`: what it says of a spool, and that it leaves every other file alone."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lead_producers.spool_file import SpoolFile

from .conftest import Leads, OnTerminal
from .spools import LEAD, execute, fill, fill_stale


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.spool"


def test_each_namespace_is_told_with_its_numbers_and_no_value_of_a_lead(
    leads: Leads, path: Path
) -> None:
    fill(path, "shop", 3)
    fill(path, "fair", 1)
    ran = leads("spool", "status", path)
    assert (ran.code, ran.err) == (0, "")
    rows = [line.split("\t")[:2] for line in ran.out.splitlines() if "\t" in line]
    assert rows == [["namespace", "leads"], ["fair", "1"], ["shop", "3"]]
    assert not any(value in ran.out for value in LEAD.values())


def test_its_json_has_stable_keys(leads: Leads, path: Path) -> None:
    fill(path, "shop", 2)
    told = json.loads(leads("spool", "status", path, "--json").out)
    (found,) = told.pop("namespaces")
    assert told.pop("file_bytes") > 0
    assert told == {"file": str(path), "being_sent": False, "leads": 2, "stale": 0}
    assert found.pop("oldest_at") > 1_600_000_000
    stored = 2 * len(json.dumps(LEAD, separators=(",", ":")))
    assert found == {"namespace": "shop", "leads": 2, "bytes": stored, "stale": 0, "stale_ids": []}


def test_what_could_arrive_twice_is_told_by_ids_and_with_what_to_do(
    leads: Leads, path: Path
) -> None:
    ids = fill_stale(path, "shop", 5)
    fill(path, "shop", 1)
    ran = leads("spool", "status", path)
    assert ran.code == 0
    assert "5 leads need a look: Redis may have got them more than 5 d ago" in ran.out
    shown = [line.split()[-1] for line in ran.out.splitlines() if line.startswith("  leads show")]
    assert shown == ids[:3]
    assert "leads spool flush --stale" in ran.out
    told = json.loads(leads("spool", "status", path, "--json").out)
    assert told["namespaces"][0]["stale_ids"] == ids


def test_it_fits_80_columns(leads_on_terminal: OnTerminal, path: Path) -> None:
    fill_stale(path, "n" * 60, 12)
    lines = leads_on_terminal("spool", "status", path)
    assert max(map(len, lines)) <= 80


def test_an_empty_spool_is_said_to_be_empty(leads: Leads, path: Path) -> None:
    SpoolFile(path).prepare()
    ran = leads("spool", "status", path)
    assert ran.code == 0
    assert "empty: no lead waits here" in ran.out


def test_it_says_so_while_a_process_sends_the_spool_on(
    leads_process: Callable[..., subprocess.Popen[bytes]], path: Path
) -> None:
    def told() -> bytes:
        return leads_process("spool", "status", path).communicate()[0]

    fill(path, "shop", 1)
    with SpoolFile(path).turn() as ours:
        assert ours
        assert b"a process is sending them on now" in told()
    assert b"a process is sending" not in told()


@pytest.mark.parametrize("command", ["status", "flush"])
def test_no_file_is_made_where_there_is_none(leads: Leads, path: Path, command: str) -> None:
    ran = leads("spool", command, path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"leads: there is no spool at {path}: an app makes it where it is told to (spool=PATH)\n"
    )
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("command", ["status", "flush"])
def test_a_file_that_is_no_spool_is_refused_and_left_as_it_is(
    leads: Leads, tmp_path: Path, command: str
) -> None:
    cases = {"is empty": b"", "found a file that is none": b"name,email\nAna,a@x.io\n" * 99}
    for words, content in cases.items():
        path = tmp_path / "a.csv"
        path.write_bytes(content)
        ran = leads("spool", command, path)
        assert (ran.code, ran.out) == (1, "")
        assert words in ran.err
        assert path.read_bytes() == content
        assert list(tmp_path.iterdir()) == [path]


def test_the_database_of_another_program_is_no_spool(leads: Leads, path: Path) -> None:
    execute(path, "CREATE TABLE shop (id)")
    assert "found the database of another program" in leads("spool", "status", path).err


def test_a_spool_of_a_newer_release_is_left_to_that_release(leads: Leads, path: Path) -> None:
    fill(path, "shop", 1)
    execute(path, "PRAGMA user_version = 7")
    ran = leads("spool", "status", path)
    assert ran.code == 1
    assert "written by a newer release (version 7, this one knows 1)" in ran.err


@pytest.mark.parametrize("command", ["status", "flush"])
def test_another_users_spool_is_not_touched(
    leads: Leads, path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(path, "shop", 1)
    before = sorted(path.parent.iterdir())
    monkeypatch.setattr("os.geteuid", lambda: os.getuid() + 1)
    ran = leads("spool", command, path)
    assert ran.code == 1
    assert "run the command as" in ran.err
    assert sorted(path.parent.iterdir()) == before


@pytest.mark.parametrize("command", ["status", "flush"])
def test_a_damaged_spool_is_one_line_with_the_way_out(
    leads: Leads, path: Path, namespace: str, command: str
) -> None:
    fill(path, namespace, 2000)
    content = bytearray(path.read_bytes())
    content[8192:-4096] = b"\xa5" * (len(content) - 12288)
    path.write_bytes(content)
    ran = leads("spool", command, path)
    assert (ran.code, ran.out) == (1, "")
    assert len(ran.err.splitlines()) == 1
    assert "malformed: keep a copy, and let sqlite3 FILE .recover" in ran.err


def test_the_setting_says_where_the_spool_is(
    leads: Leads, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = leads("spool", "status")
    assert ran.code == 2
    assert "expected FILE, or LEADS_SPOOL" in ran.err
    fill(path, "shop", 1)
    monkeypatch.setenv("LEADS_SPOOL", str(path))
    assert str(path) in leads("spool", "status").out
