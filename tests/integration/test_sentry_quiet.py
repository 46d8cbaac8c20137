"""Sentry stays quiet and tells namespaces apart; by the real SDK and its transport."""

from __future__ import annotations

import logging
import re
import socket
import time
from collections import Counter

import pytest
import sentry_sdk
from lead_worker.core.thinning import FIRST_PAUSE_SECONDS
from lead_worker.reporting import Reporter
from lead_worker.settings import load

from tests.integration.sentry_listener import SentryListener

WORKER = "web-1-4711-0a1b2c3d"


def make_reporter(dsn: str, namespace: str = "leads") -> Reporter:
    return Reporter(load({"SENTRY_DSN": dsn, "LEADS_NAMESPACE": namespace}), WORKER)


def event(name: str, kind: str = "not_before", by: str = WORKER) -> dict[str, object]:
    return {"event": name, "kind": kind, "reason": "the API asked for it", "by": by}


def test_a_hold_that_flaps_is_two_events_at_once_and_then_two_for_all_others(
    sentry: SentryListener,
) -> None:
    reporter = make_reporter(sentry.dsn)
    for _ in range(60):
        reporter.governed(event("hold_began"))
        reporter.governed(event("hold_ended"))
    reporter.governed(event("hold_began", "quota"))
    reporter.flush(5.0)
    told = [(e["tags"]["event"], e["tags"]["kind"], e["extra"]["new"]) for e in sentry.events]
    assert sorted(told) == [
        *(("hold_began", "not_before", 1), ("hold_began", "not_before", 59)),
        ("hold_began", "quota", 1),
        *(("hold_ended", "not_before", 1), ("hold_ended", "not_before", 59)),
    ]
    assert {each["tags"]["by"] for each in sentry.events} == {WORKER}


def test_each_pause_of_a_person_is_told_and_not_whose_it_is(sentry: SentryListener) -> None:
    reporter = make_reporter(sentry.dsn)
    for name in ("paused", "resumed") * 3:
        reporter.governed(event(name, "paused", by="joana"))
    reporter.flush(5.0)
    assert len(sentry.events) == 6
    assert "joana" not in sentry.text


def test_where_a_lead_came_from_is_told_only_by_a_programs_name(sentry: SentryListener) -> None:
    reporter = make_reporter(sentry.dsn)
    for source in ("site/thanks", "Joana Prado"):
        reporter.died({"group": "invalid:email", "new": 1, "lead": "a", "source": source})
    reporter.flush(5.0)
    assert {each["tags"]["source"] for each in sentry.events} == {"site/thanks", "..."}
    assert "Joana" not in sentry.text


def test_what_is_reported_again_has_the_id_that_it_had_and_what_is_new_another(
    sentry: SentryListener,
) -> None:
    death = {"event": "died", "at": "1.000000", "group": "invalid:email", "new": 1, "lead": "a"}
    pause = event("paused", "paused") | {"at": 1.0}
    for _ in range(2):
        reporter = make_reporter(sentry.dsn)
        for again in (death, pause):
            (reporter.died if again is death else reporter.governed)(again)
        reporter.died(death | {"at": "2.000000"})
        reporter.flush(5.0)
    ids = [each["event_id"] for each in sentry.events]
    assert sorted(Counter(ids).values()) == [2, 2, 2]
    other = make_reporter(sentry.dsn, "shop")
    other.died(death)
    other.flush(5.0)
    assert len({each["event_id"] for each in sentry.events}) == 4


def test_a_hold_that_flaps_has_an_id_for_each_report(sentry: SentryListener) -> None:
    reporter = make_reporter(sentry.dsn)
    for number in range(3):
        reporter.governed(event("hold_began") | {"at": number})
    reporter.flush(5.0)
    assert len({each["event_id"] for each in sentry.events}) == len(sentry.events) == 2


def test_it_is_known_whether_reports_have_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        reporter = make_reporter(f"http://key@127.0.0.1:{silent.getsockname()[1]}/1")
        assert reporter.waiting() == 0
        reporter.died({"group": "invalid:email", "new": 1})
        connection, _ = silent.accept()
        assert reporter.waiting() == 1
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        reporter.flush(5.0)
        assert reporter.waiting() == 0
        connection.close()


@pytest.mark.parametrize(
    ("namespace", "fingerprint", "monitor"),
    [
        ("leads", [], "leads-delivery"),
        ("shop", ["shop"], "leads-delivery-shop"),
        ("Shop.2", ["Shop.2"], "leads-delivery-shop-2-[0-9a-f]{6}"),
        ("x" * 64, ["x" * 64], "leads-delivery-x{28}-[0-9a-f]{6}"),
    ],
)
def test_two_namespaces_have_their_issues_and_monitors_apart(
    sentry: SentryListener, namespace: str, fingerprint: list[str], monitor: str
) -> None:
    reporter = make_reporter(sentry.dsn, namespace)
    reporter.checked(good=False, reason="nobody works")
    sentry_sdk.capture_message("of a task")
    reporter.flush(5.0)
    ours, others = sorted(sentry.events, key=lambda e: "tags" in e and "next_step" not in e["tags"])
    assert ours["fingerprint"] == ["standing-still", *fingerprint]
    assert others.get("fingerprint", []) == (["{{ default }}", *fingerprint] if fingerprint else [])
    assert {each["tags"]["namespace"] for each in (ours, others)} == {namespace}
    (check,) = sentry.items("check_in")
    assert re.fullmatch(monitor, check["monitor_slug"])
    assert len(check["monitor_slug"]) <= 50


def test_the_end_of_a_suspicion_is_no_news_as_its_beginning_was_none(
    sentry: SentryListener,
) -> None:
    reporter = make_reporter(sentry.dsn)
    for suspected in (True, False):
        reporter.governed(event("resumed", "outage", by="joana") | {"suspected": suspected})
    reporter.flush(5.0)
    assert len(sentry.events) == 1


def test_what_is_told_of_several_causes_at_once_sends_people_to_all_groups(
    sentry: SentryListener,
) -> None:
    reporter = make_reporter(sentry.dsn)
    reporter.died({"group": "invalid:other", "new": 7, "dead": 0, "lead": "a"})
    reporter.died({"group": "invalid:email", "new": 7, "dead": 7, "lead": "a"})
    reporter.flush(5.0)
    steps = {each["fingerprint"][1]: each["tags"]["next_step"] for each in sentry.events}
    assert steps == {
        "invalid:other": "leads dead",
        "invalid:email": "leads dead list --group invalid:email",
    }


def test_of_what_a_sentry_that_is_away_did_not_get_each_is_counted_in_few_lines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, "lead_worker")
    reporter = make_reporter("http://key@127.0.0.1:1/1")
    for _ in range(40):
        reporter.governed(event("paused", "paused"))
    reporter.flush(5.0)
    told = [r.__dict__["facts"] for r in caplog.records if r.name.startswith("lead_worker")]
    assert {each["event"] for each in told} == {"sentry_lost"}
    assert [each["lost"] for each in told] == [1, 39]


def test_what_sentry_did_not_get_is_told_while_the_process_lives(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter = make_reporter("http://key@127.0.0.1:1/1")
    for _ in range(3):
        reporter.governed(event("paused", "paused"))
    sentry_sdk.flush(5.0)
    later = time.monotonic() + FIRST_PAUSE_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)
    reporter.catch_up()
    told = [r.__dict__["facts"] for r in caplog.records if r.name.startswith("lead_worker")]
    assert [each["lost"] for each in told] == [1, 2]
