"""Whether Celery's one thread in this process is at work.

While it is, as calendar work may be for seconds, a bell that lies there is nobody's fault.
"""

from __future__ import annotations

from typing import Any

from celery import signals

_running: set[str] = set()


def is_at_work() -> bool:
    """Whether a task runs here now."""
    return bool(_running)


@signals.task_prerun.connect  # type: ignore[untyped-decorator]
def _begins(task_id: str, **_: Any) -> None:
    _running.add(task_id)


@signals.task_postrun.connect  # type: ignore[untyped-decorator]
def _ends(task_id: str, **_: Any) -> None:
    _running.discard(task_id)
