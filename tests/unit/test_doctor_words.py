"""What the doctor makes of what it is told: by Redis, by the API, by workers, by a spool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from lead_ops.doctor import api, workers
from lead_ops.doctor.case import read_case
from lead_ops.doctor.finding import Finding, Level
from lead_ops.doctor.server import judge_fsync, judge_info
from lead_ops.doctor.spool import judge_contents
from lead_producers.spool_rows import Contents
from lead_worker.core.reply import Answered, NoAnswer, NotSent, Reply
from lead_worker.store.reading import Worker

NOW = 1_000_000.0
MIB = 1024**2
SOUND: Mapping[str, Any] = {
    "redis_version": "7.2.4",
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
    "maxmemory_policy": "noeviction",
    "used_memory": 10 * MIB,
    "maxmemory": 100 * MIB,
    "role": "master",
    "connected_slaves": 0,
}
REPLICA = {"state": "online", "offset": 900, "lag": 0}


def levels(found: Mapping[str, Any] | None) -> dict[str, str]:
    return {each.name: each.level.value for each in judge_info(found)}


def test_a_sound_redis_is_all_good() -> None:
    assert set(levels(SOUND).values()) == {"good"}


@pytest.mark.parametrize(
    ("changed", "name", "level"),
    [
        ({"redis_version": "6.0.16"}, "version", "bad"),
        ({"redis_version": "6.2.0"}, "version", "good"),
        ({"redis_version": ""}, "version", "bad"),
        ({"cluster_enabled": 1}, "cluster", "bad"),
        ({"aof_enabled": 0}, "appendonly", "bad"),
        ({"aof_last_write_status": "err"}, "disk", "bad"),
        ({"rdb_last_bgsave_status": "err"}, "disk", "bad"),
        ({"maxmemory_policy": "volatile-ttl"}, "eviction", "bad"),
        ({"used_memory": 69 * MIB}, "memory", "good"),
        ({"used_memory": 70 * MIB}, "memory", "warning"),
        ({"used_memory": 85 * MIB}, "memory", "bad"),
        ({"maxmemory": 0}, "memory", "warning"),
        ({"maxmemory": 0, "total_system_memory": 12 * MIB}, "memory", "warning"),
        ({"maxmemory": 0, "total_system_memory": 11 * MIB}, "memory", "bad"),
        ({"role": "slave"}, "replication", "bad"),
        ({"connected_slaves": 1, "slave0": REPLICA}, "replication", "good"),
        ({"connected_slaves": 1}, "replication", "warning"),
        (
            {"connected_slaves": 1, "slave0": REPLICA, "master_repl_offset": 11_000_000},
            *("replication", "warning"),
        ),
    ],
)
def test_each_fact_has_its_level(changed: dict[str, Any], name: str, level: str) -> None:
    assert levels({**SOUND, **changed})[name] == level


def test_what_a_managed_redis_hides_is_a_warning_and_no_fault() -> None:
    assert set(levels(None).values()) == {"warning"}
    assert judge_fsync(None, appends=None).level is Level.WARNING


@pytest.mark.parametrize(
    ("policy", "level"), [("always", "good"), ("everysec", "warning"), ("no", "bad")]
)
def test_each_policy_of_the_append_only_file_has_its_level(policy: str, level: str) -> None:
    assert judge_fsync(policy, appends=True).level.value == level
    assert judge_fsync(policy, appends=False).level is Level.SKIPPED


LISTED = b'{"data": [{"name": "Ana Souza"}], "meta": {}}'


@pytest.mark.parametrize(
    ("reply", "name", "level", "part"),
    [
        (Answered(200, LISTED), "answer", "good", "200 within 200 ms"),
        (Answered(200, b"<html>"), "answer", "bad", "is not the API"),
        (Answered(200, b'{"ok": true}'), "answer", "bad", "is not the API"),
        (Answered(401, b"{}"), "token", "bad", "refused with 401"),
        (Answered(403, b"{}"), "token", "bad", "refused with 403"),
        (Answered(402, b"{}"), "quota", "bad", "spending limit"),
        (Answered(404, b"<html>"), "answer", "bad", "not where leads are listed"),
        (Answered(302, b""), "answer", "bad", "not where leads are listed"),
        (Answered(429, b"{}"), "answer", "warning", "too many requests"),
        (Answered(503, b"{}"), "answer", "bad", "in trouble"),
        (NotSent("refused"), "connection", "bad", "nobody listens"),
        (NotSent("connect"), "connection", "bad", "connect"),
        (NoAnswer("deadline"), "answer", "bad", "no answer within 10 s"),
        (NoAnswer("garbled"), "answer", "bad", "no whole answer"),
    ],
)
def test_each_answer_of_the_api_has_its_words(
    reply: Reply, name: str, level: str, part: str
) -> None:
    found, *rest = api.judge_reply(reply, 0.2, 10.0)
    assert (found.name, found.level.value, part in found.found) == (name, level, True), found
    assert "Ana" not in f"{found}"
    assert found.advice or found.level is Level.GOOD
    # What says nothing of the token is no fault of the token's.
    token = {"good": "good"}.get(level, "skipped")
    assert [(each.name, each.level.value) for each in rest] in ([], [("token", token)])


@pytest.mark.parametrize(("body", "is_page"), [(b"<html>", True), (b"[]", True), (b"{}", False)])
def test_a_refusal_that_is_a_page_may_be_a_proxys(body: bytes, is_page: bool) -> None:
    (found,) = api.judge_reply(Answered(403, body), 0.2, 10.0)
    assert found.advice.startswith(api.RENEW)
    assert ("may be a proxy's page" in found.advice) is is_page


@pytest.mark.parametrize(
    ("took", "deadline", "level"),
    [(2.4, 10.0, "good"), (2.5, 10.0, "warning"), (2.5, 60.0, "good"), (15.0, 60.0, "warning")],
)
def test_an_answer_that_takes_a_quarter_of_the_deadline_is_slow(
    took: float, deadline: float, level: str
) -> None:
    answer, token = api.judge_reply(Answered(200, LISTED), took, deadline)
    assert (answer.level.value, token.level.value) == (level, "good")
    assert (f"give up at {deadline:g} s" in answer.found) == (level == "warning")


@pytest.mark.parametrize(
    ("days", "level"), [(-1, "bad"), (2, "bad"), (13, "warning"), (60, "good")]
)
def test_a_certificate_is_looked_at_before_it_ends(days: float, level: str) -> None:
    assert api.judge_certificate(days).level.value == level


def worker(age_seconds: float) -> Worker:
    return Worker("w", NOW, {"started_at": str(NOW - age_seconds)})


@pytest.mark.parametrize(
    ("calendar_at", "ages", "level"),
    [
        (NOW - 70, [600.0], "good"),
        (NOW - 181, [600.0, 5.0], "bad"),
        (NOW - 90_000, [5.0], "warning"),
        (None, [5.0], "warning"),
        (None, [600.0], "bad"),
        (NOW - 5, [], "skipped"),
    ],
)
def test_beat_is_known_by_its_work(
    calendar_at: float | None, ages: list[float], level: str
) -> None:
    alive = [worker(age) for age in ages]
    assert workers.judge_beat(calendar_at, alive, NOW).level.value == level


def test_where_beats_tasks_lie_there_it_is_the_workers_who_are_at_fault() -> None:
    alone = workers.judge_beat(None, [worker(600.0)], NOW, 0)
    stuck = workers.judge_beat(NOW - 600, [worker(600.0)], NOW, 12)
    assert "celery -A lead_worker.app beat" in alone.advice
    assert "12 tasks wait: Celery's consumers are stuck" in stuck.found
    assert "restart the workers" in stuck.advice


@pytest.mark.parametrize(
    ("contents", "answers", "level"),
    [
        ([], True, "good"),
        ([Contents("leads", 3, 90, NOW - 5, 0)], True, "good"),
        ([Contents("leads", 3, 90, NOW - 500, 0)], True, "warning"),
        ([Contents("leads", 3, 90, NOW - 500, 0)], False, "good"),
        ([Contents("leads", 3, 90, NOW - 9e5, 1)], False, "bad"),
    ],
)
def test_what_a_spool_holds_has_its_level(
    contents: list[Contents], answers: bool, level: str
) -> None:
    (found,) = judge_contents(contents, NOW, "/x/a b", redis_answers=answers)
    assert found.level.value == level
    assert level == "good" or "'/x/a b'" in found.advice


URL = {"LEADS_REDIS_URL": "redis://127.0.0.1:1/0"}


def test_each_bad_setting_is_a_problem_and_the_rest_is_used() -> None:
    case = read_case(
        URL
        | {
            "LEADS_NAMESPACE": "shop",
            "LEADS_LEASE_SECONDS": "2",
            "LEADS_RATE_PER_MINUTE": "many",
            "LEADS_CONCURENCY": "3",
            "LEADS_API_TOKEN": "two words",
        }
    )
    assert [problem.split(":")[0] for problem in case.problems] == [
        "LEADS_CONCURENCY",
        "LEADS_RATE_PER_MINUTE",
        "LEADS_LEASE_SECONDS",
        "LEADS_API_TOKEN",
    ]
    assert (case.settings.namespace, case.settings.lease_seconds) == ("shop", 30.0)
    assert "two words" not in f"{case}"


def test_a_contradiction_with_a_default_is_solved_by_leaving_out_what_is_set() -> None:
    case = read_case(URL | {"LEADS_DEADLINE_SECONDS": "60"})
    assert len(case.problems) == 1
    assert "LEADS_DEADLINE_SECONDS" in case.bad
    assert case.settings.deadline_seconds == 10.0
    assert "LEADS_REDIS_URL" not in case.bad


def test_an_address_of_redis_that_is_bad_is_not_replaced_by_another_in_silence() -> None:
    case = read_case({"LEADS_REDIS_URL": "http://:secret@x"})
    assert "LEADS_REDIS_URL" in case.bad
    assert "secret" not in f"{case}"


def test_names_fit_their_column() -> None:
    found: list[Finding] = [*judge_info(SOUND), *judge_info(None)]
    assert all(len(each.name) <= 12 for each in found)
