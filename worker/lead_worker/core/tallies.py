"""What the workers count, as fields of one hash: whole numbers that are only ever added to. Pure.

It owns the names of those fields, and how many there can be. A field is a metric's name and its
label values; a histogram's has its upper bound besides, or `sum`, in microseconds.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

from .metrics import OTHER, VALUES, WORKERS_COUNT, Kind, Labels, Metric

Key = tuple[str, ...]
"""A metric's name, its label values and, of a histogram, the part."""

MICROSECONDS = 1_000_000
SUM = "sum"
INFINITE = "+Inf"
FEW, FRACTION = 100, 0.01
"""A fall by as many, or by that part, is what a crash of Redis loses. A counter that was no greater
than so many and fell is told as it is: a new beginning adds little to it."""
_BETWEEN = "|"
_STATUS = re.compile(r"status_(\d)\d\d")
_VALUES = {label: frozenset(values) for label, values in VALUES.items()}
_BY_NAME = {metric.name: metric for metric in WORKERS_COUNT}


def label_value(label: str, value: str) -> str:
    """A value as a label has it; what is in front of the API may answer any status, so odd ones are
    put together by their class, and what else is not known is `other`."""
    if value in _VALUES[label]:
        return value
    status = _STATUS.fullmatch(value) if label == "cause" else None
    return label_value(label, f"status_{status[1]}xx") if status else OTHER


def cause_label(code: str) -> str:
    """A cause as a label."""
    return label_value("cause", code)


def lane_label(lane: str) -> str:
    """A lane as a label; a record that somebody has damaged may have any."""
    return label_value("lane", lane)


class Observed:
    """The keys of one histogram, made once: there is an observation with each lead."""

    __slots__ = ("_buckets", "_keys", "_name", "_parts")

    def __init__(self, metric: Metric) -> None:
        self._name = metric.name
        self._buckets = metric.buckets
        self._parts = (*map(repr, metric.buckets), INFINITE, SUM)
        self._keys: dict[Labels, tuple[Key, ...]] = {}

    def keys(self, labels: Labels, seconds: float) -> tuple[Key, Key]:
        """The key of the bucket that an observation is in, and that of the sum."""
        keys = self._keys.get(labels)
        if keys is None:
            keys = tuple((self._name, *labels, part) for part in self._parts)
            self._keys[labels] = keys
        return keys[bisect_left(self._buckets, seconds)], keys[-1]


def field_of(key: Key) -> str:
    """The name of the field of a key."""
    return _BETWEEN.join(key)


def read_fields(fields: Mapping[str, int]) -> dict[str, dict[Key, int]]:
    """For each metric's name its numbers, by label values and part.

    Metrics that this release does not know, as a neighbouring one may have written them, are left
    out; values of labels that it does not know count together. So there is no series but of known
    values, whoever wrote the fields.
    """
    found: dict[str, dict[Key, int]] = {name: {} for name in _BY_NAME}
    for field, number in fields.items():
        name, *rest = field.split(_BETWEEN)
        metric = _BY_NAME.get(name)
        if metric is None or len(rest) != len(metric.labels) + (metric.kind is Kind.HISTOGRAM):
            continue
        labels = tuple(map(label_value, metric.labels, rest))
        key = (*labels, *rest[len(labels) :])
        found[name][key] = found[name].get(key, 0) + number
    return found


@dataclass(frozen=True, slots=True)
class Histogram:
    """What was observed under some label values.

    Attributes:
        buckets: upper bounds and how many observations were no greater; the infinite one last.
    """

    buckets: tuple[tuple[str, int], ...]
    sum_seconds: float


def counters(metric: Metric, numbers: Mapping[Key, int]) -> dict[Labels, int]:
    """A counter's series; those that are known are there from the beginning."""
    return dict.fromkeys(metric.known, 0) | dict(numbers)


def histograms(metric: Metric, numbers: Mapping[Key, int]) -> dict[Labels, Histogram]:
    """A histogram's series; those that are known are there from the beginning."""
    series = {*metric.known, *(key[:-1] for key in numbers)}
    return {labels: _histogram(metric, labels, numbers) for labels in sorted(series)}


def _histogram(metric: Metric, labels: Labels, numbers: Mapping[Key, int]) -> Histogram:
    parts = {key[-1]: number for key, number in numbers.items() if key[:-1] == labels}
    micros = parts.pop(SUM, 0)
    inside = [0] * (len(metric.buckets) + 1)
    for bound, number in parts.items():
        # A neighbouring release may have had another bound: then it counts in the next wider one.
        inside[bisect_left(metric.buckets, _bound(bound))] += number
    total, buckets = 0, []
    for bound, number in zip((*map(repr, metric.buckets), INFINITE), inside, strict=True):
        total += number
        buckets.append((bound, total))
    return Histogram(tuple(buckets), micros / MICROSECONDS)


def _bound(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")


def steady(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """Counters as they are told: one that fell a little stays where it was until it is past that.

    A Redis that crashed may have lost its last second. Prometheus would take any fall for a new
    beginning at 0, and add all of what is there once more. One that fell by more has begun anew.
    """
    return {
        field: before[field] if _fell_a_little(before.get(field, 0), number) else number
        for field, number in now.items()
    }


def _fell_a_little(before: int, number: int) -> bool:
    return before > FEW and 0 < before - number <= min(before / 2, max(FEW, before * FRACTION))
