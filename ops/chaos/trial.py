"""One run from its beginning to the verdict.

It owns the order: start, harm, end all faults, let everything come to rest, look. Waiting is for
conditions, with a limit that means "this does not happen any more".
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lead_ops.audit import run_audit
from lead_ops.sandbox import SandboxError
from lead_producers.record import key_digest
from lead_worker.store import Store, StoreError
from redis.exceptions import RedisError

from .acts import Act, read_acts, resumed, undone
from .books import holders, is_at_rest, read_accounts, read_spools
from .checker import Evidence, judge
from .found import Found
from .kinds import Kind
from .nemesis import Nemesis
from .plan import PRODUCERS, make_plan
from .product import ACTS, NAMESPACE, Product
from .progress import Progress
from .receipts import Slip
from .recovery import BARS, Traces, rows
from .stage import Size, Stage, System

TICK_SECONDS = 0.01
LOOK_SECONDS = 1.0
DRAIN_SECONDS = 300.0
STOP_SECONDS = 20.0
INSIST_TIMES = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be run.

    Attributes:
        policy: of the workers, where it is this project that is under test.
        storms: as in `make_plan`.
    """

    seed: int
    size: Size
    kinds: tuple[Kind, ...]
    policy: str = "reconcile"
    storms: bool = False


class Harm:
    """The part of a run in which faults are brought about, for any system."""

    def __init__(self, asked: Asked, stage: Stage, system: System, progress: Progress) -> None:
        """Plan the faults; the plan is the same for each system, less what it does not have."""
        self._stage, self._progress = stage, progress
        self._size = asked.size
        plan = make_plan(asked.seed, asked.size.seconds, asked.kinds, storms=asked.storms)
        there = [each for each in plan if each.kind.stock or not system.is_stock]
        self.nemesis = Nemesis(there, stage, system)
        self.slips: list[Slip] = []
        self._system = system
        self._look_at = 0.0

    def suffer(self) -> None:
        """Let the apps enqueue and the faults happen until the time is over; ends all faults."""
        began_at, began = time.time(), time.monotonic()
        for number in range(PRODUCERS):
            self._stage.supervisor.add(self._system.app(self._stage, number, began_at, self._size))
        try:
            while (seconds := time.monotonic() - began) < self._size.seconds:
                self.nemesis.tick(seconds)
                self.look_after()
                time.sleep(TICK_SECONDS)
        finally:
            self.make_well()

    def make_well(self) -> None:
        """End all faults; whoever is frozen goes on, and memory is there again."""
        self.nemesis.finish()
        for slot in self._stage.supervisor.slots:
            slot.thaw()
        self._stage.redis.start()
        _insist(lambda: self._stage.direct.config_set("maxmemory", 0))
        _insist(self._stage.api.behave)

    def wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Look after everything until a condition holds; gives whether it did in time."""
        ends_at = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > ends_at:
                return False
            self.look_after()
            time.sleep(TICK_SECONDS * 5)
        return True

    def apps_are_done(self) -> bool:
        """Whether each form has a receipt, and no spool has a lead."""
        return all(slot.done for slot in self._stage.supervisor.called("app"))

    def look_after(self) -> None:
        """Start again what died; now and then read on, and say how far it is."""
        self._stage.supervisor.tick()
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS
            with suppress(SandboxError):  # what cannot be read now is read later
                self.look()
            ledger = self._stage.api.ledger
            self._progress.say(len(self.slips), len(ledger.creations), self.nemesis.names)

    def look(self) -> None:
        """Read on in the receipts and in the API's journal; Ctrl-C waits until what was read is
        taken up."""
        with _uninterrupted():
            self.slips += self._stage.new_slips()
            self._stage.api.look()


def _insist(act: Callable[[], object]) -> None:
    """Do what must be done at the end; who is busy is asked again."""
    for _ in range(INSIST_TIMES):
        try:
            act()
        except (RedisError, SandboxError):
            time.sleep(LOOK_SECONDS)
        else:
            return
    act()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def try_product(asked: Asked, folder: Path, progress: Progress) -> Found:
    """Run this project under faults, and account for each lead."""
    found = Found()
    with Stage(folder) as stage:
        product = Product(asked.policy, asked.seed)
        product.start(stage)
        harm = Harm(asked, stage, product, progress)
        store = Store.from_url(stage.redis.url, NAMESPACE)
        try:
            harm.suffer()
            _drain(harm, stage, product, store, found)
        except KeyboardInterrupt:
            found.interrupted = True
            progress.say_line("interrupted; looking at what was found so far ...")
        except (SandboxError, StoreError) as error:
            found.problems.append(f"{type(error).__name__}: {error}")
        _end_workers(stage, found)
        _conclude(harm, stage, store, product, found)
        store.client.close()
    return found


def _drain(harm: Harm, stage: Stage, product: Product, store: Store, found: Found) -> None:
    """Wait until everything is at rest. The operator mends what is left, and goes home."""
    began = time.monotonic()
    done = harm.wait(harm.apps_are_done, DRAIN_SECONDS)
    if not product.mend():  # behind a resume that may be on its way
        found.problems.append("the operator's desk was gone when the rest was to be mended")
    for slot in stage.supervisor.called("desk"):
        slot.stop(STOP_SECONDS)
        stage.supervisor.slots.remove(slot)
    left = DRAIN_SECONDS - (time.monotonic() - began)
    found.drained = done and harm.wait(lambda: is_at_rest(store), max(10.0, left))
    found.drain_seconds = round(time.monotonic() - began, 1)
    if not done:
        found.problems.append("an app did not come to its end")


def _end_workers(stage: Stage, found: Found) -> None:
    """SIGTERM, as at the end of a day; nothing is looked at before they are gone."""
    found.died = stage.supervisor.ended_by_themselves
    for slot in stage.supervisor.slots:
        if not slot.stop(STOP_SECONDS) and not found.interrupted:
            found.problems.append(f"{slot.name} did not end at SIGTERM")


def _conclude(harm: Harm, stage: Stage, store: Store, product: Product, found: Found) -> None:
    harm.look()
    acts = _take_up_acts(stage, product, found)
    ledger, supervisor = stage.api.ledger, stage.supervisor
    accounts = read_accounts(store)
    digests = [key_digest(slip.key) for slip in harm.slips if slip.key]
    evidence = Evidence(
        slips=harm.slips,
        accounts=accounts,
        holders=holders(store, digests),
        creations=ledger.creations,
        freezes=supervisor.freezes,
        audit=run_audit(store).problems,
        in_spools=read_spools(stage.folder.glob("*.spool"), NAMESPACE),
    )
    found.verdict = judge(evidence, product.policy)
    found.answers = dict(sorted(ledger.answers.items()))
    found.slowest_call_seconds = max((slip.took_seconds for slip in harm.slips), default=0.0)
    traces = Traces(
        arrivals=[creation.at for creation in ledger.creations],
        slips=harm.slips,
        accounts=accounts,
        lives=supervisor.lives,
        resumed=resumed(acts),
    )
    happened = harm.nemesis.happened
    found.rows = rows(happened, traces, BARS)
    found.not_done = [
        f"{each.planned.kind.name}: {each.missed}" for each in happened if each.missed
    ]


def _take_up_acts(stage: Stage, product: Product, found: Found) -> list[Act]:
    acts = read_acts(stage.folder / ACTS)
    found.acts = Counter(act.name for act in acts if act.code == 0)
    found.failed_acts = sum(act.code != 0 for act in acts)
    if not found.interrupted:  # then what was ordered may be on its way still
        found.undone = undone(acts, product.orders, product.mended_at)
    return acts
