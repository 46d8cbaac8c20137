"""`python -m chaos` as a process of a test's own, and all that it starts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import SERVERS

OPS = Path(__file__).parents[2] / "ops"
ENDS_SECONDS = 60.0


def start(*words: str) -> subprocess.Popen[str]:
    """Start it; skipped where there is no Redis server, but under CI that is a failure."""
    if SERVERS == [None]:
        if os.environ.get("CI"):
            pytest.fail("expected a Redis server under CI, found none: install redis-server")
        pytest.skip("no Redis server on this machine: install redis-server")
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "chaos", *words],
        cwd=OPS,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def descendants(pid: int) -> list[tuple[int, str]]:
    """All processes below one: their ids, and when each began, so that it is known again."""
    children: dict[int, list[tuple[int, str]]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        stat = _stat(path)
        if stat:
            parent, began = int(stat[1]), stat[19]
            children.setdefault(parent, []).append((int(path.parent.name), began))
    found, todo = [], [pid]
    while todo:
        for child in children.get(todo.pop(), []):
            found.append(child)
            todo.append(child[0])
    return found


def still_there(processes: Sequence[tuple[int, str]]) -> list[int]:
    """Those of them that have not ended; they are given a moment."""
    ends_at = time.monotonic() + ENDS_SECONDS
    while left := [pid for pid, began in processes if _began(pid) == began]:
        if time.monotonic() > ends_at:
            return left
        time.sleep(0.05)
    return []


def _began(pid: int) -> str:
    stat = _stat(Path(f"/proc/{pid}/stat"))
    return stat[19] if stat and stat[0] != "Z" else ""


def _stat(path: Path) -> list[str]:
    """The fields of a process behind its name, the state first; none where it is gone."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []
