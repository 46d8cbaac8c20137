"""Redis is away for 20 s while an app enqueues 50 leads a second, with a spool.

What is promised: no call waits longer than its bound, and each lead is delivered exactly once.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lead_ops import die_with_parent
from lead_ops.sandbox import SandboxServer
from lead_producers.spool_file import SpoolFile

from .fleet import NAMESPACE, Fleet
from .form_app import BOUND_SECONDS, RATE
from .people import emails
from .report import Fact, Report
from .sandboxes import make_sandbox
from .stage import Stage
from .worker import clean_environ

AWAY_SECONDS, QUICK_AWAY_SECONDS = 20.0, 4.0
AROUND_SECONDS = 5.0
"""For how long the app enqueues before Redis goes, and after it is back."""

KILLS = 3
SEED = 51
SETTINGS = {
    "LEADS_LEASE_SECONDS": "12",
    "LEADS_FIRST_LOOK_SECONDS": "1",
    "LEADS_SECOND_LOOK_SECONDS": "3",
}

Away = Callable[[Fleet], None]


def stopped(stage: Stage) -> Report:
    """Redis is stopped for 20 s while an app enqueues with a spool."""
    return _drill("spool-stopped", stage, Fleet.stop_redis, Fleet.start_redis)


def frozen(stage: Stage) -> Report:
    """Redis hangs (SIGSTOP) for 20 s while an app enqueues with a spool."""
    return _drill("spool-frozen", stage, Fleet.freeze_redis, Fleet.thaw_redis)


def killed(stage: Stage) -> Report:
    """Redis is stopped for 20 s, and the app with the spool is killed amid it, thrice."""
    return _drill("spool-killed", stage, Fleet.stop_redis, Fleet.start_redis, kills=KILLS)


class _App:
    """The app's process, whichever it is by now, and the receipts of all of them."""

    def __init__(self, fleet: Fleet, folder: Path, until: int) -> None:
        self.spool = folder / "app.spool"
        self.receipts_path = folder / "receipts.jsonl"
        self._words = (fleet.redis_url, NAMESPACE, str(self.spool), str(self.receipts_path))
        self._until = until
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Start it where the last one got to."""
        first = len({receipt["n"] for receipt in self.receipts()})
        words = ("-P", "-m", "drills.form_app", *self._words, str(first), str(self._until))
        return subprocess.Popen(
            die_with_parent.command(sys.executable, *words), env=clean_environ(), cwd=_OPS
        )

    def kill(self) -> None:
        """Kill it (SIGKILL) and start another one."""
        self.process.kill()
        self.process.wait()
        self.process = self.start()

    def receipts(self) -> list[dict[str, Any]]:
        """All receipts so far; a line that a kill cut short is none."""
        if not self.receipts_path.exists():
            return []
        whole, _, _ = self.receipts_path.read_text("utf-8").rpartition("\n")
        lines = whole.splitlines()
        return [json.loads(line) for line in lines if line.endswith("}") and line[0] == "{"]


_OPS = Path(__file__).resolve().parent.parent


def _drill(name: str, stage: Stage, goes: Away, returns: Away, kills: int = 0) -> Report:
    away_seconds = stage.seconds(AWAY_SECONDS, QUICK_AWAY_SECONDS)
    until = int((away_seconds + 2 * AROUND_SECONDS) * RATE)
    with make_sandbox() as sandbox, Fleet(stage, sandbox.url, SETTINGS) as fleet:
        fleet.start_workers()
        app = _App(fleet, stage.folder, until)
        try:
            fleet.wait(lambda: len(app.receipts()) >= AROUND_SECONDS * RATE)
            goes(fleet)
            _pass_time(away_seconds, app, kills)
            returns(fleet)
            back_at = time.time()
            fleet.wait(lambda: app.process.poll() is not None)
            fleet.wait(lambda: fleet.counts().delivered >= until)
        finally:
            app.process.kill()
            app.process.wait()
        facts = _facts(app, sandbox, back_at) | {"forms": until, "kills_of_the_app": kills}
        expected = {
            "a receipt for each form": facts["forms_with_a_receipt"] == until,
            "each lead in the API once": facts["leads_in_the_api_once"] == until,
            "leads in the spool": bool(facts["receipts_from_the_spool"]),
            "no call to outlast its bound by 0.1 s": not facts["calls_over_the_bound"],
            "few calls to wait for Redis": facts["calls_over_half_the_bound"] <= 1 + kills,
            "an empty spool": facts["left_in_the_spool"] == 0,
        }
        return fleet.conclude(name, facts, expected)


def _pass_time(seconds: float, app: _App, kills: int) -> None:
    chance = random.Random(SEED)
    ends_at = time.monotonic() + seconds
    for point in sorted(chance.uniform(0, seconds) for _ in range(kills)):
        time.sleep(max(0.0, ends_at - seconds + point - time.monotonic()))
        app.kill()
    time.sleep(max(0.0, ends_at - time.monotonic()))


def _facts(app: _App, sandbox: SandboxServer, back_at: float) -> dict[str, Any]:
    receipts = app.receipts()
    made = Counter(emails([arrival for arrival in sandbox.journal if arrival.lead_id]))
    seconds = sorted(receipt["seconds"] for receipt in receipts)
    after = [a.at for a in sandbox.journal if a.lead_id and a.at > back_at]
    facts: dict[str, Fact] = {
        "forms_with_a_receipt": len({receipt["n"] for receipt in receipts}),
        "receipts_from_the_spool": sum(receipt["spooled"] for receipt in receipts),
        "leads_in_the_api_once": sum(times == 1 for times in made.values()),
        "call_longest_seconds": seconds[-1],
        "call_p99_ms": seconds[len(seconds) * 99 // 100] * 1000,
        "call_p50_ms": seconds[len(seconds) // 2] * 1000,
        "calls_over_the_bound": sum(each > BOUND_SECONDS + 0.1 for each in seconds),
        "calls_over_half_the_bound": sum(each > BOUND_SECONDS / 2 for each in seconds),
        "first_delivery_after_seconds": min(after) - back_at if after else None,
        "last_delivery_after_seconds": max(after) - back_at if after else None,
        "left_in_the_spool": sum(each.leads for each in SpoolFile(app.spool).contents()),
    }
    return facts
