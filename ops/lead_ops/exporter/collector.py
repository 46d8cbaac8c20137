"""What Prometheus's client asks at each scrape: one reading of Redis, as families of samples.

It owns how long a reading may take and for how long it is told again, so that any number of
scrapers, or a Redis that hangs, costs one reading at a time.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version

from lead_producers.keys import FORMAT
from lead_worker.core import metrics as m
from lead_worker.core.metrics import WORKERS_COUNT, Kind, Metric
from lead_worker.core.tallies import counters, histograms, read_fields, steady
from lead_worker.store import StoreError
from lead_worker.store.metrics import Readings
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from lead_ops.bounded import TooSlowError, bounded

from .samples import Series, samples

logger = logging.getLogger(__name__)

Family = CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
Read = Callable[[], Readings]
Words = Callable[[StoreError], str]

FRESH_SECONDS = 0.5
"""A reading that is no older answers another scrape too."""

READ_SECONDS = 4.0
"""A reading that takes longer has failed; Prometheus waits for 10 s by default."""


class LeadsCollector(Collector):
    """Collects for one namespace; any thread may scrape.

    Args:
        words: what an error of Redis comes to, in a line for the log, without its own text.
    """

    def __init__(
        self,
        read: Read,
        namespace: str,
        *,
        words: Words = lambda error: f"Redis cannot be read ({type(error).__name__})",
        read_seconds: float = READ_SECONDS,
        fresh_seconds: float = FRESH_SECONDS,
    ) -> None:
        self._read = read
        self._namespace = namespace
        self._words = words
        self._read_seconds = read_seconds
        self._fresh_seconds = fresh_seconds
        self._lock = threading.Lock()
        # What follows belongs to who has the lock.
        self._families: list[Family] = []
        self._told: dict[str, int] = {}
        self._errors = 0
        self._fault = ""
        self._read_at = float("-inf")

    def describe(self) -> Iterable[Family]:
        """Nothing: or the registry would scrape to learn the names, before anybody asks."""
        return ()

    def collect(self) -> Iterable[Family]:
        """Read, unless another scrape has just done so."""
        with self._lock:
            if time.monotonic() - self._read_at > self._fresh_seconds:
                self._families = list(self._scrape())
                self._read_at = time.monotonic()
            return self._families

    def _scrape(self) -> Iterator[Family]:
        begun_at = time.monotonic()
        told = self._attempt()
        took = time.monotonic() - begun_at
        yield family(m.UP, {(): float(told is not None)})
        yield family(m.INFO, {(self._namespace, _version()): 1.0})
        yield family(m.READ_ERRORS, {(): float(self._errors)})
        yield family(m.READ_SECONDS, {(): took})
        yield from told or ()

    def _attempt(self) -> list[Family] | None:
        """Read, and make samples of it: what is damaged may be found out as late as that."""
        try:
            readings = bounded(self._read, self._read_seconds)
            if readings.format not in (None, FORMAT):
                self._failed("format", "the namespace holds records of another format")
                return None
            told = list(self._told_of(readings))
        except TooSlowError:
            self._failed("slow", "Redis does not answer")
            return None
        except StoreError as error:
            self._failed(type(error).__name__, self._words(error))
            return None
        except Exception as error:  # noqa: BLE001 - a scrape that fails must say so, and not end us
            self._failed(type(error).__name__, f"a fault ({type(error).__name__})")
            return None
        self._read_again(", ".join(readings.unread))
        return told

    def _read_again(self, unread: str) -> None:
        if unread and self._fault != unread:
            words = "%s cannot be read: is a key of another type or damaged, %s? The rest is told"
            logger.warning(words, unread, "or this user not allowed to (ops/runbook.md)")
        if self._fault and not unread:
            logger.warning("Redis is read again")
        self._fault = unread

    def _failed(self, fault: str, words: str) -> None:
        """Say it once for each kind of fault: a scraper comes back every few seconds."""
        self._errors += 1
        if fault != self._fault:
            logger.warning("leads_up is 0: %s", words)
        self._fault = fault

    def _told_of(self, readings: Readings) -> Iterator[Family]:
        yield family(m.UNREAD, {(): float(len(readings.unread))})
        found = samples(readings)
        kept = {k.name: int(found[k][()]) for k in (m.ACCEPTED, m.FORGOTTEN) if k in found}
        told = steady(self._told, {**readings.counted, **kept})
        self._told = {**self._told, **told}
        for metric, series in found.items():
            number = told.get(metric.name)
            yield family(metric, series if number is None else {(): float(number)})
        if "metrics" in readings.unread:
            return  # what is absent is no new beginning, as a 0 would be
        numbers = read_fields(told)
        for metric in WORKERS_COUNT:
            if metric.kind is Kind.HISTOGRAM:
                yield _histogram(metric, numbers[metric.name])
            else:
                yield family(metric, counters(metric, numbers[metric.name]))


def family(metric: Metric, series: Series) -> CounterMetricFamily | GaugeMetricFamily:
    """A counter's or a gauge's samples."""
    kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    made = kind(metric.name, metric.meaning, labels=metric.labels)
    for labels, value in series.items():
        made.add_metric(labels, value)
    return made


def _histogram(metric: Metric, numbers: Mapping[tuple[str, ...], int]) -> HistogramMetricFamily:
    made = HistogramMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, histogram in histograms(metric, numbers).items():
        made.add_metric(labels, list(histogram.buckets), histogram.sum_seconds)
    return made


def _version() -> str:
    try:
        return version("leads-worker")
    except PackageNotFoundError:
        return "unknown"
