"""Whatever an app hands over: a receipt for just that, or a `BadLead` that tells nothing of it."""

from __future__ import annotations

import enum
import json
import math
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lead_producers import BadLead, LeadProducer
from lead_producers.keys import Keys
from lead_producers.record import MAX_BYTES, MAX_DEPTH

from tests.integration.fleet import ONE_REDIS
from tests.integration.odd_leads import HOSTILE, LEADS, SECRET, TEXTS
from tests.integration.spool_sight import NOWHERE, change, leads_in, wait_threads_end

FUZZED = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Unwritable(Exception):
    """No JSON says this."""


def told(value: Any, depth: int = 1) -> Any:
    """What JSON says of a value by the rules in `encode`'s docstring; written anew for this test.

    Raises:
        Unwritable: nothing.
    """
    if isinstance(value, enum.Enum):
        return told(value.value, depth)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping | list | tuple):
        if depth > MAX_DEPTH:
            raise Unwritable
        if not isinstance(value, Mapping):
            return [told(item, depth + 1) for item in value]
        return {told_name(name): told(item, depth + 1) for name, item in value.items()}
    return told_leaf(value)


def told_name(name: Any) -> str:
    if not isinstance(name, str):
        raise Unwritable
    return str.__str__(name) if written(str.__str__(name)) else ""


def told_leaf(value: Any) -> Any:
    match value:
        case str():
            return str.__str__(value) if written(str.__str__(value)) else ""
        case int() if abs(value) < 10**4300:
            return int(value)
        case float() if math.isfinite(value):
            return float(value)
        case Decimal() if value.is_finite():
            return str(value)
        case uuid.UUID():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
    raise Unwritable


def written(text: str) -> bool:
    try:
        return text.encode() is not None
    except UnicodeEncodeError:
        raise Unwritable from None


def assert_taken_or_refused(
    lead: Any, enqueue: Callable[[Any], Any], stored: Callable[[Any], Any]
) -> None:
    """Hand a lead over; what is stored must be what it says, or the error must be in order."""
    try:
        expected = told(lead)
        size = len(json.dumps(expected, ensure_ascii=False, separators=(",", ":")).encode())
        writable = size <= MAX_BYTES
    except (Unwritable, RecursionError):
        writable = False
    if writable:
        assert stored(enqueue(lead)) == expected
        return
    with pytest.raises(BadLead) as caught:
        enqueue(lead)
    assert_in_order(caught.value)


def assert_in_order(error: BadLead, *hidden: str) -> None:
    assert str(error).isprintable()
    assert "expected" in str(error)
    assert len(str(error)) < 500
    assert error.__cause__ is None
    assert error.__context__ is None
    assert [value for value in hidden if value in str(error)] == []


@pytest.fixture
def spooling(tmp_path: Path) -> Iterator[tuple[LeadProducer, Path]]:
    spool = tmp_path / "spool.db"
    with closing(LeadProducer.from_url(NOWHERE, spool=spool)) as producer:
        yield producer, spool
    wait_threads_end()


@ONE_REDIS
@given(LEADS)
@FUZZED
def test_redis_has_what_was_said_or_the_error_is_in_order(
    producer: LeadProducer, redis_client: Any, keys: Keys, lead: dict[str, Any]
) -> None:
    def stored(receipt: Any) -> Any:
        return json.loads(redis_client.get(keys.raw(receipt.lead_id)))

    assert_taken_or_refused(lead, producer.enqueue, stored)
    assert_taken_or_refused(lead, lambda raw: producer.enqueue(raw, dedupe_seconds=0.001), stored)


@given(LEADS)
@FUZZED
def test_the_spool_has_what_was_said_or_the_error_is_in_order(
    spooling: tuple[LeadProducer, Path], lead: dict[str, Any]
) -> None:
    producer, spool = spooling
    change(spool, "DELETE FROM spool")

    def stored(receipt: Any) -> Any:
        assert receipt.spooled
        (found,) = leads_in(spool)
        return found

    assert_taken_or_refused(lead, producer.enqueue, stored)


@ONE_REDIS
@given(st.lists(LEADS, max_size=6))
@FUZZED
def test_a_bulk_goes_on_past_whatever_cannot_be_stored(
    producer: LeadProducer, leads: list[Any]
) -> None:
    summary = producer.enqueue_many([*leads, {"last": 1}])
    assert summary.accepted + len(summary.refused) == len(leads) + 1
    assert summary.accepted >= 1
    assert all(reason.isprintable() for _, reason in summary.refused)


@ONE_REDIS
@given(TEXTS, st.sampled_from([None, "live", "bulk", "x", 1]), TEXTS | st.none() | st.integers())
@FUZZED
def test_whatever_stands_beside_the_lead_is_taken_or_refused_in_order(
    producer: LeadProducer, key: str, lane: Any, source: Any
) -> None:
    try:
        assert len(producer.enqueue({}, key, source, lane).lead_id) == 32
    except BadLead as error:
        assert error.path in ("key", "lane", "source")  # noqa: PT017 - either may be, and no other
        assert_in_order(error)


@ONE_REDIS
@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_a_mapping_that_fails_or_changes_while_it_is_read_is_refused_and_not_quoted(
    producer: LeadProducer, make: Callable[[], Any]
) -> None:
    for _ in range(5):
        try:
            producer.enqueue(make(), dedupe_seconds=0.001)
        except BadLead as error:
            assert_in_order(error, SECRET)
    summary = producer.enqueue_many([make(), {"n": 1}], dedupe_seconds=0.001)
    assert summary.accepted + summary.refused_count + summary.duplicates == 2
    assert SECRET not in str(summary.refused)


@ONE_REDIS
def test_a_dict_that_another_thread_changes_is_taken_as_it_was_or_refused(
    producer: LeadProducer, redis_client: Any, keys: Keys
) -> None:
    lead: dict[str, Any] = {f"name-{n}": n for n in range(300)}
    over = threading.Event()

    def change_it() -> None:
        n = 0
        while not over.is_set():
            lead.pop(f"name-{n % 300}", None)
            lead[f"name-{(n + 150) % 300}"] = n
            n += 1

    thread = threading.Thread(target=change_it)
    thread.start()
    try:
        for _ in range(60):
            try:
                receipt = producer.enqueue(lead, dedupe_seconds=0.001)
            except BadLead as error:
                assert_in_order(error)
            else:
                assert isinstance(json.loads(redis_client.get(keys.raw(receipt.lead_id))), dict)
    finally:
        over.set()
        thread.join()
