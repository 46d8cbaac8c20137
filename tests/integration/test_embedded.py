"""The embedded Redis, with each server that this machine has."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from lead_ops.embedded import EmbeddedRedis
from lead_ops.embedded import folder as redis_folder
from lead_ops.embedded.programs import Server, all_servers
from lead_ops.errors import DataFolderError, RedisStartError
from redis import Redis

StartRedis = Callable[..., EmbeddedRedis]


def ask(redis: EmbeddedRedis, *words: str) -> object:
    with Redis.from_url(redis.url, decode_responses=True) as client:
        return client.execute_command(*words)


def test_it_answers_as_soon_as_it_is_started(own_redis: StartRedis) -> None:
    redis = own_redis()
    assert redis.running
    assert ask(redis, "PING") is True


def test_every_write_is_on_the_disk_and_nothing_is_ever_evicted(own_redis: StartRedis) -> None:
    redis = own_redis()
    for name, value in {
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "port": "0",
        "save": "",
    }.items():
        assert ask(redis, "CONFIG", "GET", name) == {name: value}


def test_only_its_user_can_reach_it(own_redis: StartRedis) -> None:
    redis = own_redis()
    assert stat.S_IMODE(redis.data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(redis.socket_path.stat().st_mode) == 0o700


def test_data_survive_a_stop_and_a_kill(own_redis: StartRedis) -> None:
    redis = own_redis()
    ask(redis, "SET", "a", "1")
    redis.stop()
    assert not redis.running
    assert not redis.socket_path.exists()
    redis.start()
    ask(redis, "SET", "b", "2")
    redis.kill()
    redis.start()
    assert ask(redis, "MGET", "a", "b") == ["1", "2"]


def test_a_server_that_died_by_itself_is_started_again_by_the_same_object(
    own_redis: StartRedis,
) -> None:
    redis = own_redis()
    ask(redis, "SET", "a", "1")
    first = redis.pid
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert not redis.running
    redis.start()
    assert redis.pid != first
    assert ask(redis, "GET", "a") == "1"


def test_a_terminals_signals_do_not_reach_it(own_redis: StartRedis) -> None:
    redis = own_redis()
    assert os.getsid(redis.pid) == redis.pid
    assert os.getpgid(redis.pid) == redis.pid


def test_a_start_of_a_running_server_changes_nothing(own_redis: StartRedis) -> None:
    redis = own_redis()
    pid = redis.pid
    redis.start()
    assert redis.pid == pid


def test_it_listens_on_loopback_where_a_port_is_asked_for(own_redis: StartRedis) -> None:
    redis = own_redis(tcp=True)
    with Redis(host="127.0.0.1", port=redis.port) as client:
        assert client.ping()
    assert ask(redis, "CONFIG", "GET", "bind") == {"bind": "127.0.0.1"}


def test_options_replace_directives(own_redis: StartRedis) -> None:
    redis = own_redis(maxmemory="4mb")
    assert ask(redis, "CONFIG", "GET", "maxmemory") == {"maxmemory": str(4 * 1024 * 1024)}


def test_a_folder_with_spaces_and_quotes_in_its_name_works(
    server_program: Server, tmp_path: Path
) -> None:
    with EmbeddedRedis(tmp_path / "d \"e' ã?%20", server_program.path) as redis:
        assert ask(redis, "PING") is True


@pytest.fixture
def long_folder(tmp_path: Path) -> Path:
    return tmp_path / ("x" * 120)


def test_a_folder_too_long_for_a_socket_works_and_leaves_no_socket_behind(
    server_program: Server, long_folder: Path
) -> None:
    redis = EmbeddedRedis(long_folder, server_program.path)
    for end in (redis.stop, redis.kill):
        redis.start()
        assert ask(redis, "PING") is True
        assert stat.S_IMODE(redis.socket_path.parent.stat().st_mode) == 0o700
        end()
        assert not redis.socket_path.parent.exists()


def test_a_prepared_trap_in_the_short_folders_place_is_refused(
    server_program: Server, long_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        redis = EmbeddedRedis(long_folder, server_program.path)
        redis.socket_path.parent.symlink_to(tmp_path)
        with pytest.raises(DataFolderError):
            redis.start()


def test_a_second_server_on_the_same_folder_is_refused_and_the_first_lives_on(
    own_redis: StartRedis, server_program: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = own_redis()
    monkeypatch.setattr(redis_folder, "FREE_WITHIN_SECONDS", 0.0)
    second = EmbeddedRedis(first.data_dir, server_program.path)
    with pytest.raises(DataFolderError, match=f"in use by a Redis server with the pid {first.pid}"):
        second.start()
    second.stop()
    assert ask(first, "PING") is True


def test_a_server_that_cannot_start_gives_its_last_words(
    own_redis: StartRedis, tmp_path: Path
) -> None:
    with pytest.raises(RedisStartError, match=r"(?i)bad directive|argument") as caught:
        own_redis(no_such_directive="1")
    assert "\n" not in str(caught.value)
    assert "redis.log" in str(caught.value)


def test_a_server_that_never_answers_is_ended(tmp_path: Path) -> None:
    silent = tmp_path / "redis-server"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    redis = EmbeddedRedis(tmp_path / "data", silent)
    with pytest.raises(RedisStartError, match="silent"):
        redis.start(timeout_seconds=0.2)
    assert not redis.running


OWNER = """
import sys, time
from pathlib import Path
from lead_ops.embedded import folder as redis_folder
from lead_ops.embedded import EmbeddedRedis
redis = EmbeddedRedis(Path(sys.argv[1]), Path(sys.argv[2]))
redis.start()
print(redis.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal exists on Linux alone")
def test_it_ends_when_its_starter_is_killed_and_the_next_start_has_all_the_data(
    server_program: Server, tmp_path: Path
) -> None:
    redis = EmbeddedRedis(tmp_path / "data", server_program.path)
    command = [sys.executable, "-c", OWNER, str(redis.data_dir), str(server_program.path)]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environ) as owner:
        assert owner.stdout is not None
        orphan = int(owner.stdout.readline())
        ask(redis, "SET", "a", "1")
        owner.kill()
    with redis:  # Waits until the orphan has let go of the folder.
        assert redis.pid != orphan
        assert ask(redis, "GET", "a") == "1"


