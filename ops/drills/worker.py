"""Real processes of Celery, as the README says to start them: workers and beat."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from lead_ops import die_with_parent

STOP_SECONDS = 20.0
"""How long SIGTERM may take; the worker promises 15."""

WORDS = ("-m", "celery", "-A", "lead_worker.app", "worker", "-P", "threads", "-c", "1")


BEAT_WORDS = ("-m", "celery", "-A", "lead_worker.app", "beat")


def clean_environ() -> dict[str, str]:
    """Our environment without a developer's own settings."""
    return {n: v for n, v in os.environ.items() if not n.startswith(("LEADS_", "SENTRY_"))}


class Worker:
    """A `celery worker` process; started at once, and ended by SIGTERM should we be killed.

    Args:
        beat: it is `celery beat` instead.
    """

    def __init__(self, env: Mapping[str, str], log_path: Path, *, beat: bool = False) -> None:
        self.log_path = log_path
        words = [*WORDS, "-n", f"{log_path.stem}@%h"]
        if beat:
            words = [*BEAT_WORDS, "--pidfile", "", "-s", str(log_path.with_suffix(".db"))]
        command = die_with_parent.command(sys.executable, *words)
        with log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=clean_environ() | dict(env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def last_words(self) -> str:
        """The last lines of its log."""
        text = self.log_path.read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return " | ".join(lines[-3:])[-400:] or "(silent)"

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)

    def stopped(self) -> bool:
        """Wait for its end; gives whether it ended in order, with 0, in time."""
        try:
            return self._process.wait(STOP_SECONDS) == 0
        except subprocess.TimeoutExpired:
            return False

    def kill(self) -> None:
        """End it at once, where it still runs."""
        if self.running:
            self._process.kill()
            self._process.wait()
