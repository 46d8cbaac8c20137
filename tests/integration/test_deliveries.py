"""From a raw dict to a settled lead, through a real worker: each outcome, holds, and the end."""

from __future__ import annotations

import signal

import pytest
from lead_ops.sandbox import Faults, Kind, SandboxServer
from lead_worker.core.lifecycle import State

from tests.integration.fleet import Fleet, named, wait_until
from tests.integration.holding import PAUSE, hold, unhold


def test_a_raw_dict_becomes_a_delivered_lead(fleet: Fleet, sandbox: SandboxServer) -> None:
    fleet.start_worker()
    receipt = fleet.producer.enqueue(named(1) | {"email": "  lead1@example.com "}, source="form")
    fleet.wait_settled(1)

    (lead,) = sandbox.leads
    assert (lead["email"], lead["phone"]) == ("lead1@example.com", "+5511987654321")
    record = fleet.record(receipt.lead_id)
    assert (record["state"], record["api_id"], record["source"]) == (
        "delivered",
        lead["id"],
        "form",
    )
    (entry,) = fleet.timeline(receipt.lead_id)
    assert (entry["outcome"], entry["n"], entry["api_id"]) == ("delivered", 1, lead["id"])


def test_an_invalid_lead_is_dead_with_a_message_for_each_field_and_is_never_sent(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    fleet.start_worker()
    lead_id = fleet.producer.enqueue({"email": "nobody", "capture": "maybe", "x": 1}).lead_id
    fleet.wait_settled(1)

    record = fleet.record(lead_id)
    assert (record["state"], record["reason"]) == ("dead", "invalid")
    errors = fleet.timeline(lead_id)[0]["errors"]
    assert isinstance(errors, list)
    assert {error["path"] for error in errors} == {"email", "capture", "x"}
    assert sandbox.journal == []
    assert "attempts" not in record


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Faults(status=422), "rejected"),
        (Faults(status=409), "rejected"),
        (Faults(kind=Kind.LOSE_FIELDS, count=1), "mangled"),
    ],
    ids=["422", "409", "an empty echo"],
)
def test_what_the_api_refuses_or_mangles_is_dead_at_once(
    fleet: Fleet, sandbox: SandboxServer, fault: Faults, reason: str
) -> None:
    sandbox.set_faults(fault)
    fleet.start_worker()
    lead_id = fleet.producer.enqueue(named(1)).lead_id
    fleet.wait_settled(1)

    assert fleet.record(lead_id)["reason"] == reason
    assert len(sandbox.journal) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Faults(status=503, count=2),
        Faults(status=429, count=2),
        Faults(status=500, count=2),
        Faults(kind=Kind.DROP_BEFORE, count=2),
        Faults(kind=Kind.HTML, status=502, count=1),
    ],
    ids=["503", "429", "500", "dropped", "a gateway's HTML"],
)
def test_what_passes_by_itself_is_tried_again_until_it_arrives(
    fleet: Fleet, sandbox: SandboxServer, fault: Faults
) -> None:
    sandbox.set_faults(fault)
    fleet.start_worker()
    lead_id = fleet.producer.enqueue(named(1)).lead_id
    counts = fleet.wait_settled(1)

    assert counts.delivered == 1
    timeline = fleet.timeline(lead_id)
    outcomes = [entry["outcome"] for entry in timeline if entry["event"] == "attempt"]
    assert outcomes[-1] == "delivered"
    assert set(outcomes[:-1]) <= {"retry", "unknown"}
    assert len(timeline) == len(sandbox.journal)


def test_a_lead_that_fails_for_ever_is_dead_after_its_last_attempt(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(status=503))
    fleet.start_worker(LEADS_MAX_ATTEMPTS="3", LEADS_BACKOFF_BASE_SECONDS="0.01")
    lead_id = fleet.producer.enqueue(named(1)).lead_id
    fleet.wait_settled(1)

    record = fleet.record(lead_id)
    assert (record["reason"], record["attempts"], record["cause"]) == (
        "exhausted",
        "3",
        "status_503",
    )
    assert len(sandbox.journal) == 3


def test_a_lead_that_may_have_arrived_is_parked_where_the_policy_says_so(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(kind=Kind.DROP))
    fleet.start_worker(LEADS_ON_UNKNOWN_OUTCOME="park")
    lead_id = fleet.producer.enqueue(named(1)).lead_id
    fleet.wait_settled(1)

    assert fleet.record(lead_id)["state"] == "parked"
    assert len(sandbox.leads) == 1


