"""What the exporter makes of one reading of Redis, and when it reads."""

from __future__ import annotations

import math
import re
import threading
from typing import Any

import pytest
from lead_ops.exporter.collector import LeadsCollector
from lead_ops.exporter.samples import samples
from lead_worker.core import metrics as m
from lead_worker.core.governor import Governor, Hold, Window
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Counts, StoreError
from lead_worker.store.metrics import Readings
from lead_worker.store.reading import Worker
from prometheus_client import CollectorRegistry, generate_latest

NOW = 10_000.0
ABOUT = {"concurrency": "16", "max_in_flight": "20", "release": "leads-worker@1.2.3"}


def counts(governor: Governor | None = None, rate: str = "") -> Counts:
    numbers: dict[str, Any] = {
        "waiting_live": 3,
        "waiting_bulk": 2,
        "leased": 1,
        "unknown": 4,
        "parked": 0,
    }
    numbers |= {"dead": 5, "delivered": 80, "discarded": 0, "erased": 1}
    return Counts(
        now_at=NOW,
        accepted=100,
        forgotten=3,
        duplicates=1,
        **numbers,
        claimable=2,
        oldest_due_at=NOW - 7,
        in_flight=1,
        governor=governor or Governor(),
        rate={"per_minute": rate, "by": "ana"} if rate else {},
    )


def worker(beat_at: float = NOW, **about: str) -> Worker:
    return Worker("w", beat_at, ABOUT | about)


def scrape(collector: LeadsCollector) -> str:
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry).decode()


def test_numbers_are_those_of_the_states_and_the_books_are_balanced_over_them() -> None:
    found = samples(Readings(counts(), oldest_due_at={"live": NOW - 7, "bulk": NOW + 60}))
    assert found[m.IN_STATE][("waiting",)] == 5
    assert found[m.IN_STATE][("dead",)] == 5
    assert found[m.WAITING] == {("live",): 3, ("bulk",): 2}
    assert found[m.OLDEST_DUE] == {("live",): 7, ("bulk",): 0}
    assert found[m.UNACCOUNTED] == {(): 1}  # 100 accepted, 99 of them accounted for


def test_a_hold_is_told_by_its_kind_its_age_and_whether_it_is_suspected() -> None:
    hold = Hold(HoldKind.QUOTA, "402", since_at=NOW - 90, suspected=True)
    found = samples(Readings(counts(Governor(hold))))
    assert {kind for (kind,), value in found[m.HOLD].items() if value} == {"quota"}
    assert (found[m.HOLD_AGE], found[m.HOLD_SUSPECTED]) == ({(): 90}, {(): 1})
    none = samples(Readings(counts()))
    assert not any(none[m.HOLD].values())
    assert (none[m.HOLD_AGE], none[m.HOLD_SUSPECTED]) == ({(): 0}, {(): 0})


def test_a_hold_whose_time_is_over_is_none() -> None:
    over = Hold(HoldKind.NOT_BEFORE, "429", since_at=NOW - 90, until_at=NOW - 1)
    assert not any(samples(Readings(counts(Governor(over))))[m.HOLD].values())


def test_the_window_is_the_governors_else_what_settings_and_threads_allow() -> None:
    narrow = counts(Governor(window=Window(3.7, 8.0)))
    assert samples(Readings(narrow, workers=(worker(),)))[m.WINDOW] == {(): 3}
    assert samples(Readings(counts(), workers=(worker(),)))[m.WINDOW] == {(): 16}
    assert samples(Readings(counts(), workers=(worker(), worker())))[m.WINDOW] == {(): 20}
    assert samples(Readings(counts()))[m.WINDOW] == {}
    assert samples(Readings(counts(), workers=(worker(max_in_flight="x"),)))[m.WINDOW] == {}


@pytest.mark.parametrize(
    ("asked", "set_to", "told"),
    [("120", "60", {(): 2.0}), ("", "60", {(): 1.0}), ("0", "60", {(): math.inf}), ("", "", {})],
)
def test_the_rate_is_the_operators_else_the_workers(
    asked: str, set_to: str, told: dict[tuple[str, ...], float]
) -> None:
    workers = (worker(rate_per_minute=set_to),)
    assert samples(Readings(counts(rate=asked), workers=workers))[m.RATE_LIMIT] == told


