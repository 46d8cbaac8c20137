"""How lines of the log are written: as JSON or as text, from which level on, and without whose."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from lead_worker.logs import LOCAL, Asked, JsonLines, TextLines, begin, is_json, level_of
from lead_worker.settings import load

LEVELLED = (
    *("", "celery.pool", "celery.worker.strategy", "celery.app.trace"),
    *("urllib3", "requests", "redis"),
)
EMAIL = "ana.souza@example.com"
CELERY_FAILURE = "Task %(name)s[%(id)s] %(description)s: %(exc)s"
CELERY_STRAY = (
    "Received unregistered task of type %s.\nThe message has been ignored and discarded.\n\n"
    "Did you remember to import the module containing this task?\n\n"
    "The full contents of the message body was:\n%s\n"
)
CELERY_UNREADABLE = "Can't decode message body: %r [type:%r encoding:%r headers:%s]\n\nbody: %s\n"


def record(
    message: object, *args: object, name: str = "lead_worker.courier", **about: Any
) -> logging.LogRecord:
    level = about.pop("level", logging.INFO)
    error = about.pop("error", None)
    info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord(name, level, "file.py", 1, message, args, info)
    made.created = 1_795_795_054.9876
    for field, value in about.items():
        setattr(made, field, value)
    return made


def line(made: logging.LogRecord) -> dict[str, Any]:
    text = JsonLines().format(made)
    assert "\n" not in text
    assert text.isascii()
    found: dict[str, Any] = json.loads(text)
    return found


def failing() -> Exception:
    """An error that has a place, and tells more than it should."""
    try:
        try:
            raise LookupError(f"no {EMAIL}")
        except LookupError as error:
            raise ValueError(f"bad {EMAIL}") from error
    except ValueError as error:
        return error


def test_a_line_says_when_how_bad_which_event_and_its_facts() -> None:
    facts = {"event": "attempt", "lead_id": "a1", "took_seconds": 0.25}
    found = line(record("%s delivered", "a1", facts=facts))
    assert found.pop("worker")
    assert found == {
        "time": "2026-11-27T15:57:34.987Z",
        "level": "INFO",
        "logger": "lead_worker.courier",
        "message": "a1 delivered",
        **facts,
    }


def test_an_error_is_told_by_its_types_and_its_place() -> None:
    found = line(record("it failed", error=failing()))
    assert (found["error"], found["error_causes"]) == ("ValueError", ["LookupError"])
    assert found["error_stack"][-1].startswith("test_logs.py:")
    assert EMAIL not in json.dumps(found)
    text = TextLines(terminal=True).format(record("it failed", error=failing()))
    assert "(ValueError <- LookupError at " in text
    assert EMAIL not in text


@pytest.mark.parametrize(
    ("message", "arguments", "told"),
    [
        ("cannot: %s", (ValueError(EMAIL),), "cannot: ValueError"),
        ("cannot: %r", (ValueError(EMAIL),), "cannot: ValueError"),
        (ValueError(EMAIL), (), "ValueError"),
        (
            CELERY_FAILURE,
            ({"name": "t", "id": "1", "description": "failed", "exc": f"KeyError('{EMAIL}')"},),
            "Task t[1] failed: KeyError",
        ),
        (
            CELERY_STRAY,
            (KeyError("shop"), "[['Ana Souza']]"),
            "Received a task that is not ours. The message has been ignored and discarded.",
        ),
        (
            CELERY_UNREADABLE,
            (ValueError(EMAIL), "json", "utf-8", "{'argsrepr': 'Ana'}", "Ana Souza"),
            "Can't decode message body: ValueError",
        ),
        ("they wrote %s", (EMAIL,), "they wrote [email]"),
        (f"ready: celery{LOCAL}", (), f"ready: celery{LOCAL}"),
        ("%s of %d", ("too few",), "celery.worker"),
    ],
)
def test_of_what_others_log_the_texts_of_errors_and_bodies_of_messages_stay_out(
    message: object, arguments: tuple[object, ...], told: str
) -> None:
    made = record(message, *arguments, name="celery.worker")
    assert line(made)["message"] == told
    assert TextLines(terminal=False).format(made).endswith(told)


@pytest.mark.parametrize(
    ("warned", "told"),
    [
        (
            f"/a/trace.py:809: RuntimeWarning: Exception raised outside body: KeyError('{EMAIL}')"
            ":\nTraceback (most recent call last):\n  File x\n\n  warn(RuntimeWarning(\n",
            "/a/trace.py:809: RuntimeWarning",
        ),
        (
            "/a/b.py:1: UserWarning: Ana\nTraceback (most recent call last):",
            "/a/b.py:1: UserWarning",
        ),
        ("/a/b.py:1: UserWarning: x is old\n", "/a/b.py:1: UserWarning: x is old"),
    ],
)
def test_of_a_warning_that_shows_an_error_its_place_and_category_are_told(
    warned: str, told: str
) -> None:
    assert line(record("%s", warned, name="py.warnings"))["message"] == told


def test_what_the_system_says_of_a_connection_is_told() -> None:
    try:
        try:
            raise ConnectionRefusedError(111, "Connection refused")
        except OSError as cause:
            raise ConnectionError(f"redis://u:p@h {EMAIL}") from cause
    except ConnectionError as error:
        told = line(record("no Redis: %s", error, name="celery.worker"))["message"]
    assert told == "no Redis: ConnectionError (Connection refused)"


def test_others_cannot_add_facts_and_a_warning_of_ours_is_cleaned() -> None:
    facts = {"event": "mine", "email": EMAIL}
    assert EMAIL not in json.dumps(line(record("m", name="celery.worker", facts=facts)))
    assert line(record(f"m {EMAIL}", level=logging.WARNING))["message"] == "m [email]"


@pytest.mark.parametrize(
    ("level", "prefix"), [(logging.INFO, ""), (logging.WARNING, "warning: "), (10, "debug: ")]
)
def test_a_line_of_text_names_its_level_unless_it_is_info(level: int, prefix: str) -> None:
    in_file = TextLines(terminal=False).format(record("it\x1b[2J is", level=level))
    assert in_file.partition(" ")[2] == f"{prefix}it\\x1b[2J is"
    assert in_file.startswith("2026-11-27T")


def test_on_a_terminal_a_warning_has_a_colour_unless_nobody_wants_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = record("it is", level=logging.WARNING)
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert TextLines(terminal=True).format(made).startswith("\x1b[33m")
    assert "\x1b" not in TextLines(terminal=False).format(made)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in TextLines(terminal=True).format(made)


@pytest.mark.parametrize(
    ("setting", "asked", "level"),
    [
        ("", None, logging.INFO),
        ("", logging.DEBUG, logging.DEBUG),
        ("", logging.ERROR, logging.ERROR),
        ("warning", logging.DEBUG, logging.WARNING),
        ("debug", logging.INFO, logging.DEBUG),
        ("error", None, logging.ERROR),
    ],
)
def test_the_setting_decides_the_level_then_celerys_option_then_it_is_info(
    setting: str, asked: int | None, level: int
) -> None:
    assert level_of(load({"LEADS_LOG_LEVEL": setting}), Asked(asked)) == level


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("setting", "stream", "expected"),
    [
        ("auto", io.StringIO(), True),
        ("auto", Terminal(), False),
        ("auto", None, True),
        ("json", Terminal(), True),
        ("text", io.StringIO(), False),
    ],
)
def test_lines_are_json_unless_they_go_to_a_terminal_or_somebody_says_otherwise(
    setting: str, stream: io.StringIO | None, expected: bool
) -> None:
    assert is_json(load({"LEADS_LOG_FORMAT": setting}), stream) is expected


def test_importing_what_logs_changes_nothing_for_other_programs() -> None:
    assert sys.excepthook is sys.__excepthook__
    assert logging.raiseExceptions


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process writes that has set its logging up, at DEBUG."""
    root, stream = logging.getLogger(), io.StringIO()
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in LEVELLED]
    handlers, raises, hooks = root.handlers, logging.raiseExceptions, sys.unraisablehook
    monkeypatch.setattr(sys, "__stderr__", stream)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    begin(load({}), Asked(logging.DEBUG))
    yield stream
    root.handlers, logging.raiseExceptions, sys.unraisablehook = handlers, raises, hooks
    for logger, level in before:
        logger.setLevel(level)


def test_no_arguments_of_tasks_and_no_tries_to_reach_sentry_are_told(written: io.StringIO) -> None:
    apply = "TaskPool: Apply %s (args:%r kwargs:%r)"
    logging.getLogger("celery.pool").debug(apply, "t", ("Ana Souza",), {})
    again = "Retrying (%r) after connection broken by '%r': %s"
    for path in ("/api/1/envelope/", "/leads"):
        logging.getLogger("urllib3.connectionpool").warning(again, 2, OSError("no"), path)
    (line,) = written.getvalue().splitlines()
    assert json.loads(line)["message"].endswith(": /leads")
