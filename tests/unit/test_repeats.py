"""What Celery and kombu repeat while their broker is in trouble: few lines, with the numbers."""

from __future__ import annotations

import logging

import pytest
from lead_worker.logs import words_of
from lead_worker.repeats import Repeats

CANNOT = "consumer: Cannot connect to %s: %s.\n%s\n"
CONSUMER = "celery.worker.consumer.consumer"


class Clock:
    now_at = 100.0

    def __call__(self) -> float:
        return self.now_at


def record(
    name: str, words: str, *arguments: object, level: int = logging.ERROR
) -> logging.LogRecord:
    return logging.LogRecord(name, level, "file.py", 1, words, arguments, None)


def cannot(error: Exception, tries: int) -> logging.LogRecord:
    return record(CONSUMER, CANNOT, "redis://h/0", error, f"Trying again... ({tries}/100)")


def test_of_a_line_each_quarter_of_a_second_few_are_told_and_each_is_counted() -> None:
    clock, told = Clock(), list[str]()
    repeats = Repeats(clock)
    for tries in range(600):
        line = cannot(MemoryError("ana@example.com"), tries)
        if repeats.filter(line):
            told.append(words_of(line))
        clock.now_at += 0.25
    first = "consumer: Cannot connect to redis://h/0: MemoryError. Trying again... "
    assert told == [
        f"{first}(0/100)",
        f"{first}(20/100) (19 more like it since the last)",
        f"{first}(100/100) (79 more like it since the last)",
        f"{first}(420/100) (319 more like it since the last)",
    ]


def test_another_error_and_another_line_are_told_at_once() -> None:
    repeats = Repeats(Clock())
    lines = [
        cannot(MemoryError(), 1),
        cannot(ConnectionError(), 1),
        record("kombu.connection", "Lost %s", "h"),
        record("kombu.connection", "No %s", "h"),
    ]
    assert [repeats.filter(line) for line in lines + lines] == [True] * 4 + [False] * 4


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("lead_worker.absence", logging.ERROR),
        ("celery.worker", logging.ERROR),
        ("kombus", logging.ERROR),
        (CONSUMER, logging.INFO),
    ],
)
def test_what_is_of_others_or_no_trouble_is_left_alone(name: str, level: int) -> None:
    repeats = Repeats(Clock())
    lines = [record(name, "again", level=level) for _ in range(3)]
    assert all(map(repeats.filter, lines))
    assert {words_of(line) for line in lines} == {"again"}
