"""A backend app whose spool may not grow any more, as if the disk were full; then it may again.

It is run by a test as a program, because the bound is on all files that the process writes. Its
argument is the spool.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from typing import Any

from lead_producers import LeadProducer, QueueUnavailable

ROOM_BYTES = 600_000
TEXT = "x" * 4000


def until_full(call: Callable[[int], int]) -> tuple[dict[str, Any], QueueUnavailable]:
    """Go on until a call is refused; gives how many leads were kept before."""
    kept = 0
    for n in range(1000):
        try:
            kept += call(n)
        except QueueUnavailable as error:
            kept += error.summary.spooled if error.summary else 0
            return {"kept": kept, "error": str(error)}, error
    raise AssertionError("expected the disk to be full")


def main(spool: str) -> None:
    producer = LeadProducer.from_url("unix:///nowhere/redis.sock", spool=spool)
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, most))

    def one(n: int) -> int:
        return int(producer.enqueue({"n": n, "text": TEXT}).spooled)

    def many(n: int) -> int:
        return producer.enqueue_many([{"n": n, "text": "x" * 200}] * 400).spooled

    single, first = until_full(one)
    bulk, second = until_full(many)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    found = {
        "single": single,
        "bulk": bulk,
        "maybe_enqueued": [first.maybe_enqueued, second.maybe_enqueued],
        "after": one(0) + many(0),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
