"""The logs of real workers: a line of JSON for each event, and nothing of anybody's in them."""

from __future__ import annotations

import random
import signal
from collections import Counter
from typing import Any

from lead_ops.sandbox import Faults, Kind, SandboxServer

from tests.integration import leaky_app, people
from tests.integration.fleet import ONE_REDIS, Fleet, Worker, named, wait_until
from tests.integration.log_lines import lines, others, readable
from tests.integration.sentry_listener import SentryListener

pytestmark = ONE_REDIS

SHUTDOWN = ["worker: Warm shutdown (MainProcess)"]
"""What Celery writes to the standard output by itself, in a signal's handler."""

KEYS = {"time", "level", "logger", "event", "message", "worker"}
SETTLED = KEYS | {
    *("lead_id", "attempt", "outcome", "cause", "then", "verdict", "took_seconds", "lane"),
}


def stop(worker: Worker) -> None:
    worker.signal(signal.SIGTERM)
    worker.wait()


def leads_of_each_outcome(number: int) -> list[dict[str, object]]:
    """Leads that are taken, refused, not valid, or a bug's, by turns."""
    chance, leads = random.Random(number), []
    for n in range(number):
        lead = people.person(n, chance)
        if n % 5 == 1:
            lead |= {"agentId": "refused"}
        elif n % 5 == 2:
            lead |= {"email": f"nobody{n:05} at example"}
        elif n % 5 == 3:
            lead |= {f"field{n:05}@example.com": f"value {n:05}", "capture": f"half {n:05}"}
        elif n % 50 == 4:
            lead |= {"agentId": leaky_app.BUGGY}
        leads.append(lead)
    return leads


def test_of_hundreds_of_leads_of_each_outcome_no_value_is_in_a_log_or_at_sentry(
    fleet: Fleet, sandbox: SandboxServer, sentry: SentryListener
) -> None:
    sandbox.set_faults(Faults(kind=Kind.DROP, rate=0.05), Faults(status=422, only_agent="refused"))
    leads = leads_of_each_outcome(300)
    app, settings = "tests.integration.leaky_app", {"LEADS_ON_UNKNOWN_OUTCOME": "park"}
    worker = fleet.start_worker(app=app, SENTRY_DSN=sentry.dsn, **settings)
    ids = fleet.enqueue(*leads)
    counts = fleet.wait_settled(len(leads))
    wait_until(lambda: "a task that is not ours" in worker.log)
    wait_until(lambda: any("celery-job" in event["extra"] for event in sentry.events))
    fleet.wait_beats(2)
    stop(worker)

    assert min(counts.delivered, counts.dead, counts.parked) > 0
    outcomes = Counter(line.get("outcome") for line in lines(worker.log))
    assert {"delivered", "invalid", "rejected", "unknown"} <= outcomes.keys()
    assert {"bug", "uncaught"} <= {line["event"] for line in lines(worker.log)}
    text = readable(worker.log)
    assert all(lead_id in text for lead_id in ids)
    secrets = [value for lead in leads for value in people.values(lead)]
    secrets += [leaky_app.SECRET, "Renata", "renata.leaky", "97777-6655"]
    assert len(secrets) > 1500
    assert [value for value in secrets if value in text] == []
    assert [value for value in secrets if value in sentry.text] == []
    assert others(worker.log) == SHUTDOWN
    assert_a_task_that_failed_is_told_by_its_type_and_place(lines(worker.log), sentry)


def assert_a_task_that_failed_is_told_by_its_type_and_place(
    log: list[dict[str, Any]], sentry: SentryListener
) -> None:
    (line,) = [each for each in log if "leaky" in each["message"] and "error" in each]
    assert line["message"].endswith("raised unexpected: ValueError")
    assert (line["error"], line["error_causes"]) == ("ValueError", ["LookupError"])
    assert line["error_stack"][-1].split(":")[0] == "leaky_app.py"
    (event,) = [each for each in sentry.events if "celery-job" in each["extra"]]
    values = event["exception"]["values"]
    assert [value["type"] for value in values] == ["LookupError", "ValueError"]
    assert all(set(value) == {"type", "module", "stacktrace"} for value in values)
    frames = [frame for value in values for frame in value["stacktrace"]["frames"]]
    assert "leaky" in {frame["function"] for frame in frames}
    known = {"filename", "function", "lineno", "module", "in_app"}
    assert all(set(frame) <= known for frame in frames)


