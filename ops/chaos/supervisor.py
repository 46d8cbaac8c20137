"""What a host's supervisor does: whatever dies is started again a second later.

It owns the processes under test and the history of each: when it began, when and how it ended, when
it was frozen. Instants are epoch seconds. It has no thread: `tick` is called often.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from .children import Child

RESTART_SECONDS = 1.0


@dataclass(slots=True)
class Life:
    """One process from its start to its end.

    Attributes:
        killed: by us; else it ended by itself.
    """

    name: str
    pid: int
    began_at: float
    ended_at: float | None = None
    killed: bool = False
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Freeze:
    """From when until when a process was stopped."""

    pid: int
    from_at: float
    until_at: float


class Slot:
    """A place in which one process runs at a time.

    Args:
        start: makes its process, given how many were there before.
        ends: it ends by itself with 0 when it has done its work, and is not started again then.
    """

    def __init__(self, name: str, start: Callable[[int], Child], *, ends: bool = False) -> None:
        self.name = name
        self.lives: list[Life] = []
        self.freezes: list[Freeze] = []
        self._start, self._ends = start, ends
        self._child: Child | None = None
        self._frozen_at: float | None = None

    @property
    def child(self) -> Child:
        """Its process.

        Raises:
            RuntimeError: none was started yet.
        """
        if self._child is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._child

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.code is None

    @property
    def done(self) -> bool:
        """Whether it has done its work and ended."""
        return self._ends and bool(self.lives) and self.lives[-1].code == 0

    def ended_by_itself(self, life: Life) -> bool:
        """Whether a process ended that nobody had ended, and that had not done its work."""
        if life.ended_at is None or life.killed:
            return False
        return not (self._ends and life.code == 0)

    def start(self) -> None:
        """Start a process in it."""
        self._child = self._start(len(self.lives))
        self.lives.append(Life(self.name, self._child.pid, time.time()))

    def tick(self) -> None:
        """Notice an end, and start again what has been dead for long enough."""
        if self._child is None or self.running:
            return
        life, now = self.lives[-1], time.time()
        if life.ended_at is None:
            life.ended_at, life.code = now, self._child.code
        if not self.done and now - life.ended_at >= RESTART_SECONDS:
            self.start()

    def kill(self) -> bool:
        """SIGKILL; gives whether there was something to kill."""
        if not self.running:
            return False
        self.thaw()
        self.lives[-1].killed = True
        self.child.kill()
        self.tick()
        return True

    def freeze(self) -> bool:
        """SIGSTOP; gives whether there was something to freeze."""
        if not self.running or self._frozen_at is not None:
            return False
        self._frozen_at = time.time()
        self.child.freeze()
        return True

    def thaw(self) -> None:
        """SIGCONT, where it is frozen."""
        if self._frozen_at is None:
            return
        self.child.thaw()
        self.freezes.append(Freeze(self.child.pid, self._frozen_at, time.time()))
        self._frozen_at = None

    def stop(self, seconds: float) -> bool:
        """SIGTERM and wait, then SIGKILL; gives whether it ended in time."""
        if not self.running:
            return True
        self.thaw()
        self.lives[-1].killed = True
        self.child.ask_to_stop()
        ends_at = time.monotonic() + seconds
        while self.running and time.monotonic() < ends_at:
            time.sleep(0.05)
        in_time = not self.running
        self.child.kill()
        return in_time


class Supervisor:
    """All slots."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []

    def add(self, slot: Slot) -> Slot:
        """Start what a slot is for, and look after it from now on."""
        self.slots.append(slot)
        slot.start()
        return slot

    def tick(self) -> None:
        """To be called often."""
        for slot in self.slots:
            slot.tick()

    def called(self, name: str) -> list[Slot]:
        """The slots whose names begin so."""
        return [slot for slot in self.slots if slot.name.startswith(name)]

    @property
    def lives(self) -> list[Life]:
        return [life for slot in self.slots for life in slot.lives]

    @property
    def ended_by_themselves(self) -> list[Life]:
        """Those whom nobody ended, and who had not done their work."""
        lives = [(slot, life) for slot in self.slots for life in slot.lives]
        return [life for slot, life in lives if slot.ended_by_itself(life)]

    @property
    def freezes(self) -> list[Freeze]:
        return [freeze for slot in self.slots for freeze in slot.freezes]

    def kill_all(self) -> None:
        """End everything at once."""
        for slot in self.slots:
            if slot.running:
                slot.kill()
        self.slots.clear()