def test_workers_are_working_benched_or_silent() -> None:
    governor = Governor(stale=(("old", NOW + 60), ("older", NOW - 1)))
    workers = (worker(), worker(token_mark="old"), worker(token_mark="older"), worker(NOW - 9))
    found = samples(Readings(counts(governor), workers=workers))
    assert found[m.WORKERS] == {("working",): 2, ("benched",): 1, ("silent",): 1}
    assert found[m.THREADS] == {(): 48}
    assert found[m.WORKER_VERSIONS] == {("1.2.3",): 3}


def test_versions_are_few_and_are_no_words_of_a_stranger() -> None:
    strange = tuple(worker(release=f"x@{number}") for number in range(50))
    found = samples(Readings(counts(), workers=(worker(release="<b>Ana</b>"), *strange)))
    assert len(found[m.WORKER_VERSIONS]) <= 10
    assert samples(Readings(counts(), workers=(worker(release="a b"),)))[m.WORKER_VERSIONS] == {
        ("other",): 1
    }


def test_memory_without_a_limit_is_no_part_of_one() -> None:
    assert samples(Readings(counts(), memory_used=9))[m.MEMORY_LIMIT] == {(): math.inf}
    assert samples(Readings(counts(), memory_limit=10))[m.MEMORY_LIMIT] == {(): 10}


def test_each_metric_that_is_defined_is_told_and_no_other() -> None:
    readings = Readings(counts(), flushed_at=NOW - 1, workers=(worker(rate_per_minute="60"),))
    text = scrape(LeadsCollector(lambda: readings, "n"))
    told = dict(re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE))
    assert told == {metric.name: metric.kind for metric in m.METRICS}


def test_where_redis_is_away_only_that_is_told_and_the_next_scrape_tries_again() -> None:
    def away() -> Readings:
        raise StoreError("a password")

    collector = LeadsCollector(away, "n")
    text = scrape(collector)
    assert "leads_up 0.0" in text
    assert "leads_exporter_read_errors_total 1.0" in text
    assert "leads_in_state" not in text
    assert "password" not in text


def test_a_reading_that_hangs_is_given_up_and_a_bug_is_no_end() -> None:
    hang = threading.Event()

    def hanging() -> Readings:
        hang.wait()
        raise AssertionError("not reached")

    assert "leads_up 0.0" in scrape(LeadsCollector(hanging, "n", read_seconds=0.01))
    hang.set()

    def broken() -> Readings:
        raise ZeroDivisionError

    assert "leads_up 0.0" in scrape(LeadsCollector(broken, "n"))


def test_numbers_too_long_to_count_with_are_no_end() -> None:
    nines = "9" * 400
    workers = (worker(concurrency=nines, max_in_flight=nines, rate_per_minute=nines), worker())
    readings = Readings(counts(rate=nines), workers=workers)
    assert samples(readings)[m.THREADS] == {(): 16}
    assert "leads_up 1.0" in scrape(LeadsCollector(lambda: readings, "n"))


def test_a_reading_of_which_no_samples_can_be_made_is_no_end() -> None:
    hold = Hold(HoldKind.QUOTA, "402", since_at="x")  # type: ignore[arg-type]
    readings = Readings(counts(Governor(hold)))
    text = scrape(LeadsCollector(lambda: readings, "n"))
    assert "leads_up 0.0" in text
    assert "leads_in_state" not in text


def test_records_of_another_format_are_not_told() -> None:
    readings = Readings(counts(), format="99")
    assert "leads_up 0.0" in scrape(LeadsCollector(lambda: readings, "n"))


def test_scrapes_at_the_same_time_cost_one_reading() -> None:
    reads: list[int] = []

    def read() -> Readings:
        reads.append(1)
        return Readings(counts())

    collector = LeadsCollector(read, "n", fresh_seconds=3600.0)
    threads = [threading.Thread(target=scrape, args=(collector,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reads) == 1
