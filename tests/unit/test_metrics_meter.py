"""What one worker process counts, and that no flush is lost or made twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import cast

import pytest
from lead_worker.conclusion import Concluder, Conclusion
from lead_worker.core.metrics import LOOKS, WORKER_ERRORS
from lead_worker.core.outcome import Delivered, Invalid, Outcome, Rejected, Retry
from lead_worker.core.reconcile import Answer
from lead_worker.metering import MOST_FIELDS, Meter
from lead_worker.sender import Result
from lead_worker.settings import load
from lead_worker.store import Claimed, StoreError
from lead_worker.store.metrics import Metrics

CONCLUDER = Concluder(load({}), "w1")
API = "leads_api_request_duration_seconds"


class Hash:
    """Keeps what is flushed as `meter.lua` does; on demand its replies are lost."""

    def __init__(self) -> None:
        self.fields: Counter[str] = Counter()
        self.last = 0
        self.loses: str = ""
        self.most = 0

    def flush(self, number: int, counted: Mapping[str, int]) -> None:
        if self.loses == "call":
            raise StoreError("lost")
        if number > self.last:
            self.last = number
            self.fields.update(counted)
            self.most = max(self.most, len(counted))
        if self.loses == "reply":
            raise StoreError("lost")


def concluded(outcome: Outcome, *, look: bool = False, lane: str = "live") -> Conclusion:
    lead = Claimed("a", "w1:1", look, lane, "", 0, 0, 0, 0.0, b"{}", 1000.0, enqueued_at=999.9)
    finding = Answer(equal=("api-1",)) if look else None
    return CONCLUDER.conclude(
        Result(lead, outcome, 0.2, finding=finding, answer="2xx", api_seconds=0.03)
    )


def flushed(meter: Meter, into: Hash) -> Counter[str]:
    meter.flush(cast(Metrics, into))
    return into.fields


def test_a_delivered_lead_counts_as_attempt_as_settled_and_in_both_histograms() -> None:
    meter = Meter()
    meter.settled([concluded(Delivered("api-1"))], ["ok"])
    assert flushed(meter, Hash()) == {
        "leads_attempts_total|delivered|delivered": 1,
        "leads_settled_total|delivered|live": 1,
        f"{API}|create|2xx|0.05": 1,
        f"{API}|create|2xx|sum": 30_000,
        "leads_delivery_duration_seconds|live|0.5": 1,
        "leads_delivery_duration_seconds|live|sum": 300_000,
    }


def test_a_dead_letter_counts_by_its_reason_and_is_no_delivery() -> None:
    meter = Meter()
    meter.settled([concluded(Rejected(422, "BAD", "Ana")), concluded(Invalid(()))], ["ok", "ok"])
    fields = flushed(meter, Hash())
    assert fields["leads_died_total|rejected"] == fields["leads_died_total|invalid"] == 1
    assert fields["leads_attempts_total|rejected|status_422"] == 1
    assert fields["leads_settled_total|dead|live"] == 2
    assert not any("Ana" in name or "delivery" in name for name in fields)


def test_a_look_counts_by_what_was_found_and_is_no_attempt() -> None:
    meter = Meter()
    meter.settled([concluded(Delivered(""), look=True, lane="bulk")], ["ok"])
    fields = flushed(meter, Hash())
    assert fields["leads_looks_total|found"] == 1
    assert fields[f"{API}|find|2xx|0.05"] == 1
    assert fields["leads_settled_total|delivered|bulk"] == 1
    assert not any(name.startswith("leads_attempts") for name in fields)


@pytest.mark.parametrize("verdict", ["stale", "duplicate", "taken", "erased", "gone"])
def test_an_outcome_that_moved_nothing_counts_as_overtaken(verdict: str) -> None:
    meter = Meter()
    meter.settled([concluded(Delivered("api-1"))], [verdict])
    fields = flushed(meter, Hash())
    assert fields[f"leads_overtaken_total|{verdict}"] == 1
    assert not any("settled" in name or "delivery" in name for name in fields)


@pytest.mark.parametrize("verdict", ["ok", "late", "done"])
def test_a_settle_whose_first_reply_was_lost_has_moved_its_lead_too(verdict: str) -> None:
    meter = Meter()
    meter.settled([concluded(Retry("dns"))], [verdict])
    assert flushed(meter, Hash())["leads_settled_total|waiting|live"] == 1


def test_a_flush_whose_call_or_reply_was_lost_counts_once() -> None:
    for loses in ("call", "reply"):
        meter, into = Meter(), Hash()
        meter.count(WORKER_ERRORS)
        into.loses = loses
        for _ in range(3):
            with pytest.raises(StoreError):
                meter.flush(cast(Metrics, into))
            meter.count(WORKER_ERRORS)
        into.loses = ""
        meter.flush_the_rest(cast(Metrics, into))
        assert into.fields == {"leads_worker_errors_total": 4}


def test_a_flush_adds_to_no_more_than_so_many_fields_and_the_rest_follows() -> None:
    meter, into = Meter(), Hash()
    for number in range(MOST_FIELDS + 10):
        meter.count(LOOKS, f"found-{number}")
    meter.flush_the_rest(cast(Metrics, into))
    assert (into.most, len(into.fields)) == (MOST_FIELDS, MOST_FIELDS + 10)


def test_what_several_threads_count_adds_up() -> None:
    meter, into = Meter(), Hash()
    done = [concluded(Delivered("api-1"))]

    def work() -> None:
        for _ in range(500):
            meter.settled(done, ["ok"])
            meter.count(WORKER_ERRORS)
            meter.flush(cast(Metrics, into))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    meter.flush_the_rest(cast(Metrics, into))
    assert into.fields["leads_worker_errors_total"] == 2000
    assert into.fields["leads_settled_total|delivered|live"] == 2000


def test_nothing_is_counted_where_nothing_happened() -> None:
    meter = Meter()
    meter.count(WORKER_ERRORS, by=0)
    assert flushed(meter, Hash()) == {}
