"""Holds at Sentry: each is told once when it begins and once when it ends, whoever saw it."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from lead_ops.sandbox import Faults, SandboxServer
from lead_worker.core.outcome import HoldKind

from tests.integration.fleet import ONE_REDIS, Fleet, named, wait_until
from tests.integration.sentry_listener import SentryListener

pytestmark = ONE_REDIS

LEADS = 40
REASON = "Ana Souza asked for it, +5511912345678"


@pytest.fixture
def watched(fleet: Fleet, sentry: SentryListener) -> Fleet:
    """A fleet of two workers that report."""
    fleet.start_workers(SENTRY_DSN=sentry.dsn)
    return fleet


def reports(fleet: Fleet, sentry: SentryListener) -> list[dict[str, Any]]:
    """All that was reported until the end, in order; none of it personal."""
    fleet.wait_beats(1)
    for worker in fleet.workers:
        worker.signal(signal.SIGTERM)
        worker.wait()
    personal = [REASON, "Souza", *(str(v) for n in range(LEADS) for v in named(n).values())]
    assert [value for value in personal if value in sentry.text] == []
    return sentry.events


def told(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Of each report what happened, and to which kind of hold."""
    return [(event["tags"].get("event", ""), event["tags"].get("kind", "")) for event in events]


@pytest.mark.parametrize(
    ("status", "kind"), [(503, HoldKind.OUTAGE), (401, HoldKind.CREDENTIALS)], ids=str
)
def test_a_hold_that_stands_is_told_once_when_it_begins_and_once_when_it_ends(
    watched: Fleet, sandbox: SandboxServer, sentry: SentryListener, status: int, kind: HoldKind
) -> None:
    sandbox.set_faults(Faults(status=status))
    watched.enqueue(*map(named, range(LEADS)))
    wait_until(lambda: watched.stands(kind))
    watched.wait_beats(2)
    sandbox.clear_faults()
    watched.hasten_canary()
    watched.wait_delivered(LEADS)

    events = reports(watched, sentry)
    assert told(events) == [("hold_began", kind.value), ("hold_ended", kind.value)]
    began, ended = events
    assert f"status_{status}" in began["message"]
    assert (began["level"], began["tags"]["next_step"]) == ("warning", "leads status")
    assert ended["level"] == "info"


def test_a_suspicion_that_proves_wrong_is_no_news_but_the_lead_that_was_to_blame(
    watched: Fleet, sandbox: SandboxServer, sentry: SentryListener
) -> None:
    sandbox.set_faults(Faults(status=404, only_agent="bad"))
    leads = [named(number) for number in range(LEADS)]
    leads[0] |= {"agentId": "bad"}
    lead_ids = watched.enqueue(*leads)
    watched.wait_delivered(LEADS - 1)
    watched.bring_witnesses(dead=1)

    (event,) = reports(watched, sentry)
    assert event["message"] == "a lead is dead: rejected:status_404:NOT_FOUND"
    assert event["tags"]["lead_id"] == lead_ids[0]


def test_a_wait_that_the_api_asked_for_is_told_once_when_it_begins_and_once_when_it_ends(
    watched: Fleet, sandbox: SandboxServer, sentry: SentryListener
) -> None:
    sandbox.set_faults(Faults(status=429, retry_after="1", count=1))
    watched.enqueue(*map(named, range(LEADS)))
    watched.wait_delivered(LEADS)

    assert told(reports(watched, sentry)) == [
        ("hold_began", "not_before"),
        ("hold_ended", "not_before"),
    ]


def test_a_pause_and_its_end_are_told_once_each_and_without_the_words_of_the_operator(
    watched: Fleet, sentry: SentryListener
) -> None:
    watched.pause(REASON)
    watched.enqueue(*map(named, range(LEADS)))
    watched.wait_beats(2)
    watched.resume()
    watched.wait_delivered(LEADS)

    assert told(reports(watched, sentry)) == [("paused", "paused"), ("resumed", "paused")]
    assert [event["reason"] for event in watched.events()] == [REASON, REASON]
