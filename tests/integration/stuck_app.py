"""The worker's app with one fault: its consumer has leaked all its prefetch slots, as Celery does
after a failed acknowledgement (the process lives on and never consumes again)."""

from __future__ import annotations

from typing import Any

from celery import signals
from lead_worker.app import app
from lead_worker.core import bell_watch

__all__ = ["app"]

bell_watch.MENDED_EVERY_LOOKS = 2


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def _leak_slots(sender: Any, **_: Any) -> None:
    qos = sender.task_consumer.channel.qos
    for number in range(1000):
        qos._delivered[f"leaked-{number}"] = None
