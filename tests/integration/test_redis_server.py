"""Programs as they are found on machines: what they say of themselves, and how they are run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lead_ops import die_with_parent
from lead_ops.embedded.programs import identify


def program(folder: Path, name: str, says: str, code: int = 0) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("name", "says", "found"),
    [
        ("redis-server", "Redis server v=6.2.14 sha=0:0 malloc=libc bits=64", "redis 6.2.14"),
        ("redis-server", "Redis server v=7.0.15 sha=0:0 malloc=jemalloc", "redis 7.0.15"),
        ("valkey-server", "Valkey server v=8.1.1 sha=0:0 malloc=jemalloc", "valkey 8.1.1"),
        ("valkey-server", "Server v=8.0.2 sha=0:0 malloc=jemalloc", "valkey 8.0.2"),
    ],
)
def test_a_server_is_known_by_what_it_says_of_itself(
    tmp_path: Path, name: str, says: str, found: str
) -> None:
    assert str(identify(program(tmp_path, name, says))) == found


def test_a_program_that_fails_or_says_something_else_is_no_server(tmp_path: Path) -> None:
    assert identify(program(tmp_path, "redis-server", "error while loading libraries", 127)) is None
    assert identify(program(tmp_path, "redis-server", "hello")) is None
    assert identify(tmp_path / "nothing") is None


def test_a_command_for_a_parent_that_is_gone_is_not_run(tmp_path: Path) -> None:
    words = die_with_parent.command("/bin/touch", str(tmp_path / "it-ran"))
    words[words.index(str(os.getpid()))] = "1"
    assert os.spawnv(os.P_WAIT, words[0], words) == 1
    assert not (tmp_path / "it-ran").exists()
