"""Holds, as real workers keep them: whose fault it was, what it cost, and how deliveries go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from email.utils import formatdate
from time import time

import pytest
from lead_ops.sandbox import Arrival, Faults, Kind, SandboxServer, Scope
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind

from tests.integration.fleet import Fleet, named, wait_until
from tests.integration.holding import hold_of
from tests.integration.log_lines import lines

WORKERS = 2
TRIALS = 2
"""So many other leads are tried before a suspicion becomes a hold that stands."""

LATENCY_SECONDS = 0.1


def by_status(sandbox: SandboxServer, status: int) -> list[Arrival]:
    return [arrival for arrival in sandbox.journal if arrival.status == status]


def attempts(fleet: Fleet, lead_ids: Sequence[str]) -> Counter[str]:
    """How many leads have spent how many attempts."""
    return Counter(fleet.record(lead_id).get("attempts", "0") for lead_id in lead_ids)


# --- whose fault it was


def test_a_refused_token_amid_300_leads_costs_no_lead_anything(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    fleet.start_workers(LEADS_CONCURRENCY="8")
    good = sandbox.token
    first = fleet.enqueue(*map(named, range(60)))
    sandbox.wait_for(lambda s: len(s.leads) >= 50)
    sandbox.set_token("another")
    lead_ids = [*first, *fleet.enqueue(*map(named, range(60, 300)))]
    wait_until(lambda: fleet.stands(HoldKind.CREDENTIALS) and fleet.counts().leased == 0)
    held = fleet.counts()
    assert len(by_status(sandbox, 401)) <= WORKERS * 8 + TRIALS
    sandbox.set_token(good)
    fleet.hasten_canary()
    fleet.wait_settled(300)

    assert held.waiting == 300 - held.delivered > 0
    assert fleet.counts().delivered == 300
    assert attempts(fleet, lead_ids) == {"1": 300}
    assert len(fleet.events("hold_began")) == len(fleet.events("hold_ended")) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_one_poisoned_agent_among_200_leads_is_dead_and_holds_nobody_up(
    fleet: Fleet, sandbox: SandboxServer, status: int
) -> None:
    sandbox.set_faults(Faults(status=status, only_agent="bad"))
    fleet.start_workers()
    leads = [named(number) for number in range(200)]
    leads[100] |= {"agentId": "bad"}
    lead_ids = fleet.enqueue(*leads)
    fleet.wait_delivered(199)
    # Its conviction is lost where it comes before its worker has let it go.
    more = fleet.bring_witnesses(dead=1)

    assert (more <= 1, fleet.ids(State.DEAD)) == (True, {lead_ids[100]})
    record = fleet.record(lead_ids[100])
    assert (record["reason"], record["status"]) == ("rejected", str(status))
    refused, *_, convicted = fleet.timeline(lead_ids[100])
    assert refused["message"] == "The sandbox was asked to answer so"
    assert (convicted["event"], convicted["cause"]) == ("convicted", f"status_{status}")
    told = [
        line for each in fleet.workers for line in lines(each.log) if "convicted" in line["event"]
    ]
    assert [(line["lead_id"], line["then"]) for line in told] == [(lead_ids[100], "dead")]
    assert fleet.events("hold_began") == []
    assert len(by_status(sandbox, status)) <= 1 + more


def test_three_poisoned_leads_apart_are_each_dead_and_hold_nobody_up(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(status=404, only_agent="bad"))
    fleet.start_workers(LEADS_CONCURRENCY="1")
    leads = [named(number) for number in range(120)]
    for number in (30, 60, 90):
        leads[number] |= {"agentId": "bad"}
    lead_ids = fleet.enqueue(*leads)
    fleet.wait_delivered(117)
    fleet.bring_witnesses(dead=3)

    assert fleet.ids(State.DEAD) == set(lead_ids[30:91:30])
    assert fleet.events("hold_began") == []


def test_three_poisoned_leads_side_by_side_do_not_hold_up_each_lead_that_comes_after(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(status=404, only_agent="bad"))
    fleet.start_workers()
    poisoned = fleet.enqueue(*[named(number) | {"agentId": "bad"} for number in range(3)])
    for number in range(1, 6):
        wait_until(lambda: fleet.counts().hold is not None or fleet.counts().dead == 3)
        fleet.enqueue(named(100 + number))
        fleet.hasten_canary()
        fleet.wait_delivered(number)
    fleet.bring_witnesses(3)

    assert fleet.ids(State.DEAD) == {*poisoned}


# --- holds that an operator ends, or whose time is over


def test_a_spending_limit_stops_the_fleet_and_takes_nothing_from_the_leads(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(status=402))
    fleet.start_workers(LEADS_CONCURRENCY="4")
    lead_ids = fleet.enqueue(*map(named, range(40)))
    wait_until(lambda: fleet.stands(HoldKind.QUOTA) and fleet.counts().leased == 0)
    assert len(by_status(sandbox, 402)) <= WORKERS * 4 + TRIALS
    try_canary(fleet, sandbox)
    wait_until(lambda: fleet.counts().in_flight == 0)
    sandbox.clear_faults()
    fleet.resume()

    assert fleet.wait_settled(40).delivered == 40
    assert attempts(fleet, lead_ids) == {"1": 40}


def try_canary(fleet: Fleet, sandbox: SandboxServer) -> None:
    """Have a canary come to the API."""
    seen = len(sandbox.journal)
    fleet.hasten_canary()
    sandbox.wait_for(lambda s: len(s.journal) > seen)


def test_a_canary_that_was_refused_before_somebody_resumed_convicts_nobody(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(latency_seconds=0.3), Faults(status=402))
    fleet.start_worker()
    fleet.enqueue(*map(named, range(20)))
    wait_until(lambda: fleet.stands(HoldKind.QUOTA) and fleet.counts().leased == 0)
    try_canary(fleet, sandbox)
    sandbox.clear_faults()
    fleet.resume()
    counts = fleet.wait_settled(20)

    assert (counts.dead, counts.delivered) == (0, 20)


def test_an_api_that_loses_fields_gets_a_few_leads_and_no_more_until_somebody_resumes(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(kind=Kind.LOSE_FIELDS))
    fleet.start_workers(LEADS_CONCURRENCY="1")
    lead_ids = fleet.enqueue(*map(named, range(30)))
    wait_until(lambda: fleet.stands(HoldKind.CONTRACT) and fleet.counts().leased == 0)
    mangled = fleet.ids(State.DEAD)
    assert {fleet.record(lead_id)["reason"] for lead_id in mangled} == {"mangled"}
    assert len(mangled) == len(sandbox.journal) <= WORKERS + TRIALS
    sandbox.clear_faults()
    fleet.resume()
    counts = fleet.wait_settled(30)

    assert (counts.delivered, fleet.ids(State.DEAD)) == (30 - len(mangled), mangled)
    assert fleet.ids(State.DELIVERED) == {*lead_ids} - mangled


def test_a_pause_stops_two_workers_and_a_resume_lets_both_go_on(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(latency_seconds=0.02))
    fleet.start_workers(LEADS_CONCURRENCY="4")
    lead_ids = fleet.enqueue(*map(named, range(200)))
    sandbox.wait_for(lambda s: len(s.leads) >= 20)
    fleet.pause("look at the API")
    wait_until(lambda: fleet.counts().in_flight == 0)
    seen = len(sandbox.journal)
    fleet.wait_beats(1)
    assert len(sandbox.journal) == seen < 200
    assert fleet.counts().waiting == 200 - seen
    fleet.resume()

    assert fleet.wait_settled(200).delivered == 200
    workers = {entry["worker"] for i in lead_ids for entry in fleet.timeline(i)}
    assert len(workers) == WORKERS
    assert [event["event"] for event in fleet.events()] == ["paused", "resumed"]


def in_two_seconds() -> str:
    return formatdate(time() + 2, usegmt=True)


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [("2", 2, 2), ("a date", 1, 3), ("soon", 1, 1)],
    ids=["seconds", "a date", "nonsense"],
)
def test_whatever_a_retry_after_says_is_obeyed_by_both_workers(
    fleet: Fleet, sandbox: SandboxServer, asked: str, least: int, most: int
) -> None:
    text = in_two_seconds() if asked == "a date" else asked
    fleet.start_workers(LEADS_CONCURRENCY="1")
    sandbox.set_faults(Faults(status=503, retry_after=text, count=1))
    fleet.enqueue(*map(named, range(60)))
    wait_until(lambda: fleet.stands(HoldKind.NOT_BEFORE))
    held = hold_of(fleet.store)
    assert held.until_at is not None
    counts = fleet.wait_settled(60)

    assert least <= round(held.until_at - held.since_at, 3) <= most
    (began,) = fleet.events("hold_began")
    meanwhile = [a for a in sandbox.journal if began["at"] < a.at < held.until_at]
    assert len(meanwhile) < WORKERS  # what the other one had in flight
    assert counts.delivered == 60


def test_after_a_hold_requests_begin_again_from_one_at_a_time(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    slow = Faults(latency_seconds=LATENCY_SECONDS)
    sandbox.set_faults(slow, Faults(status=429, retry_after="1", count=1))
    fleet.start_workers()
    fleet.enqueue(*map(named, range(60)))
    assert fleet.wait_settled(60).delivered == 60

    (ended,) = fleet.events("hold_ended")
    after = [a.monotonic_at for a in sandbox.journal if a.at > ended["at"]]
    busy = [sum(at - LATENCY_SECONDS < other <= at for other in after) for at in after]
    assert all(found <= most for found, most in zip(busy, [1, 2, 2, 4, 4, 4, 4], strict=False))
    assert max(busy) > 4  # and it grows


# --- the rate


def test_two_workers_share_one_rate_look_ups_included(fleet: Fleet, sandbox: SandboxServer) -> None:
    sandbox.set_faults(Faults(kind=Kind.DROP, rate=0.2, scope=Scope.POST))
    fleet.start_workers(LEADS_RATE_PER_MINUTE="600", LEADS_RATE_BURST="5")
    fleet.enqueue(*map(named, range(20)))
    sandbox.wait_for(lambda s: len(s.leads) >= 15)
    fleet.enqueue(*map(named, range(20, 40)))
    assert fleet.wait_settled(40).delivered == 40

    arrivals = [arrival.monotonic_at for arrival in sandbox.journal]
    assert {arrival.method for arrival in sandbox.journal} == {"GET", "POST"}
    # Who is late by half a second gives its turn back, so at most so many come beside their time.
    per_second, burst, late = 10, 5, 5
    busiest = max(sum(at <= other < at + 2 for other in arrivals) for at in arrivals)
    assert busiest <= 2 * per_second + burst + late
