"""Keeps processes alive, as long as that makes sense: what ends is started again; and stops them.

It owns when to start again, when to give up, and the time that a stop may take. It must not know
what the processes are for.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from .. import die_with_parent
from ..errors import OpsError
from .child_log import ChildLog

STEADY_SECONDS = 5.0
"""What lived for so long had started well."""

LONGEST_PAUSE_SECONDS = 30.0
REFUSALS = 3
"""How often something that had started well may then refuse to, for a reason that it names."""

STILLBIRTHS = 5
"""How often something may end at once that has never started well."""

SHOWN_WORDS = 4
REFUSAL = "leads: "
"""How the line of a program of ours begins that says why it cannot go on."""

BOUND_EVERY_SECONDS = 5.0


class GiveUpError(OpsError):
    """Something that is needed cannot be kept alive. The text has its last words."""


class Child(Protocol):
    """What the supervisor needs of that which it keeps alive."""

    @property
    def name(self) -> str: ...
    @property
    def log(self) -> ChildLog: ...
    def start(self) -> None: ...

    def ended(self) -> str | None:
        """How it ended, such as "was ended by SIGKILL"; None while it lives."""


@dataclass(frozen=True, slots=True)
class History:
    """How a child has lived up to now.

    Attributes:
        quick: ends in a row that came at once.
        steady: it has once started well.
    """

    quick: int = 0
    steady: bool = False


def after_end(history: History, lived_seconds: float) -> History:
    """The history with one more end in it."""
    if lived_seconds >= STEADY_SECONDS:
        return History(0, steady=True)
    return replace(history, quick=history.quick + 1)


def is_hopeless(history: History, *, refuses: bool) -> bool:
    """Whether to start it again would only end the same way.

    Args:
        refuses: its last words name the reason, so that it is a mistake that a person has to mend.
    """
    if refuses:
        return history.quick >= (REFUSALS if history.steady else 1)
    return history.quick >= STILLBIRTHS and not history.steady


def pause_seconds(history: History) -> float:
    """How long to wait before the next start: 0 after a good life, then 1, 2, 4 ... seconds."""
    if history.quick == 0:
        return 0.0
    return float(min(2.0 ** (history.quick - 1), LONGEST_PAUSE_SECONDS))


@dataclass(slots=True)
class _Charge:
    child: Child
    started_at: float
    history: History
    due_at: float | None = None


class Supervisor:
    """Watches children; for one thread, which must live for as long as they are wanted."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        """Make one that tells what it does, in a line or a few for each thing."""
        self._tell = tell
        self._charges: list[_Charge] = []
        self._bounded_at = time.monotonic()

    def add(self, child: Child) -> None:
        """Start something, and look after it from now on."""
        child.start()
        self.adopt(child)

    def adopt(self, child: Child) -> None:
        """Look after something that was started a moment ago."""
        self._charges.append(_Charge(child, time.monotonic(), History()))

    def look(self) -> None:
        """Start again what has ended, when its time has come. To be called often.

        Raises:
            GiveUpError: that would not help.
        """
        now = time.monotonic()
        for charge in self._charges:
            if charge.due_at is not None:
                if now >= charge.due_at:
                    self._start_again(charge)
            elif how := charge.child.ended():
                self._ended(charge, how, charge.child.log.last_words())
        if now - self._bounded_at >= BOUND_EVERY_SECONDS:
            self._bounded_at = now
            for charge in self._charges:
                charge.child.log.bound()

    def _start_again(self, charge: _Charge) -> None:
        charge.started_at, charge.due_at = time.monotonic(), None
        try:
            charge.child.start()
        except (OSError, OpsError) as error:
            self._ended(charge, "could not be started", (str(error),))

    def _ended(self, charge: _Charge, how: str, words: Sequence[str]) -> None:
        now = time.monotonic()
        charge.history = after_end(charge.history, now - charge.started_at)
        name, log = charge.child.name, charge.child.log.path
        shown = [f"  {word}" for word in words[-SHOWN_WORDS:]] if charge.history.quick else []
        refusals = [word.removeprefix(REFUSAL) for word in words if word.startswith(REFUSAL)]
        if is_hopeless(charge.history, refuses=bool(refusals)):
            raise GiveUpError(
                "\n".join([f"{name} {how} at its start, see {log}", *(refusals or words)])
            )
        pause = pause_seconds(charge.history)
        charge.due_at = now + pause
        again = f"starting it again in {pause:g} s" if pause else "starting it again"
        self._tell("\n".join([f"{name} {how}; {again} (see {log})", *shown]))


class Process:
    """A Python program as a child, in a session of its own, that ends when we do."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        log: Path,
        *,
        core: int | None = None,
    ) -> None:
        """Say what would run.

        Args:
            arguments: what follows `python` on the command line.
            environ: all of its environment.
            log: where its output goes; what is there already becomes the older log.
            core: the number of the core that it stays on, where the system can do that.
        """
        self.name = name
        self.log = ChildLog(log)
        self.log.rotate()
        self._arguments = tuple(arguments)
        self._environ = environ
        self._core = core
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id, that of the last one where it has ended; 0 before the first start."""
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Start it.

        Raises:
            OSError: the system cannot.
        """
        with self.log.opened() as output:
            self._process = subprocess.Popen(
                die_with_parent.command(sys.executable, *self._arguments),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environ,
                start_new_session=True,
            )
        if self._core is not None and sys.platform == "linux":
            with suppress(OSError):  # It may have ended; or the core went away.
                os.sched_setaffinity(self._process.pid, {self._core})

    def ended(self) -> str | None:
        code = self._process.poll() if self._process else None
        if code is None:
            return None
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens where it has ended."""
        if self._process:
            self._process.send_signal(number)


def stop_processes(
    processes: Iterable[Process],
    within_seconds: float,
    wait: Callable[[float], None],
    hasty: Callable[[], bool],
) -> list[str]:
    """Ask processes to end, in this order, and wait until all have; then SIGKILL to the rest.

    Args:
        within_seconds: how long they have together.
        wait: waits for so many seconds, or until one may have ended.
        hasty: whether they shall have no more time.

    Returns:
        The names of those that were killed.
    """
    left = list(processes)
    give_up_at = time.monotonic() + within_seconds
    for process in left:
        process.send(signal.SIGTERM)
    while left := [process for process in left if process.alive]:
        if hasty() or time.monotonic() >= give_up_at:
            break
        wait(0.05)
    for process in left:
        process.send(signal.SIGKILL)
    while any(process.alive for process in left):
        wait(0.05)
    return [process.name for process in left]
