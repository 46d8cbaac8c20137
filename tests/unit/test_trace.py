"""What an app's trace leaves in a record: ids where it is sampled, and that it is not to be."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import pytest
from lead_producers.trace import TRACE_MAX, of_the_app

IDS = f"{'a' * 32}-{'b' * 16}"
BAGGAGE = (
    f"user=ana@example.com, sentry-trace_id={'a' * 32};p=ana,sentry-release=ana,"
    "sentry-environment=prod,sentry-sample_rate=0.5"
)


def kept(monkeypatch: pytest.MonkeyPatch, traceparent: object, baggage: object = BAGGAGE) -> str:
    """What is kept of what the SDK says."""
    sdk = SimpleNamespace(get_traceparent=lambda: traceparent, get_baggage=lambda: baggage)
    monkeypatch.setitem(sys.modules, "sentry_sdk", sdk)
    return of_the_app()


def test_of_a_sampled_trace_the_ids_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(kept(monkeypatch, f"{IDS}-1")) == {
        "sentry-trace": f"{IDS}-1",
        "baggage": f"sentry-trace_id={'a' * 32},sentry-sample_rate=0.5",
    }


def test_that_an_app_does_not_sample_is_kept_in_one_character(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert kept(monkeypatch, f"{IDS}-0") == "0"


@pytest.mark.parametrize("traceparent", [IDS, "", None, 7, f"ana {IDS}-1"])
def test_where_nobody_decided_nothing_is_kept(
    monkeypatch: pytest.MonkeyPatch, traceparent: object
) -> None:
    assert kept(monkeypatch, traceparent) == ""


@pytest.mark.parametrize(
    "baggage", ["", None, f"sentry-trace_id={'a' * TRACE_MAX}", "sentry-trace_id=\u00e9"]
)
def test_without_a_baggage_that_can_be_used_the_trace_is_kept_all_the_same(
    monkeypatch: pytest.MonkeyPatch, baggage: object
) -> None:
    text = kept(monkeypatch, f"{IDS}-1", baggage)
    assert json.loads(text)["sentry-trace"] == f"{IDS}-1"
    assert len(text) <= TRACE_MAX
    assert "\u00e9" not in text
