"""An operator at work, in a process of their own: pauses when told, mends and replays all along.

    python -m chaos.desk SEED ACTS

A line `pause` or `resume` on stdin is done, and tried again until it is; at `mend` all that can be
mended or replayed is. What was done is said on stdout. Without a line for a while the operator
mends dead letters or replays them, by the same commands that people type. Each act is a line of
JSON in the file ACTS. It ends when stdin does.
"""

from __future__ import annotations

import json
import queue
import random
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from drills.fleet import LEADS_COMMAND
from lead_ops import die_with_parent

from .forms import BROKEN_FIELD

IDLE_SECONDS = (2.0, 5.0)
"""Between acts that nobody asked for."""

AGAIN_SECONDS = 0.3
LIMIT_SECONDS = 60.0
BECAUSE = ("--because", "chaos")

MEND = ("dead", "edit", "--group", "invalid", "--unset", BROKEN_FIELD, "--not-edited", "--yes")
REPLAY_MENDED = ("replay", "start", "--group", "invalid", "--edited", "--yes", "--no-wait")
REPLAY_REJECTED = ("replay", "start", "--reason", "rejected", "--yes", "--no-wait")
REPLAY_EXHAUSTED = ("replay", "start", "--reason", "exhausted", "--yes", "--no-wait")
LIST = ("dead", "list", "--reason", "rejected", "--limit", "3", "--json")


class Desk:
    """Where the operator sits."""

    def __init__(self, seed: int, acts: Path) -> None:
        self._chance = random.Random(seed)
        self._acts = acts.open("a", encoding="utf-8")
        self._orders: queue.SimpleQueue[str] = queue.SimpleQueue()

    def sit(self) -> None:
        """Work until stdin ends."""
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            try:
                order = self._orders.get(timeout=self._chance.uniform(*IDLE_SECONDS))
            except queue.Empty:
                self._work()
                continue
            if not order:
                return
            self._obey(order)
            print(order, flush=True)

    def _listen(self) -> None:
        for line in sys.stdin:
            self._orders.put(line.strip())
        self._orders.put("")

    def _obey(self, order: str) -> None:
        """What holds or frees the fleet has to come about, whatever Redis is up to."""
        if order == "mend":
            self._act(*MEND)
            self._act(*REPLAY_MENDED, *BECAUSE)
            self._act(*REPLAY_REJECTED, *BECAUSE)
        else:
            while self._act(order)[0] != 0:
                time.sleep(AGAIN_SECONDS)

    def _work(self) -> None:
        match self._chance.randrange(5):
            case 0 | 1:
                self._act(*MEND)
                self._act(*REPLAY_MENDED, *BECAUSE)
            case 2:
                self._act(*REPLAY_REJECTED, *BECAUSE)
            case 3:
                self._act(*REPLAY_EXHAUSTED, *BECAUSE)
            case _:
                self._one_by_one()

    def _one_by_one(self) -> None:
        code, said = self._act(*LIST)
        letters = json.loads(said) if code == 0 else []
        ids = [letter["id"] for letter in letters]
        for lead_id in ids[:1]:
            self._act("dead", "edit", lead_id, "--set", "company=Padaria Nova", "--yes")
        if ids:
            self._act("dead", "replay", *ids, "--reason", "chaos", "--yes")

    def _act(self, *words: str) -> tuple[int, str]:
        began_at = time.time()
        code, said = _run(words)
        line = {"at": began_at, "until": time.time(), "words": words, "code": code}
        if code:
            line["said"] = said[-300:]
        self._acts.write(json.dumps(line) + "\n")
        self._acts.flush()
        return code, said


def _run(words: Sequence[str]) -> tuple[int, str]:
    """Run `leads`; it ends with this desk, which Ctrl-C of a run ends in the midst of an act."""
    try:
        run = subprocess.run(
            die_with_parent.command(*LEADS_COMMAND, *words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return -1, "it took too long"
    return run.returncode, run.stdout if run.returncode == 0 else run.stderr


if __name__ == "__main__":
    Desk(int(sys.argv[1]), Path(sys.argv[2])).sit()
