"""The log of a worker and of beat: one line of JSON for each event, or text for a person.

It owns what a line has, and how it is written. It must let nothing of a lead's through: of what
Celery and others log, the texts of errors and the bodies of messages stay out, and the rest goes
through `scrub`. Our own calls name the event, and what of it can be counted, by `extra=facts(...)`.
"""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from logging.handlers import WatchedFileHandler
from types import TracebackType
from typing import Any, TextIO

from .core.scrub import scrub
from .core.whereabouts import kinds, place, stack
from .repeats import Repeats, left_out
from .settings import Settings

OURS = "lead_worker"
LOCAL = f"@{socket.gethostname()}"
"""With this Celery's names of its workers end; it is nobody's address."""

_CHATTER = ("celery.worker.strategy", "celery.app.trace")
"""Two lines for each bell, which say nothing; their errors stay."""

_LIBRARIES = ("urllib3", "requests", "redis", "celery.pool")
"""At DEBUG these would write addresses and bodies of requests, and the arguments of tasks."""

_ENVELOPE = "/envelope/"
"""So ends the path that Sentry takes events at."""

_BODIES = ("[type:", "The full contents of the message", "Did you remember", "Please see")
"""From here on Celery shows the message that it could not use."""

_SHOWS_AN_ERROR = re.compile(
    r"(.+?:\d+): (\w+): (?:Exception raised outside body|.*Traceback \(most recent)", re.DOTALL
)
"""How Celery warns of an error of its own: with the error's text, and the stack's."""

_STRAY = ("unregistered task of type %s", "a task that is not ours%.0s")
"""Celery puts an error there where the name should be; the error's type would be told."""

_ENCODER = json.JSONEncoder(default=str)
_COLOURS = {"WARNING": "\x1b[33m", "ERROR": "\x1b[31m", "CRITICAL": "\x1b[1;31m"}
_PLAIN = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Asked:
    """What Celery's command line asks for.

    Attributes:
        level: of `-l`; None where it was not given.
        file: of `-f`; None for the standard error.
    """

    level: int | None = None
    file: str | None = None


def begin(settings: Settings, asked: Asked) -> None:
    """Set this process's logging up, in place of Celery; once."""
    handler = _handler(asked.file)
    handler.setFormatter(_formatter(settings, getattr(handler, "stream", None)))
    level = level_of(settings, asked)
    root = logging.getLogger()
    handler.addFilter(_is_wanted)
    handler.addFilter(Repeats())
    root.handlers = [handler]
    root.setLevel(level)
    for name in _CHATTER:
        logging.getLogger(name).setLevel(max(level, logging.WARNING) if level > 10 else level)
    for name in _LIBRARIES:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.raiseExceptions = False  # of a disk that is full it would say what could not be written
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda about: _log_uncaught(*about[:3])
    sys.unraisablehook = lambda about: _log_uncaught(
        about.exc_type, about.exc_value, about.exc_traceback
    )


def facts(event: str, **values: object) -> dict[str, object]:
    """What our own calls pass as `extra`: the event's name and values, none of them personal."""
    return {"facts": {"event": event, **values}}


def is_json(settings: Settings, stream: TextIO | None) -> bool:
    """Whether lines are JSON; by itself it is unless they go to a terminal."""
    if settings.log_format == "auto":
        return not (stream is not None and stream.isatty())
    return settings.log_format == "json"


def level_of(settings: Settings, asked: Asked) -> int:
    """From which level on lines are written: LEADS_LOG_LEVEL, else Celery's `-l`, else INFO."""
    if settings.log_level:
        return logging.getLevelNamesMapping()[settings.log_level.upper()]
    return logging.INFO if asked.level is None else asked.level


