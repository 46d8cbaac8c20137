"""A backend app that shares a spool: run by tests as a program, one process each.

It waits for a line on its input, enqueues its leads at an even pace, prints what it was told of
each, and ends with its input. Arguments: who, URL, namespace, spool, count, pause, bound.
"""

from __future__ import annotations

import json
import sys
import threading
import time

from lead_producers import LeadProducer


def main(who: str, url: str, namespace: str, spool: str, *numbers: str) -> None:
    count, pause_seconds, bound_seconds = map(float, numbers)
    sys.stdin.readline()
    producer = LeadProducer.from_url(url, namespace, timeout_seconds=bound_seconds, spool=spool)
    pace = threading.Event()
    for n in range(int(count)):
        began_at = time.monotonic()
        receipt = producer.enqueue({"who": who, "n": n})
        seconds = time.monotonic() - began_at
        sys.stdout.write(json.dumps([n, receipt.lead_id, receipt.spooled, seconds]) + "\n")
        sys.stdout.flush()
        pace.wait(pause_seconds)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
