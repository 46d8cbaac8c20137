"""The shell around one process's deliveries: claim, hand to the sending threads, settle.

One dispatcher thread talks to Redis: in one round trip it settles what is done and claims as many
leads as sending threads are free. It must never hold a lead that is not leased.

How a lead comes and goes: a bell, or the heartbeat, makes a wish. The dispatcher claims. A sending
thread attempts each lead and gives back a result. The next round trip settles the results and
claims again, until nothing is claimable. Where a round trip fails, all of it is repeated as it was:
settles are fenced by their token, and a claim's number gives the same batch again.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from .core.governor import after_outcome
from .core.lifecycle import State
from .core.outcome import Unknown
from .core.timeline import cause, outcome_name
from .reporting import Reporter
from .sender import Result, Sender
from .settings import Settings
from .store import Claim, Claimed, Store, StoreError, Turn

logger = logging.getLogger(__name__)

SLICE_SECONDS = 5.0
"""How long one drain keeps its Celery thread at the most."""

LOOK_UP_SECONDS = 0.2
"""How often a drain that waits looks whether the process stops."""

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0
"""Pauses between tries while Redis does not answer; they double."""

GATHER_SECONDS = 0.001
"""How long a first result waits for others to share its round trip, while most are in flight."""

GOVERN_TRIES = 5


@dataclass(frozen=True, slots=True)
class _Job:
    """A claimed lead on its way to a sending thread."""

    lead: Claimed
    claimed_at_monotonic: float


class _Wish:
    """Somebody wants leads to be claimed, and may wait until none is claimable."""

    def __init__(self) -> None:
        self.granted = threading.Event()


class Courier:
    """Delivers for one process. `start` it once, `stop` it once."""

    def __init__(self, settings: Settings, store: Store, reporter: Reporter) -> None:
        self._lease_seconds = settings.lease_seconds
        self._store = store
        self._reporter = reporter
        self._sender = Sender(settings, store.worker)
        self._inbox: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[Result | _Wish] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self.bells_answered = 0
        self._dispatcher = threading.Thread(target=self._dispatch, name="courier", daemon=True)
        self._threads = [
            threading.Thread(target=self._send_forever, name=f"sender-{n}", daemon=True)
            for n in range(settings.concurrency)
        ]
        # What follows belongs to the dispatcher.
        self._in_flight = 0
        self._done: list[Result] = []
        self._wishes: list[_Wish] = []
        self._wanted = False
        self._number = 0
        self._claim: tuple[Claim, float] | None = None
        self._failures = 0
        self._claimed_at = time.monotonic()

    def start(self) -> None:
        for thread in (self._dispatcher, *self._threads):
            thread.start()

    def drain(self) -> None:
        """Answer a bell: return when nothing is claimable any more, or after a slice.

        Bells that are rung meanwhile wait in their list and cost nothing.
        """
        self.bells_answered += 1
        wish = _Wish()
        self._events.put(wish)
        ends_at = time.monotonic() + SLICE_SECONDS
        # When we stop, nobody may be left to grant it.
        while time.monotonic() < ends_at and not self._stopping.is_set():
            if wish.granted.wait(LOOK_UP_SECONDS):
                return

    def wake(self) -> None:
        """Claim what is claimable; do not wait for it."""
        self._events.put(_Wish())

    @property
    def idle_seconds(self) -> float:
        """How long ago a claim was answered; 0 while somebody waits for one."""
        return 0.0 if self._wishes else time.monotonic() - self._claimed_at

    def stop_claiming(self) -> None:
        """Begin to stop: nothing new is claimed. Safe in a signal handler."""
        self._stopping.set()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop; bells are left to others then."""
        return self._stopping.is_set()

    def stop(self, timeout_seconds: float) -> bool:
        """Finish and settle what is in flight; gives whether that was done in time."""
        self._stopping.set()
        self._events.put(_Wish())
        self._dispatcher.join(timeout_seconds)
        for _ in self._threads:
            self._inbox.put(None)
        self._sender.close()
        return not self._dispatcher.is_alive()

    def _send_forever(self) -> None:
        while job := self._inbox.get():
            try:
                result = self._sender.attempt(job.lead, job.claimed_at_monotonic)
            except Exception as error:  # noqa: BLE001 - a bug must not take the lead with it
                self._reporter.bug(error, job.lead.lead_id)
                result = self._sender.conclude(job.lead, Unknown("internal_error"))
            self._events.put(result)

    def _dispatch(self) -> None:
        while not self._finished():
            self._collect()
            try:
                self._take_turn()
                self._recovered()
            except StoreError as error:
                self._failed(error)
            except Exception as error:  # noqa: BLE001 - one bad settle must not end all deliveries
                self._let_go(error)
        self._grant_wishes()

    def _finished(self) -> bool:
        return self._stopping.is_set() and not (self._in_flight or self._done or self._claim)

    def _failed(self, error: StoreError) -> None:
        self._failures += 1
        if self._failures == 1:
            name = type(error).__name__
            logger.warning("Redis does not answer (%s); outcomes are kept until it does", name)

    def _let_go(self, error: Exception) -> None:
        """A bug: leave what this turn was about to its leases, which will run out."""
        self._reporter.bug(error)
        for result in self._done:
            logger.error("lead %s could not be settled; its lease runs out", result.lead.lead_id)
        self._done, self._claim = [], None
        self._failures += 1

    def _recovered(self) -> None:
        if self._failures:
            logger.warning("Redis answers again, after %d tries", self._failures)
        self._failures = 0

    def _collect(self) -> None:
        """Wait until there is something to do, then take all that has come.

        A first result waits a moment for others, as long as most are still in flight. It sleeps
        instead of waiting for each: every wake-up would take the interpreter from a sender.
        """
        with suppress(queue.Empty):
            self._note(self._events.get(timeout=self._patience_seconds()))
            if 0 < len(self._done) < self._in_flight:
                time.sleep(GATHER_SECONDS)
            while True:
                self._note(self._events.get_nowait())

    def _patience_seconds(self) -> float:
        if self._failures:
            doublings = min(self._failures - 1, 10)
            return min(FIRST_PAUSE_SECONDS * 2.0**doublings, LONGEST_PAUSE_SECONDS)
        return 0.0 if self._done or self._claim or self._may_claim() else 0.5

    def _note(self, event: Result | _Wish) -> None:
        if isinstance(event, _Wish):
            self._wishes.append(event)
            self._wanted = True
        else:
            self._in_flight -= 1
            self._done.append(event)

    def _may_claim(self) -> bool:
        return self._wanted and self._free > 0 and not self._stopping.is_set()

    @property
    def _free(self) -> int:
        return len(self._threads) - self._in_flight

    def _take_turn(self) -> None:
        """One round trip: settle what is done, claim for the threads that are free."""
        claim, asked_at = self._next_claim()
        if not self._done and not claim:
            return
        self._govern()
        settlements = [self._sender.settlement(result) for result in self._done]
        turn = self._store.turn(settlements, claim, self._lease_seconds)
        done, self._done, self._claim = self._done, [], None
        for result, verdict in zip(done, turn.verdicts, strict=True):
            self._report(result, verdict)
        if claim:
            self._take(turn, asked_at)

    def _next_claim(self) -> tuple[Claim | None, float]:
        """The claim whose answer was lost, as it was; else a new one, if one may be made.

        Whoever settles asks for more by the way: it costs no round trip of its own.
        """
        if self._claim is None and (self._may_claim() or self._done):
            if self._stopping.is_set() or self._free == 0:
                return None, 0.0
            self._number += 1
            self._claim = (Claim(self._number, self._free, self._in_flight), time.monotonic())
        return self._claim or (None, 0.0)

    def _take(self, turn: Turn, asked_at: float) -> None:
        self._claimed_at = time.monotonic()
        for lead in turn.claimed:
            if self._stopping.is_set():
                self._done.append(self._sender.give_back(lead, "stopping"))
            else:
                self._in_flight += 1
                self._inbox.put(_Job(lead, asked_at))
        self._wanted = turn.more
        if not turn.more:
            self._grant_wishes()

    def _grant_wishes(self) -> None:
        for wish in self._wishes:
            wish.granted.set()
        self._wishes = []

    def _govern(self) -> None:
        """Set the hold that the outcomes call for, before their leads can be claimed again."""
        outcomes = [result.outcome for result in self._done]
        if all(after_outcome(None, outcome, 0.0, "") is None for outcome in outcomes):
            return
        for _ in range(GOVERN_TRIES):
            counts = self._store.counts()
            hold = counts.hold
            for outcome in outcomes:
                hold = after_outcome(hold, outcome, counts.now_at, self._store.worker)
            if hold is None or hold == counts.hold:
                return
            if self._store.govern(hold, counts.hold_version):
                logger.warning("hold %s begins: %s", hold.kind, hold.reason)
                return

    def _report(self, result: Result, verdict: str) -> None:
        lead, to = result.lead, result.transition.to
        if to is State.DEAD and verdict in ("ok", "done"):  # done: the first answer was lost
            self._reporter.dead_letter(lead.lead_id, lead.lane, result.outcome, result.transition)
        if verdict == "gone":
            self._reporter.gone(lead.lead_id, getattr(result.outcome, "api_id", ""))
        if logger.isEnabledFor(logging.INFO):
            logger.info(
                "lead %s attempt %d: %s (%s) -> %s [%s] in %.3f s",
                lead.lead_id,
                lead.attempts + 1,
                outcome_name(result.outcome),
                cause(result.outcome),
                to,
                verdict,
                result.took_seconds,
            )
