"""The worker's app whose calendar work is due as soon as beat starts, and not a minute later."""

from __future__ import annotations

from datetime import UTC, datetime

from lead_worker.app import app

__all__ = ["app"]

for _entry in app.conf.beat_schedule.values():
    _entry["last_run_at"] = datetime(2020, 1, 1, tzinfo=UTC)
