"""This project on a stage: two workers and beat, three apps with a spool each, and an operator."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict

from drills.worker import BEAT_WORDS, WORDS
from lead_ops.sandbox import DEFAULT_TOKEN
from lead_worker.store import Store, StoreError
from lead_worker.store.reading import Reading

from .children import Child
from .failures import StartError, last_words
from .form_app import Order
from .kinds import DEADLINE_SECONDS, LEASE_SECONDS
from .plan import WORKERS
from .stage import Size, Stage
from .supervisor import Slot

NAMESPACE = "chaos"
ACTS = "acts.jsonl"
"""The file in which the operator's acts are."""

START_SECONDS = 60.0
STYLES = ("keyed", "keyless", "bulk")
"""Of the apps; each enqueues as many leads as the others."""

SETTINGS = {
    "LEADS_DEADLINE_SECONDS": f"{DEADLINE_SECONDS:g}",
    "LEADS_CONNECT_TIMEOUT_SECONDS": "1",
    "LEADS_LEASE_SECONDS": f"{LEASE_SECONDS:g}",
    "LEADS_FIRST_LOOK_SECONDS": "1",
    "LEADS_SECOND_LOOK_SECONDS": "4",
    "LEADS_BACKOFF_BASE_SECONDS": "0.5",
    "LEADS_BACKOFF_CAP_SECONDS": "5",
    # With `retry`, what cannot be asked for would be sent again, and each duplicate that comes of
    # that is one that the policy allows: there would be less to find out.
    "LEADS_RECONCILE_FALLBACK": "park",
}
"""What takes minutes in production takes seconds here; all else is as it comes."""


class Product:
    """This project.

    Args:
        policy: `LEADS_ON_UNKNOWN_OUTCOME`.
        seed: of the operator's choices.
    """

    is_stock = False

    def __init__(self, policy: str, seed: int) -> None:
        self.policy, self._seed = policy, seed
        self.orders: Counter[str] = Counter()
        """What the operator was told during the faults, and how often."""
        self.mended_at: float | None = None
        """When the operator was told to mend what is left; epoch seconds."""
        self._desk: Slot | None = None

    def start(self, stage: Stage) -> None:
        """Start workers, beat and the operator's desk; wait until the workers are listed.

        Raises:
            StartError: they are not, within a minute.
        """
        env = self._env(stage)
        for number in range(WORKERS):
            stage.supervisor.add(_worker(stage, number, env))
        stage.supervisor.add(_beat(stage, env))
        words = ("-m", "chaos.desk", str(self._seed), str(stage.folder / ACTS))
        log = stage.folder / "desk.log"
        desk = Slot("desk", lambda _: Child(words, env, log, talks=True))
        self._desk = stage.supervisor.add(desk)
        self._await_workers(stage)

    def app(self, stage: Stage, number: int, began_at: float, size: Size) -> Slot:
        """One of the apps; see `form_app`."""
        name = f"app{number}"
        log, receipts = stage.folder / f"{name}.log", stage.receipts_path(name)
        share = size.share(number)

        def start(life: int) -> Child:
            order = Order(
                name=name,
                style=STYLES[number],
                life=life,
                url=stage.redis_url,
                namespace=NAMESPACE,
                receipts=str(receipts),
                spool=str(stage.folder / f"{name}.spool"),
                began_at=began_at,
                per_second=share / size.seconds,
                until=share,
            )
            return Child(("-m", "chaos.form_app", json.dumps(asdict(order))), {}, log)

        return Slot(name, start, ends=True)

    def operate(self, order: str) -> None:
        """Tell the operator what to do; it is done as soon as it can be."""
        self.orders[order] += 1
        if self._desk is not None and self._desk.running:
            self._desk.child.say(order)

    def mend(self) -> bool:
        """Have the operator mend and replay what is left, and wait until that was tried.

        Returns:
            False where the desk is gone.
        """
        self.mended_at = time.time()
        if self._desk is None or not self._desk.running:
            return False
        self._desk.child.say("mend")
        while (said := self._desk.child.hear()) not in ("mend", ""):
            pass
        return said == "mend"

    def _env(self, stage: Stage) -> Mapping[str, str]:
        return {
            "LEADS_REDIS_URL": stage.redis_url,
            "LEADS_NAMESPACE": NAMESPACE,
            "LEADS_API_URL": stage.api_url,
            "LEADS_API_TOKEN": DEFAULT_TOKEN,
            "LEADS_ON_UNKNOWN_OUTCOME": self.policy,
            **SETTINGS,
        }

    def _await_workers(self, stage: Stage) -> None:
        store = Store.from_url(stage.redis.url, NAMESPACE)
        reading, ends_at = Reading(store), time.monotonic() + START_SECONDS
        try:
            while not _are_at_work(reading):
                stage.supervisor.tick()
                if time.monotonic() > ends_at:
                    words = last_words(stage.folder / "worker0.log")
                    raise StartError(
                        f"expected {WORKERS} workers at work within {START_SECONDS:g} s;"
                        f" the first one's last words: {words}"
                    )
                time.sleep(0.05)
        finally:
            store.client.close()


def _are_at_work(reading: Reading) -> bool:
    try:
        return len(reading.workers(0.0)) >= WORKERS
    except StoreError:
        return False


def _worker(stage: Stage, number: int, env: Mapping[str, str]) -> Slot:
    name = f"worker{number}"

    def start(life: int) -> Child:
        words = (*WORDS, "-n", f"{name}-{life}@%h")
        return Child(words, env, stage.folder / f"{name}.log")

    return Slot(name, start)


def _beat(stage: Stage, env: Mapping[str, str]) -> Slot:
    words = (*BEAT_WORDS, "--pidfile", "", "-s", str(stage.folder / "beat.db"))
    return Slot("beat", lambda _: Child(words, env, stage.folder / "beat.log"))
