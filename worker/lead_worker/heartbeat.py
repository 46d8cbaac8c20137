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
from collections.abc import Callable, Mapping
from typing import Protocol

from . import logs
from .absence import Absence, words_of
from .celery_work import is_at_work
from .core.bell_watch import BellWatch, Finding
from .core.groups import POISON_GROUP
from .core.lifecycle import LEASE_EXPIRED, Reason
from .core.metrics import BELLS_ANSWERED, DIED, LEASES_EXPIRED, WORKER_ERRORS
from .deaths import tell_death
from .handover import Handover
from .metering import Meter
from .reporting import Reporter
from .store import Beat, Store, StoreError
from .store.campaigns import Campaigns
from .store.metrics import Metrics
from .store.store import is_short

logger = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
UNANSWERED_SECONDS = 2.0
"""How long a bell may lie while this process is idle, before the heartbeat answers it."""

GRACE_SECONDS = 10.0
"""How long leases are given after a time in which no worker reached Redis."""

RECONNECT_SECONDS = 20.0
"""How long after an absence of Redis a consumer that does not answer is taken to be on its way."""

CAMPAIGN_STEPS = 10
"""The most script calls for one campaign in one beat."""

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
        self._handover = Handover(store, reporter)
        self._rate_per_minute = rate_per_minute
        self._courier = courier
        self._reporter = reporter
        self._about = about
        self._most_in_flight = most_in_flight
        self._mend_consumer = mend_consumer
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat_forever, name="heartbeat", daemon=True)
        self._bells_answered = self._bugs = self._moved = 0
        self._watch = BellWatch()
        self._absence, self._unflushed = Absence("heartbeat"), Absence("metrics")
        self._away_at = -RECONNECT_SECONDS

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, say_goodbye: bool) -> None:
        """Stop beating; and take the worker off the list, unless Redis is known to be away."""
        self._stopping.set()
        self._thread.join(timeout=BEAT_SECONDS)
        try:
            if say_goodbye:
                self._store.leave(self._handover.reported())
                self._meter.flush_the_rest(self._metrics)
        except StoreError as error:
            words = "%s: this one stays listed a while"
            logger.warning(words, words_of(error), extra=logs.facts("redis_away"))

    def _beat_forever(self) -> None:
        while not self._stopping.is_set():
            try:
                self.beat()
                self._absence.ended()
            except StoreError as error:
                self._away_at = time.monotonic()
                self._absence.failed(error)
            except Exception as error:  # noqa: BLE001 - a heart that stops is worse than any bug
                self._reporter.bug(error)
            self._stopping.wait(BEAT_SECONDS)

    def beat(self) -> None:
        """Do a second's work once."""
        self._check_namespace()
        self._reclaim()
        self._courier.look_at_the_token()
        beat = self._say_that_it_lives()
        self._handover.take(beat)
        self._reporter.catch_up()
        if beat.over:
            self._courier.end_a_hold_that_is_over()
        self._look_at_the_bells(beat)
        self._watch_memory()
        self._flush_counts()
        for campaign_id in beat.campaigns:  # last: one that somebody damaged must not stop the rest
            self._advance(campaign_id)

    def _reclaim(self) -> None:
        """Take leads whose lease ran out from their dead workers."""
        reclaimed = self._store.reclaim(GRACE_SECONDS)
        if not reclaimed.number:
            return
        facts = logs.facts("leases_ran_out", leads=reclaimed.number)
        leases = "1 lease" if reclaimed.number == 1 else f"{reclaimed.number} leases"
        logger.warning("%s ran out: their worker died", leases, extra=facts)
        self._meter.count(LEASES_EXPIRED, by=reclaimed.number)
        self._meter.count(DIED, Reason.POISON, by=len(reclaimed.poison))
        for lead_id in reclaimed.poison:
            tell_death(lead_id, LEASE_EXPIRED, POISON_GROUP)

    def _say_that_it_lives(self) -> Beat:
        about = {**self._about, "token_mark": self._courier.token_mark}
        reported, moved = self._handover.reported(), self._meter.moved
        beat = self._store.beat(
            about,
            most_in_flight=self._most_in_flight,
            reported=reported,
            sending=self._handover.sending(),
            settled=moved != self._moved,
        )
        self._moved = moved
        if reported:
            self._handover.confirmed()
        return beat

    def _look_at_the_bells(self, beat: Beat) -> None:
        """Deliver where a bell lies unanswered; mend the consumer where that goes on."""
        new = self._courier.bells_answered - self._bells_answered
        if new:
            self._meter.count(BELLS_ANSWERED, by=new)
            self._bells_answered += new
            self._watch.answered()
        if self._courier.stopping:
            return
        idle = self._watch.stuck or self._courier.idle_seconds >= UNANSWERED_SECONDS
        if beat.claimable and idle:
            self._courier.wake()
        # While Redis is away Celery's pauses grow: it is late then, and not stuck.
        late = time.monotonic() - self._away_at < RECONNECT_SECONDS
        could_answer = not late and not is_at_work()
        finding = self._watch.look(beat.bell, could_answer=could_answer, wanted=beat.claimable > 0)
        if finding is Finding.STUCK:
            self._reporter.bells_unanswered()
        elif finding is Finding.MEND:
            words = "mending Celery's consumer: its connection begins anew"
            logger.error(words, extra=logs.facts("consumer_mended"))
            self._mend_consumer()

    def _flush_counts(self) -> None:
        """Metrics that somebody damaged must not stop the rest; what was counted is kept."""
        new = self._reporter.bugs - self._bugs
        self._meter.count(WORKER_ERRORS, by=new)
        self._bugs += new
        try:
            self._meter.flush(self._metrics)
            self._unflushed.ended()
        except StoreError as error:
            self._unflushed.failed(error)

    def _advance(self, campaign_id: str) -> None:
        """Note what became of a campaign's leads, and let more go, a bounded number a second."""
        for _ in range(CAMPAIGN_STEPS):
            if self._stopping.is_set() or not self._campaigns.advance(
                campaign_id, self._rate_per_minute
            ):
                return

    def _watch_memory(self) -> None:
        used, limit = self._store.memory()
        if is_short(used, limit):
            self._store.refuse_enqueueing(FULL_SECONDS)
