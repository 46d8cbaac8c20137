"""What may be asked for beside a lead, to the bounds and just past them."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_producers import BadLead
from lead_producers.record import key_digest
from lead_producers.terms import DEDUPE_MAX_SECONDS, SOURCE_MAX, Terms, checked, digest_of


def asked(
    lane: Any = "live", source: Any = None, dedupe_seconds: Any = None, durable: Any = False
) -> Terms:
    return checked(lane, source, dedupe_seconds, durable=durable)


def refusal(**arguments: Any) -> BadLead:
    with pytest.raises(BadLead) as caught:
        asked(**arguments)
    return caught.value


def test_what_is_not_asked_for_is_nothing() -> None:
    assert asked() == Terms("live", "", 0.0, durable=False)
    assert asked("bulk", "form/7", 1, True) == Terms("bulk", "form/7", 1.0, durable=True)


@pytest.mark.parametrize("seconds", [0.001, 1, 1.5, 604_800, DEDUPE_MAX_SECONDS])
def test_a_time_for_equal_leads_may_be_a_millisecond_to_a_week(seconds: float) -> None:
    assert asked(dedupe_seconds=seconds).dedupe_seconds == float(seconds)


@pytest.mark.parametrize(
    "seconds",
    [0, 0.0, -1, 0.0009, 604_800.001, math.nan, math.inf, 10**400, True, False, "5", Decimal(5)],
)
def test_another_time_for_equal_leads_is_refused(seconds: Any) -> None:
    error = refusal(dedupe_seconds=seconds)
    assert error.path == "dedupe_seconds"
    assert str(error) == "dedupe_seconds: expected 0.001 to 604800 seconds, or None"


@pytest.mark.parametrize("lane", ["", "LIVE", "live ", "dead", None, 1, b"live", ("live",), {}])
def test_another_lane_is_refused(lane: Any) -> None:
    assert str(refusal(lane=lane)) == "lane: expected one of live, bulk"


@pytest.mark.parametrize("source", ["", "x" * SOURCE_MAX, "é" * SOURCE_MAX, "☎ 😀", " "])
def test_a_source_may_be_any_printable_text_up_to_its_length(source: str) -> None:
    assert asked(source=source).source == source


@pytest.mark.parametrize(
    "source",
    ["x" * (SOURCE_MAX + 1), "a\nb", "\0", "\x1b[0m", "\u202e", "\ud800", 7, b"form", ["form"]],
)
def test_another_source_is_refused_and_not_repeated(source: Any) -> None:
    error = refusal(source=source)
    assert str(error) == f"source: expected up to {SOURCE_MAX} printable characters, or None"


@given(st.text())
def test_a_source_is_taken_whole_or_refused(source: str) -> None:
    try:
        assert asked(source=source).source == source
    except BadLead as error:
        assert error.path == "source"  # noqa: PT017 - either is right, and nothing else is


@given(st.text(min_size=1))
def test_a_key_of_any_text_has_a_digest_of_32_hex_digits(key: str) -> None:
    digest = digest_of(key)
    assert digest == key_digest(key)
    assert len(digest) == 32
    assert set(digest) <= set("0123456789abcdef")


def test_no_key_has_no_digest() -> None:
    assert digest_of(None) == ""


@pytest.mark.parametrize("key", ["", 0, 7, b"k", ["k"], False, object()])
def test_another_key_is_refused(key: Any) -> None:
    with pytest.raises(BadLead) as caught:
        digest_of(key)
    assert str(caught.value) == "key: expected a text that is not empty, or None"
