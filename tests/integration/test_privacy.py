"""No personal data leaves Redis but to the API: not with Celery, nor logs, nor Sentry."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from lead_ops.sandbox import Faults, SandboxServer

from tests.integration.fleet import Fleet

SAMPLES = Path(__file__).parents[2] / "ops" / "samples" / "leads.jsonl"


class SentryListener:
    """A real HTTP server that takes Sentry's envelopes."""

    def __init__(self) -> None:
        self.envelopes: list[str] = []
        envelopes = self.envelopes

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                envelopes.append(f"{self.headers}\n{body.decode()}")
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args: object) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.dsn = f"http://key@127.0.0.1:{self._server.server_port}/1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def sentry() -> Iterator[SentryListener]:
    listener = SentryListener()
    yield listener
    listener.close()


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
    worker.signal(15)
    worker.wait()

    assert counts.dead > 0
    assert counts.delivered > 0
    reports = "\n".join(sentry.envelopes)
    for lead_id in ids:
        assert lead_id in worker.log
        if fleet.record(lead_id)["state"] == "dead":
            assert lead_id in reports
    places = {"bell": str(bells), "log": worker.log, "Sentry": reports}
    leaks = [(place, v) for v in personal_values() for place, text in places.items() if v in text]
    assert leaks == []
    assert sandbox.token not in reports + worker.log


def test_each_dead_letter_is_one_event_with_its_reason_and_the_next_step(
    fleet: Fleet, sentry: SentryListener
) -> None:
    worker = fleet.start_worker(SENTRY_DSN=sentry.dsn)
    ids = [fleet.producer.enqueue({"email": f"nobody-{n}"}).lead_id for n in range(3)]
    fleet.wait_settled(3)
    worker.signal(15)
    worker.wait()

    events = [json.loads(text.splitlines()[-1]) for text in sentry.envelopes]
    assert sorted(event["tags"]["lead_id"] for event in events) == sorted(ids)
    assert {event["tags"]["reason"] for event in events} == {"invalid"}
    assert {event["tags"]["next_step"] for event in events} == {f"leads dead show {i}" for i in ids}
