"""How long an operator waits with 100,000 dead letters: `leads dead`, its list, and an export.

    .venv/bin/python ops/bench/dead_letters.py [NUMBER]

A Redis of its own is filled with dead letters of five causes, through the store's own scripts.
Each command runs as a process of its own; the peak of its memory is told beside the time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from lead_ops.audit import run_audit
from lead_ops.embedded import EmbeddedRedis
from lead_worker.store import DeadLetter, Store

NUMBER = 100_000
NAMESPACE = "bench"
ROUNDS = 3
LEADS = (sys.executable, "-c", "from lead_ops.entry import main; main()")
GROUPS = (
    "invalid:email",
    "invalid:unknown-3fa2b1",
    "rejected:status_422:UNPROCESSABLE_CONTENT",
    "exhausted:status_503",
    "poison:lease_expired",
)
RAW = (
    '{{"name":"Maria da Silva {0}","email":"maria.{0}@example.com","phone":"(11) 98765-4321",'
    '"company":"Padaria Boa Vista Ltda","custom":{{"cargo":"gerente","filial":"{0}"}},'
    '"utm":{{"source":"google","campaign":"primavera"}}}}'
)


def main() -> None:
    """Fill, measure, and print a table."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else NUMBER
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        options = {"appendonly": "no"}
        redis = stack.enter_context(EmbeddedRedis(folder / "redis", options=options))
        store = Store.from_url(redis.url, NAMESPACE)
        stack.callback(store.client.close)
        _fill(store, number)
        print(f"{number:,} dead letters, audit {'ok' if run_audit(store).ok else 'NOT OK'}")
        for words in _commands(number, folder):
            _measure(words, redis.url)


def _fill(store: Store, number: int) -> None:
    for each in range(number):
        group = GROUPS[each % len(GROUPS)]
        fields = {"lane": "live", "accepted_at": f"{time.time():.6f}", "source": "site"}
        fields |= {"reason": group.partition(":")[0], "cause": group.split(":")[1]}
        letter = DeadLetter(f"{each:032x}", "", group, fields, RAW.format(each).encode())
        store.import_dead(letter, f"act-{each}", {"event": "imported", "by": "bench"})


def _commands(number: int, folder: Path) -> list[tuple[str, ...]]:
    email = f"maria.{number // 2}@example.com"
    return [
        ("dead",),
        ("dead", "list"),
        ("dead", "list", "--where", f"email={email}"),
        ("dead", "list", "--where", "utm.campaign=out*", "--where", "custom.filial=7*"),
        ("dead", "list", "--group", "exhausted", "--source", "nowhere"),
        ("dead", "export", str(folder / "all.jsonl"), "--overwrite"),
        ("dead", "export", str(folder / "all.csv"), "--overwrite"),
        ("status",),
        ("log", "--limit", "1000"),
    ]


def _measure(words: tuple[str, ...], url: str) -> None:
    took, memory = [], 0
    environ = {n: v for n, v in os.environ.items() if not n.startswith("LEADS_")}
    environ |= {"LEADS_REDIS_URL": url, "LEADS_NAMESPACE": NAMESPACE}
    for _ in range(ROUNDS):
        began = time.monotonic()
        process = subprocess.Popen([*LEADS, *words], env=environ, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)  # fmt: skip
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        took.append(time.monotonic() - began)
        memory = max(memory, usage.ru_maxrss)
    shown = " ".join(word if "/" not in word else "FILE" for word in words)
    print(f"leads {shown:<62} {sorted(took)[1]:6.2f} s {memory / 1024:6.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
