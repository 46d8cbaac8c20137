"""Leads on their way into the spool: whoever comes while the disk is busy goes in together.

A commit costs a sync of the disk. When Redis goes away under many threads they all come at once,
and one after the other they would wait for longer than their bounds. So the first writes what all
of them have brought, in one commit. It must not know what a lead is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from .errors import SpoolError
from .wire import Deadline

_Item = TypeVar("_Item")
_Found = TypeVar("_Found")

TOGETHER = 64
"""The most that one commit takes."""


class _Waiting(Generic[_Item, _Found]):
    __slots__ = ("deadline", "done", "error", "found", "item")

    def __init__(self, item: _Item, deadline: Deadline) -> None:
        self.item = item
        self.deadline = deadline
        self.done = threading.Event()
        self.found: _Found | None = None
        self.error: SpoolError | None = None


class Writes(Generic[_Item, _Found]):
    """Gathers items of several threads, and writes them by one of these.

    Args:
        write: writes some items, all or none, until a deadline; gives what came of each.
    """

    def __init__(self, write: Callable[[list[_Item], Deadline], list[_Found]]) -> None:
        self._write = write
        self._writing = threading.Lock()
        self._gate = threading.Lock()
        self._waiting: list[_Waiting[_Item, _Found]] = []

    def put(self, item: _Item, deadline: Deadline) -> _Found:
        """Write an item, or have it written.

        Raises:
            SpoolError: it was not.
        """
        ours: _Waiting[_Item, _Found] = _Waiting(item, deadline)
        with self._gate:
            self._waiting.append(ours)
        while not ours.done.is_set():
            if not deadline.left_seconds() and self._withdraw(ours):
                raise SpoolError("the spool is busy")
            if self._writing.acquire(timeout=max(0.001, min(deadline.left_seconds(), 0.05))):
                try:
                    self._write_some(ours)
                finally:
                    self._writing.release()
        if ours.error:
            raise ours.error
        assert ours.found is not None  # noqa: S101 - it is done, and not by an error
        return ours.found

    def _withdraw(self, ours: _Waiting[_Item, _Found]) -> bool:
        """Take it back, unless somebody is writing it at this moment: then it is waited for."""
        with self._gate:
            if ours in self._waiting:
                self._waiting.remove(ours)
                return True
        return False

    def _write_some(self, ours: _Waiting[_Item, _Found]) -> None:
        with self._gate:
            some, self._waiting = self._waiting[:TOGETHER], self._waiting[TOGETHER:]
        if not some:
            return
        try:
            found = self._write([each.item for each in some], ours.deadline)
        except SpoolError as error:
            self._not_written(some, ours, error)
            return
        except BaseException:
            self._not_written(some, ours, SpoolError("the spool was not written"))
            raise
        for each, result in zip(some, found, strict=True):
            each.found = result
            each.done.set()

    def _not_written(
        self,
        some: list[_Waiting[_Item, _Found]],
        ours: _Waiting[_Item, _Found],
        error: SpoolError,
    ) -> None:
        """Whoever has time left may try for itself: this one's may have been over."""
        again = [each for each in some if each is not ours and each.deadline.left_seconds()]
        with self._gate:
            self._waiting = again + self._waiting
        for each in some:
            if each not in again:
                each.error = error
                each.done.set()