@pytest.fixture
def old_and_new() -> tuple[Server, Server]:
    servers = all_servers()
    old = [server for server in servers if server.version < (7, 0, 0)]
    new = [server for server in servers if server.version >= (7, 0, 0)]
    if not (old and new):
        pytest.skip("needs a Redis before 7 and one from 7 on")
    return old[0], new[0]


def test_a_newer_server_takes_over_an_older_ones_data(
    old_and_new: tuple[Server, Server], tmp_path: Path
) -> None:
    old, new = old_and_new
    with EmbeddedRedis(tmp_path / "data", old.path) as redis:
        ask(redis, "SET", "a", "1")
    with EmbeddedRedis(tmp_path / "data", new.path) as redis:
        assert ask(redis, "GET", "a") == "1"


def test_an_older_server_does_not_begin_empty_beside_a_newer_ones_data(
    old_and_new: tuple[Server, Server], tmp_path: Path
) -> None:
    old, new = old_and_new
    with EmbeddedRedis(tmp_path / "data", new.path) as redis:
        ask(redis, "SET", "a", "1")
    with pytest.raises(DataFolderError, match=f"written by a newer Redis than the {old}") as caught:
        EmbeddedRedis(tmp_path / "data", old.path).start()
    assert "\n" not in str(caught.value)


def test_a_snapshot_of_a_newer_format_is_said_to_be_that(
    server_program: Server, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    with EmbeddedRedis(data, server_program.path) as redis:
        ask(redis, "SET", "a", "1")
        ask(redis, "CONFIG", "SET", "auto-aof-rewrite-percentage", "0")
    written = next(
        path
        for path in data.rglob("appendonly.aof*")
        if path.is_file() and "manifest" not in path.name
    )
    written.write_bytes(b"REDIS9999" + bytes(32))
    with pytest.raises(DataFolderError, match="written by a newer Redis"):
        EmbeddedRedis(data, server_program.path).start()
