"""The heartbeat: a thread in each worker process that lets nothing depend on Celery's messages.

Each second it reclaims leads whose lease ran out, rings where something is claimable, keeps the
worker's entry in the list of workers, flushes what the process counted, lets campaigns go on,
watches Redis's memory and the token's file, ends holds whose time is over and reports what nobody
has reported yet. Where a bell lies unanswered it wakes the courier itself, so that a Celery
consumer that is stuck delays nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from . import logs
from .core.lifecycle import Reason
from .core.metrics import BELLS_ANSWERED, DIED, LEASES_EXPIRED, WORKER_ERRORS
from .metering import Meter
from .reporting import Reporter
from .store import Store, StoreError
from .store.campaigns import Campaigns
from .store.metrics import Metrics
from .store.reading import Reading
from .store.store import is_short

logger = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
UNANSWERED_SECONDS = 2.0
"""How long a bell may lie while this process is idle, before the heartbeat answers it."""

MEND_SECONDS = 10.0
"""How long a stuck consumer is waited for before it is mended, and mended again."""

GRACE_SECONDS = 10.0
"""How long leases are given after a time in which no worker reached Redis."""

RECONNECT_SECONDS = 20.0
"""How long after an absence of Redis a consumer that does not answer is taken to be on its way."""

CAMPAIGN_STEPS = 10
"""The most script calls for one campaign in one beat."""

CRUMBS = 20
"""How much of a timeline goes with the report of a death."""

FULL_SECONDS = 5.0
"""How long enqueueing is refused after one look that found memory short."""


class Wakeable(Protocol):
    """What the heartbeat needs of a courier."""

    @property
    def bells_answered(self) -> int: ...
    @property
    def stopping(self) -> bool: ...
    @property
    def idle_seconds(self) -> float: ...
    @property
    def token_mark(self) -> str: ...
    def wake(self) -> None: ...
    def look_at_the_token(self) -> None: ...
    def end_a_hold_that_is_over(self) -> None: ...


class Heartbeat:
    """Beats until it is stopped."""

    def __init__(
        self,
        store: Store,
        courier: Wakeable,
        reporter: Reporter,
        about: Mapping[str, object],
        *,
        most_in_flight: int,
        rate_per_minute: int,
        mend_consumer: Callable[[], None],
        check_namespace: Callable[[], None],
        meter: Meter | None = None,
    ) -> None:
        self._check_namespace = check_namespace
        self._store = store
        self._meter = meter or Meter()
        self._metrics = Metrics(store)
        self._campaigns = Campaigns(store)
        self._reading = Reading(store)
        self._rate_per_minute = rate_per_minute
        self._courier = courier
        self._reporter = reporter
        self._about = about
        self._most_in_flight = most_in_flight
        self._mend_consumer = mend_consumer
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat_forever, name="heartbeat", daemon=True)
        self._bells_answered = 0
        self._bugs = 0
        self._stuck = False
        self._mended_at = 0.0
        self._away_at = -RECONNECT_SECONDS

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, say_goodbye: bool) -> None:
        """Stop beating; and take the worker off the list, unless Redis is known to be away."""
        self._stopping.set()
        self._thread.join(timeout=BEAT_SECONDS)
        try:
            if say_goodbye:
                self._store.leave()
                self._meter.flush_the_rest(self._metrics)
        except StoreError:
            words = "Redis does not answer; the list of workers shows this one for a while"
            logger.warning(words, extra=logs.facts("redis_away"))

    def _beat_forever(self) -> None:
        while not self._stopping.is_set():
            try:
                self.beat()
            except StoreError as error:
                self._away_at = time.monotonic()
                words = "heartbeat: Redis does not answer (%s)"
                logger.warning(words, type(error).__name__, extra=logs.facts("redis_away"))
            except Exception as error:  # noqa: BLE001 - a heart that stops is worse than any bug
                self._reporter.bug(error)
            self._stopping.wait(BEAT_SECONDS)

    def beat(self) -> None:
        """Do a second's work once."""
        self._check_namespace()
        reclaimed = self._store.reclaim(GRACE_SECONDS)
        if reclaimed.number:
            facts = logs.facts("leases_ran_out", leads=reclaimed.number)
            words = "%d leases ran out: their worker died"
            logger.warning(words, reclaimed.number, extra=facts)
            self._meter.count(LEASES_EXPIRED, by=reclaimed.number)
            self._meter.count(DIED, Reason.POISON, by=len(reclaimed.poison))
        self._courier.look_at_the_token()
        about = {**self._about, "token_mark": self._courier.token_mark}
        beat = self._store.beat(about, most_in_flight=self._most_in_flight)
        for event in beat.events:
            self._report(event)
        self._reporter.catch_up()
        if beat.over:
            self._courier.end_a_hold_that_is_over()
        if self._courier.bells_answered != self._bells_answered:
            new = self._courier.bells_answered - self._bells_answered
            self._meter.count(BELLS_ANSWERED, by=new)
            self._bells_answered += new
            self._stuck = False
        idle = self._stuck or self._courier.idle_seconds >= UNANSWERED_SECONDS
        if beat.claimable and idle and not self._courier.stopping:
            self._courier.wake()
            # Where the list was empty, somebody took the bell or it was lost: no fault of the
            # consumer's. Where a bell lies there, the consumer does not look.
            if not beat.rang:
                self._bell_lies_there()
        self._watch_memory()
        self._flush_counts()
        for campaign_id in beat.campaigns:  # last: one that somebody damaged must not stop the rest
            self._advance(campaign_id)

    def _flush_counts(self) -> None:
        """Metrics that somebody damaged must not stop the rest; what was counted is kept."""
        new = self._reporter.bugs - self._bugs
        self._meter.count(WORKER_ERRORS, by=new)
        self._bugs += new
        try:
            self._meter.flush(self._metrics)
        except StoreError as error:
            name, facts = type(error).__name__, logs.facts("metrics_kept")
            logger.warning("metrics cannot be flushed (%s)", name, extra=facts)

    def _report(self, event: Mapping[str, Any]) -> None:
        if event.get("event") != "died":
            self._reporter.governed(event)
            return
        self._reporter.died(event, self._crumbs(str(event.get("lead") or "")))

    def _crumbs(self, lead_id: str) -> Sequence[Mapping[str, Any]]:
        """What happened to a lead; nothing where Redis is away, as events are given only once."""
        with suppress(StoreError):
            return self._reading.recent([lead_id], CRUMBS)[0] if lead_id else ()
        return ()

    def _advance(self, campaign_id: str) -> None:
        """Note what became of a campaign's leads, and let more go, a bounded number a second."""
        for _ in range(CAMPAIGN_STEPS):
            if self._stopping.is_set() or not self._campaigns.advance(
                campaign_id, self._rate_per_minute
            ):
                return

    def _bell_lies_there(self) -> None:
        now = time.monotonic()
        if now - self._away_at < RECONNECT_SECONDS:
            return  # Celery's pauses grow while Redis is away: it is late, and not stuck
        if not self._stuck:
            self._stuck, self._mended_at = True, now
            self._reporter.bells_unanswered()
        elif now - self._mended_at >= MEND_SECONDS:
            self._mended_at = now
            words = "mending Celery's consumer: its connection begins anew"
            logger.error(words, extra=logs.facts("consumer_mended"))
            self._mend_consumer()

    def _watch_memory(self) -> None:
        used, limit = self._store.memory()
        if is_short(used, limit):
            self._store.refuse_enqueueing(FULL_SECONDS)
