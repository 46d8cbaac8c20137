"""Lines that Celery and kombu repeat while their broker is in trouble: few of them get through.

It owns which lines are taken for one another: those of one logger with one template, whose errors
have the same types. What stays out is counted, and the next line that gets through has the number.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from .core.thinning import Thinning

_REPEATING = ("celery.worker.consumer", "kombu")
"""Loggers that say the same many times a second while Redis answers with errors."""

_LEFT_OUT = "left_out"


class Repeats:
    """A filter of a handler's: the first line at once, then one at growing intervals.

    Args:
        clock: seconds, of a clock that does not go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._thinning = clock, Thinning()
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is to be written; it then knows how many like it were not."""
        if record.levelno < logging.WARNING or not _repeats(record.name):
            return True
        with self._lock:
            number = self._thinning.happened(_kind(record), self._clock())
        setattr(record, _LEFT_OUT, number - 1)
        return number > 0


def left_out(record: logging.LogRecord) -> str:
    """What to add to a line's words where others like it were left out; else ""."""
    number = getattr(record, _LEFT_OUT, 0)
    return f" ({number} more like it since the last)" if number > 0 else ""


def _repeats(name: str) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in _REPEATING)


def _kind(record: logging.LogRecord) -> str:
    arguments = record.args if isinstance(record.args, tuple) else ()
    errors = [type(each).__name__ for each in arguments if isinstance(each, BaseException)]
    return " ".join((record.name, str(record.msg), *errors))
