"""A contender's worker: a process with all its children, on one core or on all, and what it costs.

It owns the processes that it starts and ends all of them. What they cost is read from /proc, so
this is for Linux alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from lead_ops import die_with_parent

_PROC = Path("/proc")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_SESSION, _CPU = 3, slice(11, 15)
"""Where /proc/PID/stat has them, counted from behind the name."""
STOP_SECONDS = 5.0


class Tree:
    """A process and its descendants: a session of their own. Started at once.

    Args:
        command: a full path, and arguments.
        environ: all of its environment.
        log: the file that its output goes to.
        core: the only core it may use; None for all.
    """

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], log: Path, core: int | None
    ) -> None:
        self.log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                die_with_parent.command(*command),
                env=dict(environ),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        if core is not None:
            os.sched_setaffinity(self._process.pid, {core})

    @property
    def running(self) -> bool:
        """Whether the first of its processes has not ended."""
        return self._process.poll() is None

    @property
    def failed(self) -> bool:
        """Whether the first of its processes has ended, and not with 0."""
        return self._process.poll() not in (None, 0)

    def pids(self) -> list[int]:
        """All of its processes that live now."""
        return [pid for pid, stat in _stats() if int(stat[_SESSION]) == self._process.pid]

    def cpu_seconds(self) -> float:
        """The CPU time of all of them until now, of those that have ended too."""
        of_tree = (stat for _, stat in _stats() if int(stat[_SESSION]) == self._process.pid)
        return sum(int(ticks) for stat in of_tree for ticks in stat[_CPU]) / _TICKS_PER_SECOND

    def pss_bytes(self) -> int:
        """Their memory; what several share counts once (the kernel's proportional set size)."""
        return sum(map(_pss_bytes, self.pids()))

    def last_words(self) -> str:
        """The last lines of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        return " | ".join([line.strip() for line in lines if line.strip()][-3:])[-400:]

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the first of its processes."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """End all of it: SIGTERM to the first, and SIGKILL to whatever is left soon after."""
        self.ask_to_stop()
        if self.running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        while left := self.pids():
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if self.running:
                self._process.wait()
            time.sleep(0.01)


def cpu_seconds_of(pid: int) -> float:
    """The CPU time of one process until now."""
    return sum(int(ticks) for ticks in _stat(pid)[_CPU][:2]) / _TICKS_PER_SECOND


def stop_all(trees: Iterable[Tree]) -> None:
    """End several at once."""
    trees = list(trees)
    for tree in trees:
        tree.ask_to_stop()
    for tree in trees:
        tree.stop()


def _stats() -> list[tuple[int, list[str]]]:
    found = []
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                stat = _stat(int(folder.name))
                # A zombie has no memory and takes no signal; its time is its parent's, once waited.
                if stat[0] != "Z":
                    found.append((int(folder.name), stat))
    return found


def _stat(pid: int) -> list[str]:
    text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()


def _pss_bytes(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
