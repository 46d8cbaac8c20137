"""One `leads up` process, what it says, and which processes of it are alive.

It owns the process and a thread that reads its output, so that a full pipe never holds it up.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from lead_ops.embedded.programs import Server

from tests.integration.fleet import HANGS_SECONDS, wait_until

CORES = sorted(os.sched_getaffinity(0))[:2]
"""A test needs no more; on a large machine there would be a worker for each core."""

SAMPLES = Path(__file__).parents[2] / "ops" / "samples" / "leads.jsonl"
_PROGRAM = f"import os; os.sched_setaffinity(0, {CORES}); from lead_ops.main import main; main()"


class UpProcess:
    """Started when made."""

    def __init__(
        self,
        home: Path,
        server: Server,
        arguments: list[str],
        environ: dict[str, str],
        stdout: int = subprocess.PIPE,
    ) -> None:
        self.home = home
        self.folder = home / ".leads"
        folders = f"{server.path.parent}{os.pathsep}{os.environ['PATH']}"
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, "up", "--in", str(home), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env={**os.environ, "PATH": folders, "PYTHONPATH": os.pathsep.join(sys.path), **environ},
            cwd=home,
        )
        self._out: list[str] = []
        self._err: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self._out), (self.process.stderr, self._err))
            if pair[0] is not None
        ]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream: Any, lines: list[str]) -> None:
        with stream:
            for line in stream:
                lines.append(line.decode())

    @property
    def out(self) -> str:
        """Standard output so far, or all of it once the process has ended."""
        return "".join(self._out)

    @property
    def err(self) -> str:
        """Standard error, likewise."""
        return "".join(self._err)

    def await_text(self, pattern: str, times: int = 1) -> None:
        """Wait until standard output holds so many matches; fails where the process ends first."""

        def seen() -> bool:
            ended = self.process.poll() is not None
            if len(re.findall(pattern, self.out)) >= times:
                return True
            assert not ended, f"ended without {pattern!r}:\n{self.out}\n{self.err}"
            return False

        wait_until(seen)

    def wait(self) -> int:
        """Wait for the end; gives the exit code."""
        code = self.process.wait(HANGS_SECONDS)
        for reader in self._readers:
            reader.join(HANGS_SECONDS)
        return code

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop and wait for the end; gives the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def json(self) -> Any:
        """Standard output as JSON: that alone may be on it."""
        return json.loads(self.out)

    def children(self, word: str = "") -> list[int]:
        """Ids of the processes of this home that are alive, and have a word in their command."""
        return [
            pid
            for pid, line in _processes_of(self.folder)
            if pid not in (os.getpid(), self.process.pid) and word in line
        ]

    def close(self) -> None:
        """End it and whatever it has started."""
        self.process.kill()
        self.wait()
        for pid in self.children():
            os.kill(pid, signal.SIGKILL)


def _processes_of(folder: Path) -> list[tuple[int, str]]:
    """Processes that have the folder in their command line or environment, and their commands."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command, environ = ((entry / name).read_bytes() for name in ("cmdline", "environ"))
            except OSError:
                continue
            if os.fsencode(folder) in command + environ:
                found.append((int(entry.name), command.replace(b"\0", b" ").decode()))
    return found
