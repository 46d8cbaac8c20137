"""The way to Redis that a model's machine takes: it loses replies and requests when it is told to.

It owns what becomes of a call on its way, and may put other texts in place of scripts, to show that
the model would see it. What is to be said is others' matter.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, TypeVar

from hypothesis import reject
from hypothesis import strategies as st
from lead_producers.bell import BELL
from lead_producers.keys import FORMAT
from lead_worker.store import Store, StoreError
from lead_worker.store.runner import Call, Runner, Script

from tests.integration.model_people import Fresh
from tests.integration.queues import ENQUEUE, Queue

T = TypeVar("T")
DEDUPE_SECONDS = 600_000
"""Longer than any test: Redis itself lets it expire, and its clock is not the model's."""


class Fate(StrEnum):
    """What becomes of a call."""

    ARRIVES = "arrives"
    REPEATED = "its reply is lost, and it is made again at once"
    REPEATED_LATER = "its reply is lost, and it is made again when others were there"
    GIVEN_UP = "its reply is lost, and nobody makes it again"
    LATE = "it never came, and is made again when others were there"


FATES = st.sampled_from([Fate.ARRIVES] * 6 + [*Fate])


MOST_SECONDS = 4.0
"""How long an example may take: the server's clock goes on, and the model's does not."""


class LostError(StoreError):
    """The reply did not come."""


class Wire:
    """The way of one machine to one queue."""

    def __init__(self, queue: Queue, scripts: Mapping[str, bytes] | None = None) -> None:
        self.queue = queue
        self.loses = False
        self._began_at = time.monotonic()
        self.scripts = {name: _script(name, text) for name, text in (scripts or {}).items()}
        self._enqueue = (scripts or {}).get("enqueue", ENQUEUE.encode())

    def store(self, worker: str = "w1") -> Store:
        """A store at the time that it is in the test by now."""
        store = self.queue.store(worker)
        store.runner = _Unsure(self, store)
        return store

    def enqueue(self, entries: Sequence[Fresh], lane: str, *, dedupes: bool) -> list[object]:
        """Make a producer's call; gives what the script answered."""
        seconds = DEDUPE_SECONDS if dedupes else 0
        arguments: list[Any] = [FORMAT, lane, "test", BELL, self.queue.later_seconds, seconds, ""]
        for entry in entries:
            arguments += [entry.lead_id, entry.key, entry.content, entry.raw]
        reply = self.queue.client.eval(self._enqueue, 1, self.queue.keys.prefix, *arguments)
        self.arrive()
        return [part.decode() if isinstance(part, bytes) else part for part in reply]

    def hold(self, *, true: bool, words: str) -> None:
        """Fail with these words where it is not true, on a machine that is quick enough.

        On one that stood still meanwhile the times of the model are no longer those of the server,
        so the example says nothing, and another is made.
        """
        if true:
            return
        if time.monotonic() - self._began_at > MOST_SECONDS:
            reject()
        raise AssertionError(words)

    def arrive(self) -> None:
        """A reply is on its way."""
        if self.loses:
            raise LostError

    @contextmanager
    def losing(self) -> Iterator[None]:
        """Lose the replies to what is called meanwhile."""
        self.loses = True
        try:
            yield
        except LostError:
            pass
        else:
            raise AssertionError("nothing was called")
        finally:
            self.loses = False


class _Unsure(Runner):
    """Runs scripts over a wire; what runs, runs, though its reply may be lost."""

    def __init__(self, wire: Wire, store: Store) -> None:
        offset_seconds = store.runner.offset_seconds
        super().__init__(store.client, store.keys.prefix, offset_seconds=offset_seconds)
        self._wire = wire

    def run(self, calls: Sequence[Call]) -> list[Any]:
        scripts = self._wire.scripts
        calls = [Call(scripts.get(c.script.name, c.script), c.arguments) for c in calls]
        replies = super().run(calls)
        self._wire.arrive()
        return replies


def _script(name: str, text: bytes) -> Script:
    return Script(name, text, hashlib.sha1(text, usedforsecurity=False).hexdigest())


class Both:
    """Does the same to the store and to the model, and holds one's answer against the other's."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.owed: list[Callable[[], None]] = []

    def __call__(self, fate: Fate, real: Callable[[], T], model: Callable[[], T]) -> None:
        """Do it.

        Args:
            fate: what becomes of the call.
            real: one call of a script; gives its answer.
            model: gives the answer that is expected, and does to the model what it tells of.
        """

        def compare() -> None:
            found, expected = real(), model()
            words = f"expected {expected!r}, found {found!r}"
            self._wire.hold(true=found == expected, words=words)

        if fate in (Fate.REPEATED, Fate.REPEATED_LATER, Fate.GIVEN_UP):
            with self._wire.losing():
                real()
            model()
        if fate in (Fate.ARRIVES, Fate.REPEATED):
            compare()
        elif fate is not Fate.GIVEN_UP:
            self.owed.append(compare)
