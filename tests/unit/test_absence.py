"""Redis that is away, or answers with errors: what is said, and how seldom."""

from __future__ import annotations

import logging

import pytest
from lead_worker.absence import TOLD_EVERY_SECONDS, Absence, words_of
from lead_worker.store import StoreError
from lead_worker.store.runner import ScriptError
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

AWAY = RedisConnectionError("Error 111 connecting to redis:6379. Connection refused.")


class Clock:
    now_at = 100.0

    def __call__(self) -> float:
        return self.now_at


def script_error(cause: ResponseError) -> ScriptError:
    """As `runner` raises it."""
    try:
        raise ScriptError(f"claim.lua: {cause}") from cause
    except ScriptError as error:
        return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AWAY, "Redis does not answer (ConnectionError)"),
        (RedisTimeoutError("Timeout reading from socket"), "Redis does not answer (TimeoutError)"),
        (
            AuthenticationError("Authentication required.", status_code="NOAUTH"),
            "Redis answered with an error: NOAUTH",
        ),
        (
            BusyLoadingError("Redis is loading the dataset in memory", status_code="LOADING"),
            "Redis answered with an error: LOADING",
        ),
        (
            script_error(OutOfMemoryError("command not allowed", status_code="OOM")),
            "Redis answered with an error: OOM (claim.lua)",
        ),
        (
            script_error(ReadOnlyError("You can't write", status_code="READONLY")),
            "Redis answered with an error: READONLY (claim.lua)",
        ),
        (
            script_error(ResponseError("WRONGTYPE Operation against a key")),
            "Redis answered with an error: WRONGTYPE (claim.lua)",
        ),
        (
            script_error(
                ResponseError(
                    "Error running script (call to f_0a1b): @user_script:9: @user_script: 9: -OOM"
                    " command not allowed when used memory > 'maxmemory'.",
                    status_code="ERR",
                )
            ),
            "Redis answered with an error: OOM (claim.lua)",
        ),
        (
            script_error(
                ResponseError(
                    "ERR Error running script (call to f_0a1b): @user_script:12: WRONGTYPE a key"
                )
            ),
            "Redis answered with an error: WRONGTYPE (claim.lua)",
        ),
        (
            script_error(ResponseError("user_script:12: bad number near 'Ana Souza'")),
            "Redis answered with an error: ResponseError (claim.lua)",
        ),
        (
            ResponseError("user_script:12: bad number near 'Ana Souza'"),
            "Redis answered with an error: ResponseError",
        ),
    ],
)
def test_an_error_that_redis_answers_with_is_told_by_its_code_and_is_no_absence(
    error: StoreError, words: str
) -> None:
    assert words_of(error) == words


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    messages = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return messages


def test_an_absence_is_told_when_it_begins_each_minute_and_when_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    absence = Absence("heartbeat", clock)
    absence.ended()
    assert told(caplog) == []
    for _ in range(150):
        absence.failed(RedisTimeoutError() if clock.now_at % 2 else AWAY)
        clock.now_at += 1
    absence.ended()
    absence.ended()
    assert told(caplog) == [
        "heartbeat: Redis does not answer (ConnectionError)",
        "heartbeat: Redis does not answer (ConnectionError), for 60 s",
        "heartbeat: Redis does not answer (ConnectionError), for 120 s",
        "heartbeat: Redis answers again, after 150 s",
    ]


def test_what_redis_answers_is_told_when_it_changes_and_not_by_turns(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    absence = Absence("heartbeat", clock)
    loading = BusyLoadingError("loading", status_code="LOADING")
    for error in (AWAY, loading, AWAY, loading, AWAY):
        absence.failed(error)
        clock.now_at += 1
    assert told(caplog) == [
        "heartbeat: Redis does not answer (ConnectionError)",
        "heartbeat: Redis answered with an error: LOADING, for 1 s",
    ]
    clock.now_at += TOLD_EVERY_SECONDS
    absence.failed(AWAY)
    assert len(told(caplog)) == 1


def test_its_lines_have_facts_for_programs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    absence = Absence("metrics", Clock())
    absence.failed(AWAY)
    absence.ended()
    facts = [record.__dict__["facts"] for record in caplog.records]
    assert facts == [
        {"event": "redis_away", "for_seconds": 0.0},
        {"event": "redis_back", "for_seconds": 0.0},
    ]
