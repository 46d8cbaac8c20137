"""What of an event, a check-in and a trace arrives at Sentry, by the real SDK and its transport."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sentry_sdk
from lead_worker import sentry as our_sentry
from lead_worker.checking import check
from lead_worker.core.lifecycle import Reason, State, Transition
from lead_worker.core.outcome import Rejected, Retry
from lead_worker.core.timeline import attempt_entry
from lead_worker.reporting import Reporter
from lead_worker.sentry import DELIVER, DELIVERY, release
from lead_worker.settings import load

from tests.integration.dead_letters import dead
from tests.integration.fleet import ONE_REDIS
from tests.integration.holding import PAUSE, hold, unhold
from tests.integration.queues import Queue, settlement
from tests.integration.sentry_listener import SentryListener
from tests.integration.test_heartbeat import IdleCourier, beat

EMAIL = "ana.souza@example.com"
PHONE = "+55 11 98765-4321"
TAGS = {"namespace": "leads"}
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl"


def make_reporter(sentry: SentryListener, **environ: str) -> Reporter:
    return Reporter(load({"SENTRY_DSN": sentry.dsn, **environ}), "host-1-ab")


def break_something(values: dict[str, str]) -> None:
    wrong = dict(values)
    raise KeyError(f"{wrong} of {EMAIL}, Bearer {TOKEN}")


def test_a_bug_arrives_with_its_type_and_place_and_nothing_else(sentry: SentryListener) -> None:
    reporter = make_reporter(sentry, SENTRY_ENVIRONMENT="staging")
    try:
        break_something({"email": EMAIL, "phone": PHONE})
    except KeyError as error:
        reporter.bug(error, "a" * 32)
    reporter.flush(5.0)

    (event,) = sentry.events
    assert set(event) <= {*our_sentry._EVENT, "exception"}
    assert (event["environment"], event["release"]) == ("staging", release())
    assert (event["server_name"], event["tags"]) == ("host-1-ab", TAGS | {"lead_id": "a" * 32})
    (value,) = event["exception"]["values"]
    assert set(value) == {"type", "module", "stacktrace"}
    assert value["stacktrace"]["frames"][-1]["function"] == "break_something"
    assert [secret for secret in (EMAIL, PHONE, TOKEN, "wrong =") if secret in sentry.text] == []


def test_a_bug_in_each_of_a_thousand_leads_is_two_events_with_its_number(
    sentry: SentryListener,
) -> None:
    reporter = make_reporter(sentry)
    for number in range(1000):
        try:
            break_something({"email": EMAIL})
        except KeyError as error:
            reporter.bug(error, f"{number:032}")
    reporter.flush(5.0)
    assert [event["extra"]["new"] for event in sentry.events] == [1, 999]
    assert len({tuple(event["fingerprint"]) for event in sentry.events}) == 1
    assert reporter.bugs == 1000


def test_what_others_tell_the_sdk_is_scrubbed_to_names_and_places(sentry: SentryListener) -> None:
    make_reporter(sentry)
    sentry_sdk.set_user({"email": EMAIL})
    sentry_sdk.set_context("lead", {"phone": PHONE})
    sentry_sdk.add_breadcrumb(message=EMAIL)
    sentry_sdk.set_extra("raw", {"deep": [f"call {PHONE}", f"Bearer {TOKEN}"]})
    sentry_sdk.capture_message(f"who is {EMAIL}, please")
    sentry_sdk.flush(5.0)
    sentry_sdk.get_isolation_scope().clear()
    (event,) = sentry.events
    assert event["message"] == "who is [email], please"
    assert event["extra"]["raw"] == {"deep": ["call [phone]", "[token]"]}
    assert not {"user", "contexts", "request", "modules"} & event.keys()
    assert [secret for secret in (EMAIL, PHONE, TOKEN) if secret in sentry.text] == []


def entry(outcome: Any, to: State, attempt: int) -> dict[str, object]:
    reason = Reason.REJECTED if to is State.DEAD else None
    transition = Transition(to, reason=reason)
    return attempt_entry(outcome, transition, attempt=attempt, worker="w1", took_seconds=0.1)


@ONE_REDIS
def test_a_death_comes_with_the_attempts_before_it_and_without_the_apis_words(
    queue: Queue, sentry: SentryListener
) -> None:
    queue.accept("a")
    first = entry(Retry("refused"), State.WAITING, 1)
    queue.settle(replace(settlement(queue.claim()[0], State.WAITING), entry=first))
    refused = Rejected(422, "UNPROCESSABLE_CONTENT", f"{EMAIL} is taken")
    last = entry(refused, State.DEAD, 2)
    fields = {"cause": "status_422", "status": "422"}
    queue.settle(replace(dead(queue.claim()[0], fields=fields), entry=last))
    beat(queue, IdleCourier(), sentry)

    (event,) = sentry.events
    assert event["message"] == "a lead is dead: rejected:status_422:UNPROCESSABLE_CONTENT"
    assert [each["message"] for each in event["breadcrumbs"]["values"]] == [
        "attempt 1 retry (refused) -> waiting",
        "attempt 2 rejected (422) -> dead",
    ]
    told = {"reason": "rejected", "cause": "status_422", "status": "422", "lane": "live"}
    assert event["tags"].items() >= told.items()
    assert event["tags"]["next_step"] == "leads dead show a"
    assert EMAIL not in sentry.text


@ONE_REDIS
def test_the_check_of_each_minute_fails_where_delivery_stands_still_without_a_hold(
    queue: Queue, sentry: SentryListener
) -> None:
    reporter = make_reporter(sentry)
    assert check(queue.store(), reporter)
    queue.accept("a")
    queue.pass_time(3600.0)
    assert not check(queue.store(), reporter)
    assert hold(queue.store(), PAUSE)
    assert check(queue.store(), reporter)
    assert unhold(queue.store())
    reporter.flush(5.0)

    checks = sentry.items("check_in")
    assert [each["status"] for each in checks] == ["ok", "error", "ok"]
    assert {each["monitor_slug"] for each in checks} == {DELIVERY}
    schedule = {"type": "interval", "value": 1, "unit": "minute"}
    assert all(each["monitor_config"]["schedule"] == schedule for each in checks)
    assert {(each["environment"], each["release"]) for each in checks} == {
        ("production", release())
    }
    (event,) = sentry.events
    assert event["message"].startswith("delivery stands still: 1 lead is due")
    assert event["tags"]["next_step"] == "leads health"


def trace(op: str) -> None:
    """A transaction with more said in it than may be."""
    with sentry_sdk.start_transaction(op=op, name=f"deliver {EMAIL}") as begun:
        begun.set_data("lead", EMAIL)
        begun.set_tag("outcome", "delivered")
        with begun.start_child(op="http.client", name=f"POST /leads?email={EMAIL}") as span:
            span.set_data("body", PHONE)


def test_a_trace_is_of_a_delivery_and_says_names_and_times_alone(sentry: SentryListener) -> None:
    reporter = make_reporter(sentry, SENTRY_TRACES_SAMPLE_RATE="1")
    trace("queue.task.celery")
    trace(DELIVER)
    reporter.flush(5.0)
    (told,) = sentry.items("transaction")
    assert told["contexts"]["trace"]["op"] == DELIVER
    assert told["tags"] == TAGS | {"outcome": "delivered"}
    assert "data" not in told["contexts"]["trace"].keys() | told["spans"][0].keys()
    assert [secret for secret in (EMAIL, PHONE) if secret in sentry.text] == []


def test_a_proxy_that_cannot_be_used_is_told_and_stops_no_worker(
    sentry: SentryListener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "proxy.internal:3128")  # it has no scheme
    reporter = Reporter(load({"SENTRY_DSN": sentry.dsn}), "w1")
    reporter.bug(KeyError(EMAIL))
    reporter.flush(1.0)
    assert "HTTP_PROXY" in caplog.text
    assert sentry.items("event") == []


def test_without_a_dsn_nothing_is_sent_and_nothing_fails() -> None:
    reporter = Reporter(load({}), "w1")
    reporter.bug(KeyError(EMAIL))
    reporter.checked(good=False, reason="2 leads are due")
    reporter.flush(1.0)
