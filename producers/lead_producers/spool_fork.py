"""No spool is open while its process forks.

SQLite notes in the process's memory which locks on a file the process has. A child inherits that
note and not the locks: were the file open, the child would write as if it had them, and whoever
closes the file last would take away the log of changes that the child writes to, with its leads.
Source: "How To Corrupt An SQLite Database File", 2.6. What is forked without Python's knowledge,
by a server written in C, is not seen here.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from typing import Protocol

FORK_SECONDS = 5.0
"""How long a fork waits for a thread that is at the file."""


class Forking(Protocol):
    """What has to be closed across a fork."""

    def before_fork(self) -> None: ...

    def after_fork(self, *, in_child: bool) -> None: ...


_watched: list[weakref.ref[Forking]] = []
_left_behind: list[object] = []


def watch(what: Forking) -> None:
    """Tell it of each fork from now on, for as long as somebody has it."""
    _watched[:] = [reference for reference in _watched if reference()]
    _watched.append(weakref.ref(what))


def leave_behind(connection: object) -> None:
    """Keep what could not be closed before the fork: the child must not close it either."""
    _left_behind.append(connection)


def _living() -> Iterator[Forking]:
    """Always in the same order, because each is held from before the fork until after it."""
    for reference in [*_watched]:
        if what := reference():
            yield what


def _before() -> None:
    for what in _living():
        what.before_fork()


def _after(*, in_child: bool) -> None:
    for what in _living():
        what.after_fork(in_child=in_child)


os.register_at_fork(
    before=_before,
    after_in_parent=lambda: _after(in_child=False),
    after_in_child=lambda: _after(in_child=True),
)
