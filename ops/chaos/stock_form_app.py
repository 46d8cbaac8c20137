"""A backend app that enqueues with stock Celery's `delay`, in a process of its own.

    python -m chaos.stock_form_app JSON

The same pace as `form_app`. A form for which `delay` raises is tried again, as its visitor would:
under another serial, because whether the first one was enqueued is not known.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from .forms import form
from .receipts import Pad, Slip
from .stock_app import deliver

AGAIN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Order:
    """What an app is told to do."""

    name: str
    life: int
    receipts: str
    began_at: float
    per_second: float
    until: int


def run(order: Order) -> None:
    """Enqueue each form that has no receipt."""
    pad = Pad(Path(order.receipts))
    refused = 0
    for number in [n for n in range(order.until) if n not in pad.given]:
        time.sleep(max(0.0, order.began_at + number / order.per_second - time.time()))
        while True:
            serial, called = f"{order.name}-{number}-{order.life}-{refused}", time.monotonic()
            try:
                task_id = str(deliver.delay(form(serial, number, broken=False)).id)
            except Exception as error:  # noqa: BLE001 - whatever it is, there is no receipt
                logging.warning("not enqueued: %s", type(error).__name__)
                refused += 1
                time.sleep(AGAIN_SECONDS)
                continue
            took = round(time.monotonic() - called, 4)
            pad.write(Slip(number, serial, "", task_id, False, False, time.time(), took))
            break


if __name__ == "__main__":
    run(Order(**json.loads(sys.argv[1])))
