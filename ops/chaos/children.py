"""Child processes: started so that they end with us, killed, frozen, thawed, and waited for.

It owns one process each, and knows it by its id. It must never signal what it did not start.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from drills.worker import clean_environ
from lead_ops import die_with_parent

OPS = Path(__file__).resolve().parent.parent


class Child:
    """One process of our Python, in a session of its own.

    Args:
        words: what follows the interpreter, such as `-m celery ...`.
        env: over our own environment, without a developer's settings.
        log: gets what it prints; with `talks` only what goes to stderr.
        talks: its stdin and stdout are ours to use, as text.
    """

    def __init__(
        self, words: Sequence[str], env: Mapping[str, str], log: Path, *, talks: bool = False
    ) -> None:
        command = die_with_parent.command(sys.executable, "-P", *words)
        with log.open("ab") as out:
            self.popen: subprocess.Popen[str] = subprocess.Popen(
                command,
                env=clean_environ() | dict(env),
                cwd=OPS,
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else out,
                stderr=out,
                text=True,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def code(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self.popen.poll()

    def say(self, line: str) -> None:
        """Write a line to its stdin; nothing happens where it is gone."""
        with contextlib.suppress(OSError, ValueError):
            if self.popen.stdin is not None:
                self.popen.stdin.write(line + "\n")
                self.popen.stdin.flush()

    def hear(self) -> str:
        """Wait for a line of its stdout; "" where it is gone."""
        return self.popen.stdout.readline().strip() if self.popen.stdout is not None else ""

    def freeze(self) -> None:
        """Stop it (SIGSTOP)."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on (SIGCONT)."""
        self._signal(signal.SIGCONT)

    def ask_to_stop(self) -> None:
        """SIGTERM."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it and what it started at once (SIGKILL), where it still runs."""
        if self.code is None:
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _signal(self, number: signal.Signals) -> None:
        if self.code is None:
            os.kill(self.pid, number)