def speak_as(worker: str) -> None:
    """Let lines say from now on which worker they are of."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, JsonLines):
            handler.formatter.worker = worker


def _is_wanted(record: logging.LogRecord) -> bool:
    """Not what urllib3 says of each try to reach Sentry: what is lost is told by `sentry`."""
    if record.name != "urllib3.connectionpool" or not isinstance(record.args, tuple):
        return True
    return not any(str(value).endswith(_ENVELOPE) for value in record.args)


def _handler(file: str | None) -> logging.StreamHandler[Any]:
    if file:
        return WatchedFileHandler(file, encoding="utf-8")
    return logging.StreamHandler(sys.__stderr__)


def _formatter(settings: Settings, stream: TextIO | None) -> logging.Formatter:
    if is_json(settings, stream):
        return JsonLines()
    return TextLines(terminal=stream is not None and stream.isatty())


class JsonLines(logging.Formatter):
    """One JSON object for each line; ASCII, so that it is the same in any locale."""

    def __init__(self) -> None:
        super().__init__()
        self.worker = f"{socket.gethostname()}-{os.getpid()}"

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{at}.{int(record.created % 1 * 1000):03}Z",
            "level": record.levelname,
            "logger": record.name,
            "event": "log",
            "message": words_of(record),
            **facts_of(record),
            "worker": self.worker,
        }
        error = error_of(record)
        if error is not None:
            causes = kinds(error)
            line |= {"error": causes[0], "error_at": place(error), "error_stack": stack(error)}
            if causes[1:]:
                line["error_causes"] = causes[1:]
        return _ENCODER.encode(line)


class TextLines(logging.Formatter):
    """A line for a person: on a terminal with the time of day, in a file with the date too.

    Args:
        terminal: it is a terminal's; there, warnings and errors have a colour, unless `NO_COLOR`.
    """

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._time = "%H:%M:%S" if terminal else "%Y-%m-%dT%H:%M:%S%z"
        self._coloured = terminal and not os.environ.get("NO_COLOR")

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime(self._time, time.localtime(record.created))
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        error = error_of(record)
        where = "" if error is None else f" ({' <- '.join(kinds(error))} at {place(error)})"
        line = f"{at} {level}{_printable(words_of(record))}{where}"
        colour = _COLOURS.get(record.levelname, "") if self._coloured else ""
        return f"{colour}{line}{_PLAIN}" if colour else line


def words_of(record: logging.LogRecord) -> str:
    """A record's message, without what may be somebody's."""
    if not is_ours(record):
        return _clean(_foreign(record)) + left_out(record)
    text = record.getMessage()
    return scrub(text) if record.levelno >= logging.WARNING else text


def facts_of(record: logging.LogRecord) -> Mapping[str, object]:
    """What one of our own records says in numbers and names; of others nothing is taken over."""
    found = getattr(record, "facts", None)
    return found if is_ours(record) and isinstance(found, Mapping) else {}


def is_ours(record: logging.LogRecord) -> bool:
    """Whether a record is one of this project's own."""
    return record.name == OURS or record.name.startswith(f"{OURS}.")


def error_of(record: logging.LogRecord) -> BaseException | None:
    """The error that a record was logged with."""
    info = record.exc_info
    return info[1] if isinstance(info, tuple) else None


def _foreign(record: logging.LogRecord) -> str:
    """A message of somebody else's, with the types of errors in place of their texts."""
    arguments: Any = record.args or ()
    if isinstance(arguments, Mapping):
        arguments = {name: _told(name, value) for name, value in arguments.items()}
    else:
        arguments = tuple(_told("", value) for value in arguments)
    try:
        words = str(record.msg).replace(*_STRAY)
        text = words % arguments if arguments else _told("", record.msg)
    except (TypeError, ValueError, KeyError):
        text = record.name
    if record.name == "py.warnings":
        text = _warning(str(text))
    return " ".join(str(text).split())


def _warning(text: str) -> str:
    """A warning of Python's: its place and its category where its text shows an error's."""
    found = _SHOWS_AN_ERROR.match(text)
    return f"{found[1]}: {found[2]}" if found else text


def _told(name: str, value: object) -> Any:
    """An argument; of an error its type, and what the system says of it (connection refused)."""
    if name == "exc" and isinstance(value, str):
        return value.partition("(")[0]  # Celery gives the repr of a task's error
    if name in ("traceback", "args", "kwargs"):
        return "..."
    if not isinstance(value, BaseException):
        return value
    cause = value.__cause__ or value.__context__ or value
    system = cause.strerror if isinstance(cause, OSError) else None
    return _Word(f"{type(value).__name__} ({system})" if system else type(value).__name__)


class _Word(str):
    """A text that shows itself without quotes where a template asks for its repr."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _clean(text: str) -> str:
    ends = [text.find(mark) for mark in _BODIES if mark in text]
    return LOCAL.join(map(scrub, text[: min(ends, default=len(text))].rstrip().split(LOCAL)))


def _printable(text: str) -> str:
    """Without what would move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)


def _log_uncaught(
    kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None
) -> None:
    """An error that nobody caught: its type and its place, where Python would print its text."""
    if error is None or issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    about = (kind, error, traceback)
    words = "an error that nobody caught"
    logging.getLogger(__name__).critical(words, exc_info=about, extra=facts("uncaught"))
