"""Work that may hang, as a name server or a frozen Redis lets it, waited for no longer than said.

It owns the wait. What is given up on goes on in its thread, which ends with the process.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class TooSlowError(Exception):
    """It was not done in time."""


def bounded(work: Callable[[], T], seconds: float) -> T:
    """Do it in a thread of its own, and give or raise what it does.

    Raises:
        TooSlowError: it took longer.
    """
    ended: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            ended.put((work(), None))
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            ended.put((None, error))

    threading.Thread(target=run, name="bounded", daemon=True).start()
    try:
        result, error = ended.get(timeout=seconds)
    except queue.Empty:
        raise TooSlowError from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # there is one where there is no error
