"""Stock Celery on a stage, for comparison: two workers, three apps, and what is left in its broker.

It owns how they are started. There is no beat and no operator: it has nothing for them to do.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lead_ops.sandbox import DEFAULT_TOKEN
from redis.exceptions import RedisError

from .children import Child
from .forms import serial_of
from .plan import WORKERS
from .stage import Size, Stage
from .stock_form_app import Order
from .supervisor import Slot

QUEUE = "stock"
WORDS = ("-m", "celery", "-A", "chaos.stock_app", "worker", "-P", "threads", "-c", "16")


class StockCelery:
    """Celery as its documentation has it; see `stock_app`."""

    is_stock = True

    def start(self, stage: Stage) -> None:
        """Start the workers; what they are not ready for waits in the queue."""
        for number in range(WORKERS):
            stage.supervisor.add(_worker(stage, number))

    def app(self, stage: Stage, number: int, began_at: float, size: Size) -> Slot:
        """One of the apps; see `stock_form_app`."""
        name = f"app{number}"
        log, receipts = stage.folder / f"{name}.log", stage.receipts_path(name)
        share = size.share(number)

        def start(life: int) -> Child:
            rate = share / size.seconds
            order = Order(name, life, str(receipts), began_at, rate, share)
            words = ("-m", "chaos.stock_form_app", json.dumps(asdict(order)))
            return Child(words, _env(stage), log)

        return Slot(name, start, ends=True)

    def operate(self, order: str) -> None:
        """Nobody operates it."""


def left(client: Any) -> list[str] | None:
    """The serials of the leads whose tasks are still in the broker; None where it does not answer.

    A task may be in the queue, or taken by a worker and not acknowledged.
    """
    try:
        waiting = client.lrange(QUEUE, 0, -1)
        taken = client.hvals("unacked")
    except RedisError:
        return None
    messages = [json.loads(each) for each in waiting] + [json.loads(each)[0] for each in taken]
    return [_serial(message) for message in messages]


def _serial(message: Mapping[str, Any]) -> str:
    arguments, *_ = json.loads(base64.b64decode(message["body"]))
    return serial_of(json.dumps(arguments[0]).encode())


def _env(stage: Stage) -> Mapping[str, str]:
    return {
        "CHAOS_BROKER": stage.redis_url,
        "CHAOS_API": stage.api_url,
        "CHAOS_TOKEN": DEFAULT_TOKEN,
    }


def _worker(stage: Stage, number: int) -> Slot:
    name = f"worker{number}"

    def start(life: int) -> Child:
        words = (*WORDS, "-n", f"{name}-{life}@%h")
        return Child(words, _env(stage), stage.folder / f"{name}.log")

    return Slot(name, start)
