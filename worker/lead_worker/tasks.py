"""The Celery tasks, three lines each; what they do is elsewhere."""

from __future__ import annotations

from lead_producers.bell import TASK as DRAIN

from .app import app, runtime
from .checking import check
from .redrive import redrive
from .retention import announce, retain


@app.task(name=DRAIN)  # type: ignore[untyped-decorator]
def drain() -> None:
    """Answer a bell."""
    runtime().courier.drain()


@app.task(name="lead_worker.retain")  # type: ignore[untyped-decorator]
def retain_records() -> None:
    """Forget what retention no longer keeps, and say what it will not keep for long."""
    runtime().store.calendar_done()
    retain(runtime().store, runtime().settings)
    announce(runtime().store, runtime().settings, runtime().reporter)


@app.task(name="lead_worker.redrive")  # type: ignore[untyped-decorator]
def redrive_exhausted() -> None:
    """Bring an outage's dead letters home, where that is wanted and due."""
    redrive(runtime().store, runtime().settings)


@app.task(name="lead_worker.check")  # type: ignore[untyped-decorator]
def check_delivery() -> None:
    """Say whether delivery goes on."""
    check(runtime().store, runtime().reporter)
