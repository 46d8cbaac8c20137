"""The operator's desk: what it has begun ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.chaos.chaos_process import OPS, descendants, still_there

SLEEPY_DESK = """
import sys
from pathlib import Path
from chaos import desk
desk.LEADS_COMMAND = (sys.executable, "-c", "import time; print('asleep'); time.sleep(3600)")
desk.Desk(1, Path(sys.argv[1])).sit()
"""
"""A desk whose every command takes an hour, as one does on a Redis that never answers."""

LIMIT_SECONDS = 60.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_an_act_ends_with_its_desk(tmp_path: Path, number: signal.Signals) -> None:
    desk = subprocess.Popen(
        [sys.executable, "-P", "-c", SLEEPY_DESK, str(tmp_path / "acts.jsonl")],
        cwd=OPS,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert desk.stdin is not None
    try:
        desk.stdin.write("pause\n")
        desk.stdin.flush()
        below = acts_of(desk.pid)
    finally:
        desk.send_signal(number)
        desk.wait()
        desk.stdin.close()
    left = still_there(below)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert len(below) == 1
    assert left == []


def acts_of(pid: int) -> list[tuple[int, str]]:
    """What the desk has begun, as soon as it has begun something."""
    ends_at = time.monotonic() + LIMIT_SECONDS
    while not (found := descendants(pid)) and time.monotonic() < ends_at:
        time.sleep(0.02)
    return found
