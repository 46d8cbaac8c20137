"""The ceiling: a bare loop over a `requests` adapter. No queue, no Redis, no check of the answer.

    python -m bench.peers.bare_loop THREADS

It posts one prepared lead again and again until it is ended. Each thread has a connection of its
own, which is kept.
"""

from __future__ import annotations

import os
import sys
import threading

from requests import Request
from requests.adapters import HTTPAdapter

from bench.leads import lead_of


def main(threads: int) -> None:
    """Post for ever, in so many threads."""
    url, headers = os.environ["BENCH_API"] + "/leads", {"Authorization": "Bearer token"}
    prepared = Request("POST", url, json=lead_of(0), headers=headers).prepare()
    adapter = HTTPAdapter(pool_maxsize=threads)

    def loop() -> None:
        while True:
            adapter.send(prepared, timeout=10).raise_for_status()

    for _ in range(threads):
        threading.Thread(target=loop).start()


if __name__ == "__main__":
    main(int(sys.argv[1]))
