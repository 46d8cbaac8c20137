"""The definitions of metrics, and what the workers count as fields of one hash."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lead_worker.core.metrics import (
    API_SECONDS,
    ATTEMPTS,
    DELIVERY_SECONDS,
    DIED,
    METRICS,
    SETTLED,
    VALUES,
    WORKERS_COUNT,
    Kind,
    Metric,
)
from lead_worker.core.outcome import (
    Delivered,
    GivenBack,
    Invalid,
    Mangled,
    Rejected,
    Retry,
    Unknown,
)
from lead_worker.core.tallies import (
    SUM,
    Key,
    Observed,
    cause_label,
    counters,
    field_of,
    histograms,
    lane_label,
    read_fields,
    steady,
)
from lead_worker.core.timeline import outcome_name
from lead_worker.core.whereabouts import PACKAGE

CAUSE = re.compile(
    r"\b(?:CallFailed|NotSent|NoAnswer|GivenBack|Retry|Unknown)\((?:None, )?\"([a-z_0-9]+)\""
)
OUTCOMES = (
    *(Delivered("1"), Mangled("1", ()), Rejected(422, "", ""), Invalid(())),
    *(GivenBack(None, "late"), Retry("dns"), Unknown("dropped")),
)
FORBIDDEN = {"id", "lead", "lead_id", "source", "group", "worker", "host", "campaign", "by"}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_is_named_as_prometheus_asks_for(metric: Metric) -> None:
    assert re.fullmatch(r"leads_[a-z_]*[a-z]", metric.name)
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert metric.kind is not Kind.HISTOGRAM or metric.name.endswith("_duration_seconds")
    assert not re.search(r"_(ms|minutes|hours|kb|mb|percent)\b", metric.name)
    assert metric.meaning[0].isupper() or metric.meaning[0].isdigit()
    assert metric.meaning.endswith(".")


def test_each_metric_is_defined_once() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_no_label_is_of_a_kind_that_has_many_values() -> None:
    assert {label for metric in METRICS for label in metric.labels} & FORBIDDEN == set()


def test_what_workers_count_says_what_a_kill_loses() -> None:
    assert all("SIGKILL" in metric.meaning for metric in WORKERS_COUNT)


def test_buckets_are_ascending_and_reach_over_the_default_limits() -> None:
    for metric in METRICS:
        assert [*metric.buckets] == sorted({*metric.buckets})
    assert API_SECONDS.buckets[-1] > 10.0
    assert DELIVERY_SECONDS.buckets[-1] >= 3 * 86400.0


@given(st.integers(100, 999))
def test_any_status_is_one_of_a_few_causes(status: int) -> None:
    assert len({cause_label(f"status_{number}") for number in range(100, 1000)}) < 45
    assert cause_label(f"status_{status}") in (f"status_{status}", f"status_{status // 100}xx")


def test_statuses_that_tell_something_are_told_and_odd_ones_by_their_class() -> None:
    assert [cause_label(f"status_{n}") for n in (422, 503, 418, 599)] == [
        *("status_422", "status_503", "status_4xx", "status_5xx")
    ]
    assert cause_label("connect_timeout") == "connect_timeout"
    assert cause_label("status_2xx_unreadable") == "status_2xx_unreadable"


@pytest.mark.parametrize("code", ["", "a b", "x" * 41, "ana@example.com", "a|b"])
def test_what_is_no_code_is_no_label(code: str) -> None:
    assert cause_label(code) == "other"


def test_a_lane_is_a_label_and_anything_else_is_other() -> None:
    assert [lane_label(lane) for lane in ("live", "bulk", "", "x")] == [
        *("live", "bulk", "other", "other")
    ]


@pytest.mark.parametrize(
    ("seconds", "bound"),
    [(0.0, "0.01"), (0.01, "0.01"), (0.0100001, "0.025"), (60.0, "60.0"), (60.1, "+Inf")],
)
def test_an_observation_is_in_the_first_bucket_that_is_no_less(seconds: float, bound: str) -> None:
    labels = ("create", "2xx")
    name = API_SECONDS.name
    found = Observed(API_SECONDS).keys(labels, seconds)
    assert found == ((name, *labels, bound), (name, *labels, SUM))


def test_fields_are_read_as_they_were_written() -> None:
    fields = {
        field_of((SETTLED.name, "dead", "live")): 3,
        field_of((API_SECONDS.name, "create", "2xx", "0.01")): 2,
    }
    found = read_fields(fields)
    assert found[SETTLED.name] == {("dead", "live"): 3}
    assert found[API_SECONDS.name] == {("create", "2xx", "0.01"): 2}


@pytest.mark.parametrize(
    "field",
    [
        *("", "leads_other_total", "leads_settled_total", "leads_settled_total|dead"),
        *("leads_settled_total|dead|live|more", "flushed_at"),
        *("leads_up", "leads_api_request_duration_seconds|create|2xx"),
    ],
)
def test_a_field_that_this_release_does_not_know_is_left_out(field: str) -> None:
    assert not any(read_fields({field: 1}).values())


def test_values_that_this_release_does_not_know_count_together_and_make_no_series() -> None:
    fields = {f"{SETTLED.name}|state-{n}|lane {n}": 1 for n in range(1000)}
    fields |= {field_of((SETTLED.name, "dead", "live")): 3}
    fields |= {f"{ATTEMPTS.name}|retry|ana{n}@example.com": 2 for n in range(1000)}
    fields |= {f"{API_SECONDS.name}|create|{n}xx|0.01": 1 for n in range(1000)}
    found = read_fields(fields)
    assert found[SETTLED.name] == {("other", "other"): 1000, ("dead", "live"): 3}
    assert found[ATTEMPTS.name] == {("retry", "other"): 2000}
    assert found[API_SECONDS.name] == {
        ("create", "other", "0.01"): 995,
        **{("create", f"{n}xx", "0.01"): 1 for n in range(1, 6)},
    }


def test_each_label_has_its_values_and_what_is_there_from_the_beginning_is_among_them() -> None:
    assert {label for metric in WORKERS_COUNT for label in metric.labels} == VALUES.keys()
    for metric in WORKERS_COUNT:
        for labels in metric.known:
            assert all(v in VALUES[label] for label, v in zip(metric.labels, labels, strict=True))


def test_each_cause_and_each_finding_of_the_code_is_a_label_of_its_own() -> None:
    """A code that is new there is to be put among the values, else it would count as other."""
    texts = {path: path.read_text("utf-8") for path in PACKAGE.rglob("*.py")}
    made = {code for text in texts.values() for code in CAUSE.findall(text)}
    dialled = set(re.findall(r'cause = "(\w+)"', "".join(texts.values())))
    assert {"deadline", "dns", "late", "stopping", "internal_error"} <= made | dialled
    of_looks = {"nothing_to_ask_by", "too_many_pages", "clocks_apart"}
    assert (made | dialled) - of_looks <= {*VALUES["cause"]}
    looks = texts[PACKAGE / "core" / "looks.py"]
    found = set(re.findall(r'(?:_fall_back\(|_goes_on\(\w+, |False\), |policy\), )"(\w+)"', looks))
    assert {"found", "unanswered", "unaskable", "not_asked"} <= found <= {*VALUES["found"]}
    assert {outcome_name(each) for each in OUTCOMES} == {*VALUES["outcome"]}


def test_a_counter_has_its_known_series_from_the_beginning() -> None:
    assert counters(DIED, {}) == {
        (reason,): 0 for reason in ("invalid", "rejected", "exhausted", "poison", "mangled")
    }
    found = counters(ATTEMPTS, {("retry", "dns"): 2})
    assert (found[("delivered", "delivered")], found[("retry", "dns")]) == (0, 2)


def test_a_histogram_adds_its_buckets_up() -> None:
    numbers: dict[Key, int] = {
        ("live", "0.05"): 1,
        ("live", "0.25"): 2,
        ("live", "+Inf"): 1,
        ("live", SUM): 500,
    }
    found = histograms(DELIVERY_SECONDS, numbers)
    assert [*found] == [("bulk",), ("live",)]
    buckets = dict(found[("live",)].buckets)
    assert [buckets[bound] for bound in ("0.05", "0.1", "0.25", "259200.0", "+Inf")] == [
        *(1, 1, 3, 3, 4)
    ]
    assert found[("live",)].sum_seconds == 0.0005
    assert {number for _, number in found[("bulk",)].buckets} == {0}


def test_a_bound_of_a_neighbouring_release_counts_in_the_next_wider_bucket() -> None:
    numbers: dict[Key, int] = {("live", "0.07"): 1, ("live", "1e9"): 1, ("live", "x"): 1}
    buckets = dict(histograms(DELIVERY_SECONDS, numbers)[("live",)].buckets)
    assert (buckets["0.05"], buckets["0.1"], buckets["+Inf"]) == (0, 1, 3)


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        *((1000, 1001, 1001), (1000, 990, 1000), (1000, 900, 1000), (1000, 899, 899)),
        *((10**6, 990_000, 10**6), (10**6, 989_999, 989_999), (150, 76, 150), (150, 74, 74)),
        *((1000, 0, 0), (50, 49, 49), (0, 7, 7)),
    ],
)
def test_a_counter_that_fell_a_little_stays_where_it_was(before: int, now: int, told: int) -> None:
    assert steady({"a": before}, {"a": now}) == {"a": told}


def test_a_counter_that_was_not_there_before_is_told_as_it_is() -> None:
    assert steady({}, {"a": 7}) == {"a": 7}
