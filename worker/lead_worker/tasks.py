"""The Celery tasks, three lines each; what they do is elsewhere."""

from __future__ import annotations

from lead_producers.bell import TASK as DRAIN

from .app import app, runtime
from .retention import retain


@app.task(name=DRAIN)  # type: ignore[untyped-decorator]
def drain() -> None:
    """Answer a bell."""
    runtime().courier.drain()


@app.task(name="lead_worker.retain")  # type: ignore[untyped-decorator]
def retain_records() -> None:
    """Forget what retention no longer keeps."""
    retain(runtime().store, runtime().settings)
