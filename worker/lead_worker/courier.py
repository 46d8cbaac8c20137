"""The shell around one process's deliveries: claim, have sent, settle.

One dispatcher thread talks to Redis: in one round trip it settles what is done and claims as many
leads as may be sent at once. It must never hold a lead that is not leased.

How a lead comes and goes: a bell, or the heartbeat, makes a wish. The dispatcher claims. `Sending`
attempts each lead and gives back a result. The next round trip settles the results and claims
again, until nothing is claimable. Before it settles, it tells the governor what came back,
so that a hold is there before a lead can be claimed again. Where a round trip fails, all of it is
repeated as it was: settles are fenced by their token, and a claim's number gives the same batch.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from contextlib import suppress

from . import logs
from .absence import Absence
from .claiming import LONGEST_SECONDS, Claiming
from .conclusion import Concluder, Conclusion
from .core.outcome import GivenBack, HoldKind
from .governing import Governing
from .metering import Meter
from .reporting import Reporter
from .sender import Job, Result, Sender
from .sending import Sending
from .settings import Settings
from .store import Claim, Held, Limits, Store, StoreError, Turn
from .telling import tell

logger = logging.getLogger(__name__)

SLICE_SECONDS = 5.0
"""How long one drain keeps its Celery thread at the most."""

LOOK_UP_SECONDS = 0.2
"""How often a drain that waits looks whether the process stops."""

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0
"""Pauses between tries while Redis does not answer; they double."""


class _Wish:
    """Somebody wants leads to be claimed, and may wait until none is claimable."""

    def __init__(self) -> None:
        self.granted = threading.Event()


class Courier:
    """Delivers for one process. `start` it once, `stop` it once."""

    def __init__(self, settings: Settings, store: Store, reporter: Reporter, meter: Meter) -> None:
        self._limits = Limits(
            lease_seconds=settings.lease_seconds,
            in_flight=settings.max_in_flight,
            per_minute=settings.rate_per_minute,
            burst=settings.rate_burst,
        )
        self._store = store
        self._reporter = reporter
        self._meter = meter
        self._sender = Sender(settings)
        self._concluder = Concluder(settings, store.worker)
        self._governing = Governing(settings, store, meter)
        self._events: queue.SimpleQueue[list[Result] | _Wish] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self.bells_answered = 0
        self._dispatcher = threading.Thread(target=self._dispatch, name="courier", daemon=True)
        self._most_in_flight = settings.concurrency
        self._sending = Sending(self._sender, reporter, self._most_in_flight, self._events.put)
        # What follows belongs to the dispatcher.
        self._in_flight = 0
        self._done: list[Result] = []
        self._concluded: list[Conclusion] = []
        self._wishes: list[_Wish] = []
        self._claiming = Claiming()
        self._failures = 0
        self._absence = Absence("deliveries (outcomes are kept)")

    def start(self) -> None:
        self._sending.start()
        self._dispatcher.start()

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

    def end_a_hold_that_is_over(self) -> None:
        """End a hold whose time is over; nothing happens where it is not."""
        self._governing.elapse()

    def look_at_the_token(self) -> None:
        """Take up a changed token, which ends a hold for the old one at once."""
        if self._sender.refresh_token():
            self._governing.take_token(self._sender.mark)
            self.wake()

    @property
    def token_mark(self) -> str:
        """The mark of the API token in use."""
        return self._sender.mark

    @property
    def idle_seconds(self) -> float:
        """How long ago a claim was answered; 0 while somebody waits for one."""
        return 0.0 if self._wishes else time.monotonic() - self._claiming.answered_at

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
        self._sending.stop()
        self._sender.close()
        return not self._dispatcher.is_alive()

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
        return self._stopping.is_set() and not (
            self._in_flight or self._owed or self._claiming.pending
        )

    @property
    def _owed(self) -> bool:
        """Whether there are outcomes that the store has not heard of."""
        return bool(self._done or self._concluded)

    def _failed(self, error: StoreError) -> None:
        self._failures += 1
        self._absence.failed(error)

    def _let_go(self, error: Exception) -> None:
        """A bug: leave what this turn was about to its leases, which will run out."""
        self._reporter.bug(error)
        for result in (*self._done, *(each.result for each in self._concluded)):
            facts = logs.facts("lease_left", lead_id=result.lead.lead_id)
            words = "lead %s could not be settled; its lease runs out"
            logger.error(words, result.lead.lead_id, extra=facts)
        self._done, self._concluded = [], []
        self._claiming.forget()
        self._failures += 1

    def _recovered(self) -> None:
        self._absence.ended()
        self._failures = 0

    def _collect(self) -> None:
        """Wait until there is something to do, then take all that has come."""
        with suppress(queue.Empty):
            self._note(self._events.get(timeout=self._patience_seconds()))
            while True:
                self._note(self._events.get_nowait())

    def _patience_seconds(self) -> float:
        if self._failures:
            doublings = min(self._failures - 1, 10)
            return min(FIRST_PAUSE_SECONDS * 2.0**doublings, LONGEST_PAUSE_SECONDS)
        if self._owed or self._claiming.pending or self._may_claim():
            return 0.0
        return self._claiming.seconds_to_sleep() if self._free else LONGEST_SECONDS

    def _note(self, event: list[Result] | _Wish) -> None:
        if isinstance(event, _Wish):
            self._wishes.append(event)
            self._claiming.wanted = True
        else:
            self._in_flight -= len(event)
            self._done += event

    def _may_claim(self) -> bool:
        return self._claiming.is_due() and self._free > 0 and not self._stopping.is_set()

    @property
    def _free(self) -> int:
        return self._most_in_flight - self._in_flight

    def _take_turn(self) -> None:
        """One round trip: settle what is done, claim as many as may be sent besides."""
        claim, asked_at = self._next_claim()
        if not self._owed and not claim:
            return
        self._conclude()
        turn = self._store.turn([each.settlement for each in self._concluded], claim, self._limits)
        concluded, self._concluded = self._concluded, []
        self._meter.settled(concluded, turn.verdicts)
        for each, verdict in zip(concluded, turn.verdicts, strict=True):
            tell(self._reporter, each, verdict)
        if claim:
            self._take(turn, asked_at)

    def _conclude(self) -> None:
        """Tell the governor what came back, and decide what becomes of each lead."""
        if not self._done:
            return
        spared = self._governing.observe(self._done, busy=self._claiming.busy)
        owners = self._governing.owners(self._done)
        conclude = self._concluder.conclude
        self._concluded += [conclude(r, spared=spared, owners=owners) for r in self._done]
        self._done = []

    def _next_claim(self) -> tuple[Claim | None, float]:
        """The claim whose answer was lost, as it was; else a new one, if one may be made.

        Whoever settles asks for more by the way: it costs no round trip of its own.
        """
        may = self._free > 0 and not self._stopping.is_set()
        if self._claiming.pending or (may and (self._claiming.is_due() or self._owed)):
            return self._claiming.next(self._free, self._in_flight, self._sender.mark)
        return None, 0.0

    def _take(self, turn: Turn, asked_at: float) -> None:
        self._claiming.answered(turn)
        if self._stopping.is_set():
            self._done += [Result(lead, GivenBack(None, "stopping")) for lead in turn.claimed]
        elif turn.claimed:
            self._in_flight += len(turn.claimed)
            self._sending.send(Job(lead, asked_at, turn.paced) for lead in turn.claimed)
        if not turn.more:
            self._grant_wishes()
        if turn.held:
            self._end_what_is_over(turn.held)

    def _end_what_is_over(self, held: Held) -> None:
        """A hold whose time is over, or whose token is not ours, is ended by whoever meets it."""
        if held.over:
            self._governing.elapse()
        elif held.kind is HoldKind.CREDENTIALS and held.token_mark not in ("", self._sender.mark):
            self._governing.take_token(self._sender.mark)
        else:
            return
        self._claiming.wanted = True

    def _grant_wishes(self) -> None:
        for wish in self._wishes:
            wish.granted.set()
        self._wishes = []
