"""One run of `leads up`: start, show what arrives, stop. For the main thread.

It owns the loop. What runs is `plant`'s, what arrives `watch`'s, how it is said `display`'s.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from lead_producers import LeadProducer, Receipt
from lead_worker.store import Counts, StoreError

from ..enqueueing import Enqueueing, key_from_digest
from ..lead_files.lead_file import Bad, Item, LeadFile
from ..render import count_words, span
from .display import Display
from .folder import SAMPLES, UpFolder
from .header import command, header
from .once import Once
from .plant import Plant
from .stop_signals import Stopped, StopSignals
from .watch import Watch

LOOK_SECONDS = 0.2
FLOOD_SECONDS = 1.0
"""How long between two looks at what arrives; the second while too much does to show each."""

COUNTS_SECONDS = 1.0
ENQUEUE_SECONDS = 10.0
"""The bound on one chunk of leads that is enqueued."""


class UpRun:
    """Use it as a context: what is started ends when it is left, however it is left."""

    def __init__(
        self, plant: Plant, folder: UpFolder, signals: StopSignals, display: Display
    ) -> None:
        self._plant = plant
        self._folder = folder
        self._signals = signals
        self._display = display
        self._began_at = time.monotonic()
        self._watch: Watch | None = None
        self._ready = self._silent = False
        self._looks_at = self._counts_at = 0.0

    def __enter__(self) -> UpRun:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop in order, and show what arrives meanwhile."""
        began_at, counts = time.monotonic(), None
        if self._watch:
            self._display.event("stopping; Ctrl-C again to hasten it", "")
        try:
            if self._plant.stop_deliveries() or self._signals.hasty:
                with suppress(StoreError):
                    counts = self._last_look()
        finally:
            self._plant.stop_redis()
        if self._watch:
            self._say_stopped(counts, time.monotonic() - began_at)

    def _say_stopped(self, counts: Counts | None, seconds: float) -> None:
        words = [f"stopped in {span(seconds)}"]
        if counts and counts.leased:
            flying = count_words(counts.leased, "lead was", "leads were")
            words.append(f"{flying} in flight: unknown until the lease ends")
        if counts and (left := counts.waiting + counts.unknown):
            words.append(f"{count_words(left, 'lead waits', 'leads wait')} for the next start")
        self._display.event("; ".join(words))

    def start(self) -> None:
        """Start everything, and say what runs.

        Raises:
            Stopped: a signal came.
            OpsError, LeadWorkerError, StoreError: something cannot be used or started.
        """
        self._plant.start()
        self._watch = Watch(self._plant.store)
        self._watch.begin()
        plan, environ = self._plant.plan, self._plant.environ
        program = command(sys.argv[0], self._folder, Path.cwd())
        self._display.header(*header(plan, self._folder, environ, program))

    def stay(self) -> None:
        """Show what arrives until a signal comes; first enqueue the samples, where they are due.

        Raises:
            GiveUpError: something that is needed cannot be kept alive.
        """
        with suppress(Stopped):
            if self._plant.plan.sandbox:
                self._enqueue_samples()
            while True:
                self._turn()
                self._signals.wait(LOOK_SECONDS)

    def once(self, leads: LeadFile, *, again: bool) -> tuple[Once, Enqueueing]:
        """Enqueue a file and wait until each of its leads is settled.

        Raises:
            Stopped: a signal came before the file was enqueued; later ones only end the waiting.
            GiveUpError: something that is needed cannot be kept alive.
        """
        once = Once(self._plant.store)
        run = self._enqueue(leads, again=again, on_receipt=once.follow)
        with suppress(Stopped):
            while not self._all_settled(once):
                self._turn()
                self._signals.wait(LOOK_SECONDS)
        with suppress(StoreError):
            self._last_look()
        return once, run

    def _all_settled(self, once: Once) -> bool:
        with suppress(StoreError):
            return once.look()
        return False

    def _turn(self) -> None:
        """One turn of the loop; it never waits.

        Raises:
            Stopped: a signal came, or nobody reads what is shown.
            GiveUpError: something that is needed cannot be kept alive.
        """
        if self._display.lost:
            raise Stopped
        self._signals.check()
        self._plant.look()
        try:
            self._show()
            self._note_silence(None)
        except StoreError as error:
            self._note_silence(error)

    def _show(self) -> None:
        self._say_when_ready()
        now = time.monotonic()
        if self._watch is None or now < self._looks_at:
            return
        # Counted before the look and said after it, so that nothing arrives behind its sum.
        counts = self._plant.store.counts() if now >= self._counts_at else None
        look = self._watch.look()
        self._display.look(look)
        self._looks_at = now + (FLOOD_SECONDS if look.unshown else 0.0)
        if counts:
            self._counts_at = now + COUNTS_SECONDS
            self._display.counts(counts)

    def _say_when_ready(self) -> None:
        if not self._ready and self._plant.ready_workers() == self._plant.plan.workers:
            self._ready = True
            workers = count_words(self._plant.plan.workers, "worker", "workers")
            took = span(time.monotonic() - self._began_at)
            self._display.event(f"{workers} ready, {took} after the start", "dim")

    def _note_silence(self, error: StoreError | None) -> None:
        if error is not None and not self._silent:
            self._display.event(f"Redis does not answer ({type(error).__name__})", "bold red")
        if error is None and self._silent:
            self._display.event("Redis answers again")
        self._silent = error is not None

    def _last_look(self) -> Counts | None:
        if self._watch is None:
            return None
        self._display.look(self._watch.look())
        return self._plant.store.counts()

    def _enqueue_samples(self) -> None:
        namespace = self._plant.plan.namespace
        known = self._folder.has_samples(namespace) and self._plant.store.counts().accepted > 0
        if known or not SAMPLES.is_file():
            return
        with LeadFile.open(SAMPLES) as leads:
            self._enqueue(leads, again=False, source="samples")
        self._folder.note_samples(namespace)

    def _enqueue(
        self,
        leads: LeadFile,
        *,
        again: bool,
        source: str | None = None,
        on_receipt: Callable[[Receipt], None] | None = None,
    ) -> Enqueueing:
        digest = leads.digest()
        url, namespace = self._plant.environ["LEADS_REDIS_URL"], self._plant.plan.namespace
        producer = LeadProducer.from_url(url, namespace, timeout_seconds=ENQUEUE_SECONDS)
        with closing(producer):
            run = Enqueueing(
                producer,
                key_from_digest(None if again else digest),
                lane="live",  # Somebody waits for them.
                source=source,
                on_refused=self._say_refused,
                on_receipt=on_receipt,
            )
            run.run(_with_turns(leads.items(), self._turn))
        return run

    def _say_refused(self, bad: Bad) -> None:
        self._display.line([("refused  ", "red"), f" line {bad.place.line}: {bad.message}"])


def _with_turns(items: Iterable[Item], turn: Callable[[], None]) -> Iterator[Item]:
    """The items; now and then, before one, the loop has its turn."""
    turn_at = 0.0
    for item in items:
        if time.monotonic() >= turn_at:
            turn()
            turn_at = time.monotonic() + LOOK_SECONDS
        yield item
