"""No personal data leaves Redis but to the API: not with Celery, nor logs, nor Sentry."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from lead_ops.sandbox import Faults, SandboxServer

from tests.integration.fleet import Fleet, wait_until
from tests.integration.log_lines import readable
from tests.integration.sentry_listener import SentryListener

SAMPLES = Path(__file__).parents[2] / "ops" / "samples" / "leads.jsonl"


def personal_values() -> set[str]:
    """Each text of the sample leads that could point to a person."""
    found: set[str] = set()

    def collect(value: object) -> None:
        if isinstance(value, dict):
            for part in value.values():
                collect(part)
        elif isinstance(value, str) and len(value) > 6:
            found.add(value)

    for line in SAMPLES.read_text(encoding="utf-8").splitlines():
        lead = json.loads(line)
        for field in ("name", "email", "phone", "company", "site", "custom"):
            collect(lead.get(field))
    assert len(found) > 50
    return found


def test_the_sample_leads_leave_no_trace_outside_redis_and_the_api(
    fleet: Fleet, sandbox: SandboxServer, sentry: SentryListener
) -> None:
    leads = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]
    # Every third answer repeats what was sent in an error, as the API's issues may.
    sandbox.set_faults(Faults(status=422, rate=0.3))
    ids = [fleet.producer.enqueue(lead).lead_id for lead in leads]
    bells = fleet.store.client.lrange(fleet.store.keys.bell, 0, -1)
    assert len(bells) == 1
    worker = fleet.start_worker(SENTRY_DSN=sentry.dsn)
    counts = fleet.wait_settled(len(leads))
    wait_until(lambda: len(sentry.events) > 0)
    worker.signal(signal.SIGTERM)
    worker.wait()

    assert counts.dead > 0
    assert counts.delivered > 0
    assert all(lead_id in worker.log for lead_id in ids)
    told = {event["tags"]["lead_id"] for event in sentry.events}
    assert told <= {lead_id for lead_id in ids if fleet.record(lead_id)["state"] == "dead"}
    assert told
    reports = sentry.text
    places = {"bell": str(bells), "log": readable(worker.log), "Sentry": reports}
    leaks = [(place, v) for v in personal_values() for place, text in places.items() if v in text]
    assert leaks == []
    assert sandbox.token not in reports + worker.log


def test_dead_letters_of_one_cause_are_one_event_with_its_reason_and_the_next_step(
    fleet: Fleet, sentry: SentryListener
) -> None:
    worker = fleet.start_worker(SENTRY_DSN=sentry.dsn)
    ids = [fleet.producer.enqueue({"email": f"nobody-{n}"}).lead_id for n in range(3)]
    fleet.wait_settled(3)
    wait_until(lambda: sum(event["extra"]["new"] for event in sentry.events) == 3)
    worker.signal(signal.SIGTERM)
    worker.wait()

    assert {tuple(event["fingerprint"]) for event in sentry.events} == {
        ("dead-letter", "invalid:email", fleet.namespace)
    }
    for event in sentry.events:
        lead_id, many = event["tags"]["lead_id"], event["extra"]["new"] > 1
        assert lead_id in ids
        assert event["tags"]["reason"] == "invalid"
        assert event["tags"]["next_step"] == (
            "leads dead list --group invalid:email" if many else f"leads dead show {lead_id}"
        )
