"""What is told where no consumer of Celery's takes anything: each claim of ops/monitoring.md."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from lead_ops import main
from lead_ops.doctor import workers
from lead_worker.sentry import DELIVERY

from tests.integration.fleet import ONE_REDIS, Fleet, named, wait_until
from tests.integration.sentry_listener import SentryListener
from tests.integration.test_exporter import get, running
from tests.integration.test_sentry_fleet import beat_running

pytestmark = ONE_REDIS

TASKS = 3
"""What beat asks for each minute."""


def tasks_waiting(fleet: Fleet) -> int:
    return int(fleet.store.client.llen(f"{fleet.store.keys.prefix}calendar"))


def check_ins(sentry: SentryListener) -> set[tuple[str, str]]:
    """Monitors and what they were told, the namespace left out."""
    found = sentry.items("check_in")
    return {(each["monitor_slug"].rpartition("-test-")[0], each["status"]) for each in found}


def test_where_all_workers_are_stopped_the_monitor_of_delivery_hears_nothing(
    fleet: Fleet, sentry: SentryListener, tmp_path: Path
) -> None:
    frozen = fleet.start_workers(2, SENTRY_DSN=sentry.dsn)
    for worker in frozen:
        wait_until(lambda worker=worker: " ready." in worker.log)  # type: ignore[misc]
        worker.signal(signal.SIGSTOP)
    with running(fleet.redis_url, namespace=fleet.namespace) as (_, address):
        wait_until(lambda: 'leads_workers{state="working"} 0.0' in get(address)[1])
    with beat_running(fleet, tmp_path / "beat.log", SENTRY_DSN=sentry.dsn):
        wait_until(lambda: tasks_waiting(fleet) == TASKS and len(check_ins(sentry)) >= 2)
    # Beat begins these two, and nobody ends them: Sentry lets them time out.
    begun = {("leads-retention", "in_progress"), ("leads-redrive", "in_progress")}
    assert check_ins(sentry) == begun
    assert DELIVERY not in {monitor for monitor, _ in check_ins(sentry)}


def test_where_consumers_are_stuck_leads_arrive_and_the_doctor_blames_no_beat(
    fleet: Fleet,
    sentry: SentryListener,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    worker = fleet.start_worker(app="tests.integration.stuck_app", SENTRY_DSN=sentry.dsn)
    wait_until(lambda: " ready." in worker.log)
    with beat_running(fleet, tmp_path / "beat.log", SENTRY_DSN=sentry.dsn):
        wait_until(lambda: tasks_waiting(fleet) == TASKS)
    assert DELIVERY not in {monitor for monitor, _ in check_ins(sentry)}

    # Nothing is due, so no heartbeat has cause to mend the consumer meanwhile.
    monkeypatch.setattr(workers, "CALENDAR_LATE_SECONDS", 0.0)
    monkeypatch.setenv("LEADS_REDIS_URL", fleet.redis_url)
    monkeypatch.setenv("LEADS_NAMESPACE", fleet.namespace)
    monkeypatch.setenv("LEADS_API_URL", fleet.sandbox.url)
    main.run(["doctor", "--json"])
    checks = json.loads(capfd.readouterr().out)["checks"]
    (beat,) = [each for each in checks if each["name"] == "beat"]
    assert (beat["level"], "consumers are stuck" in beat["found"]) == ("bad", True)
    assert "restart the workers" in beat["advice"]

    fleet.enqueue(named(1))
    fleet.wait_delivered(1)
