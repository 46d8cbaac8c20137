"""The program that enqueues with a contender's producer, and says how long that took.

    python -m bench.producing MODULE single NUMBER            one call for each lead
    python -m bench.producing MODULE bulk NUMBER              as the contender does it in bulk
    python -m bench.producing MODULE pace NUMBER PER_SECOND   each at its time, that instant in it

A module of `bench.peers` has `enqueue(lead)` and `enqueue_many(leads)`. The program prints seconds;
imports do not count, connecting does. It must import nothing but Python and that module: each
contender's own environment runs it.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable

from .leads import Lead, lead_of, stamped


def main() -> None:
    """Do what the command line says."""
    module, how, number = importlib.import_module(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    began = time.perf_counter()
    if how == "single":
        for each in range(number):
            module.enqueue(lead_of(each))
    elif how == "bulk":
        module.enqueue_many(lead_of(each) for each in range(number))
    else:
        _pace(module.enqueue, number, float(sys.argv[4]))
    print(time.perf_counter() - began)


def _pace(enqueue: Callable[[Lead], object], number: int, per_second: float) -> None:
    """Enqueue evenly; what one call takes too long is not added to those after it."""
    began = time.monotonic()
    for each in range(number):
        time.sleep(max(0.0, began + each / per_second - time.monotonic()))
        enqueue(stamped(each, time.time_ns()))


if __name__ == "__main__":
    main()
