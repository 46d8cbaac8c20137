"""The worker's app with faults that would carry a lead's data out.

Bugs whose errors tell its values, a task that fails with them, a thread that dies of them, and a
message that was meant for somebody else.
"""

from __future__ import annotations

import threading
from typing import Any

from celery import signals
from lead_worker.app import app
from lead_worker.sender import Job, Letter, Result, Sender

__all__ = ["app"]

SECRET = "Renata Leaky, renata.leaky@example.com, (11) 97777-6655"
BUGGY = "buggy"
"""The agent whose leads are a bug's."""

_letter = Sender._letter


def _tell_all(self: Sender, job: Job) -> Letter | Result:
    if BUGGY.encode() in job.lead.raw:
        name, wrong = str(job.lead.raw), {"values": job.lead.raw}
        raise KeyError(f"{SECRET} {name} {wrong}")
    return _letter(self, job)


Sender._letter = _tell_all  # type: ignore[method-assign]


@app.task(name="lead_worker.leaky")  # type: ignore[untyped-decorator]
def leaky(words: str = SECRET) -> None:
    """Fail with what nobody should see, in the text, in a variable and in what it came of."""
    try:
        raise LookupError(words)
    except LookupError as error:
        raise ValueError(f"cannot use {words}") from error


def _die() -> None:
    raise RuntimeError(SECRET)


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def _leak(**_: Any) -> None:
    leaky.apply_async()
    app.send_task("shop.notify", args=[SECRET], queue="calendar")
    threading.Thread(target=_die).start()
