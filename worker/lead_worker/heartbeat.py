"""The heartbeat: a thread in each worker process that lets nothing depend on Celery's messages.

Each second it reclaims leads whose lease ran out, rings where something is claimable, keeps the
worker's entry in the list of workers, lets campaigns go on, watches Redis's memory and the token's
file, ends holds whose time is over and reports what nobody has reported yet. Where a bell lies
unanswered it wakes the courier itself, so that a Celery consumer that is stuck delays nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from .reporting import Reporter
from .store import Store, StoreError
from .store.campaigns import Campaigns

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

FULL_FRACTION = 0.85
FULL_SECONDS = 5.0
"""From which part of `maxmemory` enqueueing is refused, and how long one look holds."""


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
    ) -> None:
        self._check_namespace = check_namespace
        self._store = store
        self._campaigns = Campaigns(store)
        self._rate_per_minute = rate_per_minute
        self._courier = courier
        self._reporter = reporter
        self._about = about
        self._most_in_flight = most_in_flight
        self._mend_consumer = mend_consumer
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat_forever, name="heartbeat", daemon=True)
        self._bells_answered = 0
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
        except StoreError:
            logger.warning("Redis does not answer; the list of workers shows this one for a while")

    def _beat_forever(self) -> None:
        while not self._stopping.is_set():
            try:
                self.beat()
            except StoreError as error:
                self._away_at = time.monotonic()
                logger.warning("heartbeat: Redis does not answer (%s)", type(error).__name__)
            except Exception as error:  # noqa: BLE001 - a heart that stops is worse than any bug
                self._reporter.bug(error)
            self._stopping.wait(BEAT_SECONDS)

    def beat(self) -> None:
        """Do a second's work once."""
        self._check_namespace()
        reclaimed = self._store.reclaim(GRACE_SECONDS)
        if reclaimed.number:
            logger.warning("%d leases ran out: their worker died", reclaimed.number)
        for lead_id in reclaimed.poison:
            self._reporter.poison(lead_id)
        self._courier.look_at_the_token()
        about = {**self._about, "token_mark": self._courier.token_mark}
        beat = self._store.beat(about, most_in_flight=self._most_in_flight)
        for event in beat.events:
            self._reporter.governed(event)
        if beat.over:
            self._courier.end_a_hold_that_is_over()
        if self._courier.bells_answered != self._bells_answered:
            self._bells_answered = self._courier.bells_answered
            self._stuck = False
        idle = self._stuck or self._courier.idle_seconds >= UNANSWERED_SECONDS
        if beat.claimable and idle and not self._courier.stopping:
            self._courier.wake()
            # Where the list was empty, somebody took the bell or it was lost: no fault of the
            # consumer's. Where a bell lies there, the consumer does not look.
            if not beat.rang:
                self._bell_lies_there()
        self._watch_memory()
        for campaign_id in beat.campaigns:  # last: one that somebody damaged must not stop the rest
            self._advance(campaign_id)

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
            logger.error("mending Celery's consumer: its connection begins anew")
            self._mend_consumer()

    def _watch_memory(self) -> None:
        used, limit = self._store.memory()
        if limit and used >= limit * FULL_FRACTION:
            self._store.refuse_enqueueing(FULL_SECONDS)