def test_at_info_a_lead_has_one_line_however_often_it_was_tried_and_at_warning_none(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(latency_seconds=0.02), Faults(status=503, rate=0.15))
    settings = {"LEADS_MAX_ATTEMPTS": "50", "LEADS_CONCURRENCY": "2"}
    (info,) = fleet.start_workers(1, LEADS_LOG_LEVEL="info", **settings)
    (silent,) = fleet.start_workers(
        1, LEADS_LOG_LEVEL="warning", LEADS_LOG_FORMAT="text", **settings
    )
    ids = fleet.enqueue(*map(named, range(40)))
    fleet.wait_delivered(40)
    fleet.wait_beats(1)
    stop(info)
    stop(silent)

    told = lines(info.log)
    settled = [line for line in told if line["event"] == "attempt"]
    times = Counter(line["lead_id"] for line in settled)
    assert set(times.values()) == {1}
    attempts = [entry for lead_id in ids for entry in fleet.timeline(lead_id)]
    assert len([entry for entry in attempts if entry["event"] == "attempt"]) > len(ids)
    by = {lead_id: str(fleet.timeline(lead_id)[-1]["worker"]) for lead_id in ids}
    assert times.keys() == {each for each in ids if f"-{info.process.pid}-" in by[each]}
    assert times.keys() < set(ids)
    assert all(set(line) >= SETTLED for line in settled)
    assert all(set(line) >= KEYS for line in told)
    assert not [line for line in told if "lead_worker.drain" in line["message"]]
    assert {line["level"] for line in told} <= {"INFO", "WARNING"}

    assert lines(silent.log) == []
    assert "delivered" not in silent.log


def test_at_sigusr1_each_thread_tells_where_it_is_and_nothing_of_what_it_holds(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    """Celery's own handler would show the variables of each frame."""
    sandbox.set_faults(Faults(latency_seconds=0.9))
    worker = fleet.start_worker()
    wait_until(lambda: " ready." in worker.log)
    chance = random.Random(1)
    leads = [people.person(n, chance) for n in range(4)]
    fleet.enqueue(*leads)
    sandbox.wait_for(lambda server: len(server.journal) >= 1)
    worker.signal(signal.SIGUSR1)
    wait_until(lambda: "thread sender-0: " in worker.log)
    fleet.wait_delivered(4)

    told = {line["thread"]: line for line in lines(worker.log) if line["event"] == "stack"}
    assert {"MainThread", "courier", "heartbeat", "sender-0"} <= told.keys()
    assert any("sender.py" in place for place in told["sender-0"]["stack"])
    assert others(worker.log) == []
    secrets = [value for lead in leads for value in people.values(lead)]
    text = readable(worker.log)
    assert [value for value in [*secrets, sandbox.token] if value in text] == []


def test_what_sentrys_sdk_says_for_debugging_is_json_too_and_only_where_it_is_asked_to(
    fleet: Fleet, sentry: SentryListener
) -> None:
    worker = fleet.start_worker(SENTRY_DSN=sentry.dsn, SENTRY_DEBUG="1")
    quiet = fleet.start_worker(SENTRY_DSN=sentry.dsn, LEADS_LOG_LEVEL="debug")
    fleet.enqueue(people.person(1, random.Random(1)) | {"email": "nobody"})
    wait_until(lambda: bool(sentry.events))
    fleet.wait_beats(1)
    for each in (worker, quiet):
        stop(each)
        assert others(each.log) == SHUTDOWN
    assert any(line["logger"] == "sentry_sdk.errors" for line in lines(worker.log))
    assert not any(line["logger"] == "sentry_sdk.errors" for line in lines(quiet.log))