@pytest.mark.parametrize("status", [401, 402, 404])
def test_what_is_not_the_leads_fault_holds_the_fleet_and_spends_no_attempt(
    fleet: Fleet, sandbox: SandboxServer, status: int
) -> None:
    sandbox.set_faults(Faults(status=status))
    fleet.start_worker(LEADS_CONCURRENCY="1")
    receipts = [fleet.producer.enqueue(named(number)) for number in range(5)]
    wait_until(lambda: stands(fleet) and fleet.counts().leased == 0)

    counts = fleet.counts()
    assert (counts.waiting, counts.dead) == (5, 0)
    assert all("attempts" not in fleet.record(receipt.lead_id) for receipt in receipts)
    assert counts.hold is not None
    assert f"status_{status}" in counts.hold.reason


def stands(fleet: Fleet) -> bool:
    hold = fleet.counts().hold
    return hold is not None and not hold.suspected


def test_retry_after_holds_every_worker_until_its_time(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(status=429, retry_after="3", count=1))
    fleet.start_worker(LEADS_CONCURRENCY="1")
    fleet.start_worker(LEADS_CONCURRENCY="1")
    fleet.producer.enqueue_many(map(named, range(200)), lane="live")
    wait_until(lambda: fleet.counts().hold is not None)
    held = fleet.counts()
    assert held.hold is not None
    assert held.hold.until_at is not None
    since, until = held.hold.since_at, held.hold.until_at
    counts = fleet.wait_settled(200)

    assert counts.delivered == 200
    meanwhile = [a for a in sandbox.journal if since < a.at < until]
    assert len(meanwhile) <= 2  # what the two had in flight when the hold began
    assert held.waiting > 0


def test_a_pause_moves_nothing_and_a_resume_delivers_all(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    fleet.start_worker()
    assert hold(fleet.store, PAUSE)
    for number in range(20):
        fleet.producer.enqueue(named(number))
    beats = fleet.store.client.zscore(fleet.store.keys.workers, _worker_name(fleet))
    wait_until(  # the heartbeat has passed by twice
        lambda: fleet.store.client.zscore(fleet.store.keys.workers, _worker_name(fleet)) > beats + 2
    )
    counts = fleet.counts()
    assert (counts.waiting, sandbox.journal) == (20, [])

    assert unhold(fleet.store)
    assert fleet.wait_settled(20).delivered == 20


def test_sigterm_finishes_what_is_in_flight_and_claims_nothing_new(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(latency_seconds=0.5))
    worker = fleet.start_worker(LEADS_CONCURRENCY="4")
    for number in range(40):
        fleet.producer.enqueue(named(number))
    sandbox.wait_for(lambda s: len(s.journal) >= 6)
    worker.signal(signal.SIGTERM)
    assert worker.wait(15) == 0

    assert "ERROR" not in worker.log
    counts = fleet.counts()
    assert counts.delivered == len(sandbox.leads) < 40
    assert (counts.leased, counts.unknown) == (0, 0)
    assert counts.waiting == 40 - counts.delivered
    assert fleet.listed() == 0


def test_sigterm_amid_a_flood_leaves_no_error_behind(fleet: Fleet, sandbox: SandboxServer) -> None:
    worker = fleet.start_worker()
    fleet.producer.enqueue_many(map(named, range(3000)), lane="live")
    sandbox.wait_for(lambda s: len(s.journal) >= 100)
    worker.signal(signal.SIGTERM)
    assert worker.wait(15) == 0

    assert "ERROR" not in worker.log
    assert fleet.counts().leased == 0
    assert fleet.counts().delivered == len(sandbox.leads)


def test_what_the_api_does_not_answer_by_the_deadline_is_unknown_when_sigterm_comes(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(kind=Kind.HANG))
    worker = fleet.start_worker(LEADS_ON_UNKNOWN_OUTCOME="park")
    lead_id = fleet.producer.enqueue(named(1)).lead_id
    sandbox.wait_for(lambda s: len(s.journal) == 1)
    worker.signal(signal.SIGTERM)
    assert worker.wait(15) == 0

    (entry,) = fleet.timeline(lead_id)
    assert (entry["outcome"], entry["cause"]) == ("unknown", "deadline")
    assert fleet.ids(State.PARKED) == {lead_id}


def test_a_worker_refuses_a_namespace_that_delivers_elsewhere(fleet: Fleet) -> None:
    fleet.store.open("https://another.example/rest")
    with pytest.raises(AssertionError, match=r"delivers to https://another\.example/rest"):
        fleet.start_worker()


def test_a_worker_without_a_token_says_so_in_one_line(fleet: Fleet) -> None:
    with pytest.raises(AssertionError, match=r"leads: LEADS_API_TOKEN: not set"):
        fleet.start_worker(LEADS_API_TOKEN="")
    assert "Traceback" not in fleet.workers[-1].log


def _worker_name(fleet: Fleet) -> str:
    (name,) = fleet.store.client.zrange(fleet.store.keys.workers, 0, -1)
    return str(name.decode())
