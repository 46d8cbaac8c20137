"""Files of personal data: nobody else's to read, whole or not there at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from errno import EIO, ENOSPC
from pathlib import Path

import pytest
from lead_ops.errors import OpsError
from lead_ops.letter_files.private_file import private_file


@pytest.fixture(autouse=True)
def _open_to_all() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("overwrite", [False, True])
def test_nobody_else_can_read_it_from_its_first_byte(tmp_path: Path, overwrite: bool) -> None:
    path = tmp_path / "letters.jsonl"
    with private_file(path, overwrite=overwrite) as file:
        (written,) = tmp_path.iterdir()
        assert mode(written) == 0o600
        file.write(b"Ana")
    assert path.read_bytes() == b"Ana"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "letters.csv"
    path.write_bytes(b"before")
    with pytest.raises(OpsError, match="expected no file at"), private_file(path):
        pass
    assert path.read_bytes() == b"before"


def test_a_file_is_replaced_at_the_end_and_its_readers_do_not_stay(tmp_path: Path) -> None:
    path = tmp_path / "letters.csv"
    path.write_bytes(b"before")
    path.chmod(0o644)
    with private_file(path, overwrite=True) as file:
        file.write(b"after")
        file.flush()
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"after"
    assert mode(path) == 0o600


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_exception_leaves_no_half_of_it(
    tmp_path: Path, overwrite: bool, error: type[BaseException]
) -> None:
    path = tmp_path / "letters.csv"
    if overwrite:
        path.write_bytes(b"before")

    def interrupted() -> None:
        with private_file(path, overwrite=overwrite) as file:
            file.write(b"Ana" * 100_000)
            raise error

    with pytest.raises(error):
        interrupted()
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"before"] * overwrite


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
@pytest.mark.parametrize("size", [3, 100_000])
def test_a_full_disk_is_told_in_one_line_and_leaves_nothing(
    tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, real = tmp_path / "letters.csv", os.open

    def full(name: Path, flags: int, mode: int = 0o777) -> int:
        os.close(real(name, flags, mode))
        return real("/dev/full", os.O_WRONLY)

    monkeypatch.setattr(os, "open", full)
    words = f"cannot write {path}: {os.strerror(ENOSPC)}"
    with pytest.raises(OpsError) as caught, private_file(path) as file:
        file.write(b"x" * size)
    assert str(caught.value) == words
    assert list(tmp_path.iterdir()) == []


def test_what_the_disk_did_not_take_is_not_called_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_fd: int) -> None:
        raise OSError(EIO, os.strerror(EIO))

    monkeypatch.setattr(os, "fsync", failing)
    path = tmp_path / "letters.csv"
    path.write_bytes(b"before")
    with pytest.raises(OpsError, match="cannot write"), private_file(path, overwrite=True) as file:
        file.write(b"after")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"before"]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", [".", "missing/letters.csv", "link", "pipe", "x" * 300])
def test_a_path_for_no_regular_file_is_refused(tmp_path: Path, name: str, overwrite: bool) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("elsewhere")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OpsError), private_file(tmp_path / name, overwrite=overwrite):
        pass
    assert sorted(tmp_path.iterdir()) == before


def test_an_error_of_the_block_is_not_taken_for_one_of_the_file(tmp_path: Path) -> None:
    lost = ConnectionError("Redis went away")
    with pytest.raises(ConnectionError), private_file(tmp_path / "letters.csv"):
        raise lost
    assert list(tmp_path.iterdir()) == []


def test_half_a_file_has_another_name_and_what_came_meanwhile_is_not_replaced(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bad.csv"

    def write() -> None:
        with private_file(path) as file:
            file.write(b"half")
            assert not path.exists()
            path.write_bytes(b"somebody else's")

    with pytest.raises(OpsError, match="found one"):
        write()
    assert [each.name for each in tmp_path.iterdir()] == ["bad.csv"]
    assert path.read_bytes() == b"somebody else's"
