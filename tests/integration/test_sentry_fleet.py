"""What real workers and beat send to Sentry: few events with the right numbers, and check-ins."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lead_ops.sandbox import Faults, SandboxServer
from lead_worker.sentry import DELIVERY

from tests.integration.fleet import ONE_REDIS, Fleet, named, wait_until
from tests.integration.log_lines import lines, others
from tests.integration.sentry_listener import SentryListener

pytestmark = ONE_REDIS

EACH = 200
CAUSES = {
    "invalid:email": EACH,
    "invalid:capture": EACH,
    "rejected:status_422:UNPROCESSABLE_CONTENT": EACH,
}


def told(sentry: SentryListener) -> Counter[str]:
    """How many deaths were told of each cause."""
    found: Counter[str] = Counter()
    for event in sentry.events:
        kind, group, namespace = event["fingerprint"]
        assert (kind, namespace) == ("dead-letter", event["tags"]["namespace"])
        found[group] += event["extra"]["new"]
    return found


def test_a_flood_of_deaths_is_an_issue_for_each_cause_and_the_numbers_are_right(
    fleet: Fleet, sandbox: SandboxServer, sentry: SentryListener
) -> None:
    sandbox.set_faults(Faults(status=422))
    wrong = [{"email": "none"}, {"capture": "half"}, {}]
    fleet.enqueue(*(named(n) | wrong[n % 3] for n in range(3 * EACH)))
    fleet.start_workers(SENTRY_DSN=sentry.dsn)
    assert fleet.wait_settled(3 * EACH).dead == 3 * EACH
    wait_until(lambda: told(sentry) == CAUSES)
    fleet.wait_beats(1)

    assert told(sentry) == CAUSES
    assert len(sentry.events) <= 9
    assert sum(event["extra"]["dead_in_group"] == EACH for event in sentry.events) >= 3


def test_what_a_worker_took_to_report_as_it_was_killed_another_reports(
    fleet: Fleet, sentry: SentryListener
) -> None:
    fleet.enqueue(named(1) | {"email": "none"})
    killed = fleet.spawn_worker(app="tests.integration.dying_app", SENTRY_DSN=sentry.dsn)
    assert killed.wait() == -signal.SIGKILL
    assert sentry.events == []
    fleet.start_worker(SENTRY_DSN=sentry.dsn)
    wait_until(lambda: told(sentry) == {"invalid:email": 1})
    wait_until(lambda: not fleet.store.client.exists(f"{fleet.store.keys.prefix}given"))
    assert len(sentry.events) == 1


def test_a_worker_that_stops_in_order_leaves_nothing_to_be_reported_again(
    fleet: Fleet, sentry: SentryListener
) -> None:
    worker = fleet.start_worker(SENTRY_DSN=sentry.dsn)
    fleet.enqueue(named(1) | {"email": "none"})
    wait_until(lambda: bool(sentry.events))
    worker.signal(signal.SIGTERM)
    worker.wait()
    assert not fleet.store.client.exists(f"{fleet.store.keys.prefix}given")
    assert fleet.listed() == 0


@contextmanager
def beat_running(
    fleet: Fleet, log_path: Path, **settings: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `celery beat` until the end of the block."""
    words = ("-A", "tests.integration.prompt_beat_app", "beat", "--pidfile", "", "-l", "INFO")
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("LEADS_", "SENTRY_"))}
    place = {"LEADS_REDIS_URL": fleet.redis_url, "LEADS_NAMESPACE": fleet.namespace}
    with log_path.open("ab") as log:
        beat = subprocess.Popen(
            [sys.executable, "-m", "celery", *words],
            env=clean | place | settings,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield beat
    finally:
        beat.kill()
        beat.wait()


def test_each_run_of_calendar_work_and_the_check_of_delivery_are_checked_in(
    fleet: Fleet, sentry: SentryListener, tmp_path: Path
) -> None:
    worker = fleet.start_worker(SENTRY_DSN=sentry.dsn)
    wait_until(lambda: " ready." in worker.log)
    told = {
        *(("leads-retention", "in_progress"), ("leads-retention", "ok")),
        *(("leads-redrive", "in_progress"), ("leads-redrive", "ok")),
        (DELIVERY, "ok"),
    }
    expected = {(f"{monitor}-{fleet.namespace}", status) for monitor, status in told}

    def seen() -> set[tuple[str, str]]:
        return {(each["monitor_slug"], each["status"]) for each in sentry.items("check_in")}

    log_path = tmp_path / "beat.log"
    with beat_running(fleet, log_path, SENTRY_DSN=sentry.dsn) as beat:
        wait_until(lambda: seen() >= expected)
        beat.send_signal(signal.SIGTERM)
        beat.wait()
    worker.signal(signal.SIGTERM)
    worker.wait()

    assert seen() == expected
    assert sentry.kinds == {"check_in"}
    log = log_path.read_text(encoding="utf-8")
    assert others(log) == []
    assert any("lead_worker.check" in line["message"] for line in lines(log))
    assert all(str(beat.pid) in line["worker"] for line in lines(log))
