"""Redis as one part of a process sees it: away, or answering with errors, and back again.

It owns how often that is told, and in which words: when it begins, once a minute, and when it is
over. An error that Redis answers with is no absence, and is told by its code: its text may quote
what was sent.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable

from redis.exceptions import AuthenticationError, BusyLoadingError, ResponseError

from . import logs
from .store import StoreError
from .store.runner import ScriptError

logger = logging.getLogger(__name__)

TOLD_EVERY_SECONDS = 60.0

_CODE = re.compile(r"[A-Z]{2,20}")
_IN_SCRIPT = re.compile(r"(?:ERR )?Error running script .*?@user_script: ?\d+: -?([A-Z]{2,20}) ")
"""How a Redis before 7 tells what a script's command was answered with."""
_SCRIPT = re.compile(r"([a-z]+\.lua): ")


def words_of(error: StoreError) -> str:
    """What is the matter with Redis, in a few words without anybody's data."""
    if not _is_answer(error):
        return f"Redis does not answer ({type(error).__name__})"
    script = _SCRIPT.match(str(error))
    where = f" ({script[1]})" if script else ""
    return f"Redis answered with an error: {_code(error)}{where}"


def _is_answer(error: StoreError) -> bool:
    # Two that redis-py has as lost connections are Redis's own words.
    return isinstance(error, ResponseError | ScriptError | AuthenticationError | BusyLoadingError)


def _code(error: StoreError) -> str:
    """Redis's own code, such as OOM; the type's name where the text does not begin with one."""
    cause = error.__cause__ if isinstance(error, ScriptError) else error
    if found := _IN_SCRIPT.match(str(cause)):
        return found[1]
    for code in (getattr(cause, "status_code", None), str(cause).partition(" ")[0]):
        if isinstance(code, str) and _CODE.fullmatch(code):
            return code
    return type(cause).__name__


class Absence:
    """Tells of one.

    Args:
        who: whose lines these are.
        clock: seconds, of a clock that does not go back.
    """

    def __init__(self, who: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._who, self._clock = who, clock
        self._words = ""
        self._began_at = self._told_at = 0.0

    def failed(self, error: StoreError) -> None:
        """A call failed; it is told where it is the first, another kind, or a minute went by."""
        now_at, words = self._clock(), words_of(error)
        if not self._words:
            self._began_at = now_at
        anew = not self._words or (_is_answer(error) and words != self._words)
        if anew or now_at - self._told_at >= TOLD_EVERY_SECONDS:
            since = now_at - self._began_at
            for_long = f", for {since:.0f} s" if since >= 1.0 else ""
            logger.warning(
                "%s: %s%s",
                self._who,
                words,
                for_long,
                extra=logs.facts("redis_away", for_seconds=round(since, 1)),
            )
            self._words, self._told_at = words, now_at

    def ended(self) -> None:
        """A call went well."""
        if not self._words:
            return
        self._words, away = "", self._clock() - self._began_at
        facts = logs.facts("redis_back", for_seconds=round(away, 1))
        logger.warning("%s: Redis answers again, after %.0f s", self._who, away, extra=facts)
