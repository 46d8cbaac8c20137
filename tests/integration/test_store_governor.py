"""The governor's record: who may replace it, whom that convicts, who hears of it, what it costs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from lead_worker.core.governor import Accused, Event, Governor
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Claimed, Decision, Governed
from lead_worker.store.reading import Reading

from tests.integration.holding import (
    PAUSE,
    amend,
    hold,
    hold_of,
    not_before,
    standing_hold,
    suspicion,
    unhold,
)
from tests.integration.queues import ENTRY, Queue, settlement


def refused(queue: Queue, *lead_ids: str) -> list[Claimed]:
    """Leads that were refused in a way that may be everybody's fault, and wait again."""
    queue.accept(*lead_ids)
    leads = queue.claim(most=len(lead_ids))
    queue.give_back(*leads)
    return leads


def accused(lead: Claimed) -> Accused:
    return Accused(lead.lead_id, lead.token, 403, "FORBIDDEN")


def govern(
    queue: Queue,
    *,
    convicted: Sequence[Claimed] = (),
    doubted: Sequence[Claimed] = (),
    events: Sequence[Event] = (),
    version: str | None = None,
    act: str = "act",
) -> Governed:
    """Decide that no hold is in force, and these things besides."""
    store = queue.store()
    return store.govern(
        Decision(
            Governor(holds=1),
            store.standing().version if version is None else version,
            act,
            tuple(map(accused, convicted)),
            tuple(map(accused, doubted)),
            tuple(events),
        )
    )


def event(n: int) -> Event:
    return Event("hold_began", HoldKind.OUTAGE, f"number {n}", "w1")


def test_a_lead_that_is_convicted_is_dead_and_its_record_says_why(queue: Queue) -> None:
    (lead,) = refused(queue, "a")
    assert govern(queue, convicted=[lead]) == Governed(True, ("a",))
    assert queue.state("a") == "dead"
    record = queue.record("a")
    told = [record[name] for name in ("reason", "cause", "status", "code", "attempts")]
    assert told == ["rejected", "status_403", "403", "FORBIDDEN", "1"]
    last = queue.timeline("a")[-1]
    assert (last["event"], last["cause"]) == ("convicted", "status_403")


def test_only_who_waits_still_under_the_claim_that_was_refused_is_convicted(queue: Queue) -> None:
    leads = refused(queue, "sent", "back", "gone", "dead", "here")
    _, *others = queue.claim(most=2)
    queue.settle(settlement(others[0], State.WAITING, spends_attempt=False))
    queue.store().erase("gone", ENTRY)
    (last,) = [lead for lead in queue.claim("w2", 1) if lead.lead_id == "dead"]
    queue.settle(settlement(last, State.DEAD))
    governed = govern(queue, convicted=leads)
    assert governed.convicted == ("here",)
    states = [queue.state(lead.lead_id) for lead in leads]
    assert states == ["leased", "waiting", "erased", "dead", "dead"]
    assert "reason" not in queue.record("dead")


def test_who_was_forgotten_meanwhile_is_not_convicted(queue: Queue) -> None:
    (lead,) = refused(queue, "a")
    queue.deliver(queue.claim()[0])
    queue.store().forget(State.DELIVERED, 0.0)
    assert govern(queue, convicted=[lead]).convicted == ()
    assert queue.state("a") == ""


def test_who_is_doubted_waits_on_and_says_so_at_the_next_claim(queue: Queue) -> None:
    one, other = refused(queue, "a", "b")
    assert govern(queue, doubted=[one]) == Governed(True)
    claimed = {lead.lead_id: lead.doubted for lead in queue.claim()}
    assert claimed == {one.lead_id: True, other.lead_id: False}
    assert queue.claim_again()[0].doubted


def test_who_was_sent_again_is_not_doubted(queue: Queue) -> None:
    (lead,) = refused(queue, "a")
    queue.claim()
    govern(queue, doubted=[lead])
    assert "doubted" not in queue.record("a")


def test_a_replay_begins_without_doubts(queue: Queue) -> None:
    (lead,) = refused(queue, "a")
    govern(queue, doubted=[lead], act="one")
    govern(queue, convicted=[lead], act="two")
    queue.store().replay("a", "act", {"event": "replay"})
    assert not queue.claim()[0].doubted


def test_the_same_act_gives_the_same_answer_and_does_nothing_twice(queue: Queue) -> None:
    leads = refused(queue, "a", "b", "c")
    version = queue.store().standing().version
    first = govern(queue, convicted=leads[:2], doubted=leads[2:], events=[event(1)])
    before = queue.timeless()
    for version_by_now in (version, queue.store().standing().version):
        again = govern(
            queue, convicted=leads[:2], doubted=leads[2:], events=[event(1)], version=version_by_now
        )
        assert again == first == Governed(True, ("a", "b"))
    assert queue.timeless() == before


def test_a_decision_on_an_old_record_changes_nothing_at_all(queue: Queue) -> None:
    (lead,) = refused(queue, "a")
    store = queue.store()
    version = store.standing().version
    assert hold(store, PAUSE)
    before = queue.timeless()
    governed = govern(queue, convicted=[lead], events=[event(1)], version=version)
    assert governed == Governed(False)
    assert queue.timeless() == before


def test_what_is_told_is_in_the_log_and_each_report_is_given_once_to_one_worker(
    queue: Queue,
) -> None:
    govern(queue, events=[event(n) for n in range(25)])
    told: dict[str, list[str]] = {"w1": [], "w2": []}
    for _ in range(3):
        for worker, reasons in told.items():
            reasons += [each["reason"] for each in queue.reports(worker)]
    assert sorted(told["w1"] + told["w2"]) == sorted(f"number {n}" for n in range(25))
    assert all(told.values())
    logged = Reading(queue.store()).log(100)
    assert [entry["reason"] for entry in logged] == [f"number {n}" for n in range(25)]
    assert {entry["kind"] for entry in logged} == {"outage"}
    assert all(isinstance(entry["at"], float) for entry in logged)


def test_the_log_keeps_the_last_hundred_thousand_and_the_reports_the_last_hundred(
    queue: Queue,
) -> None:
    old = [f'{{"at":1.0,"event":"old","reason":"old {n}"}}' for n in range(99_900)]
    queue.client.rpush(queue.keys.log, *old)
    govern(queue, events=[event(n) for n in range(200)])
    logged = Reading(queue.store()).log(200_000)
    assert [logged[0]["reason"], logged[-1]["reason"]] == ["old 100", "number 199"]
    assert len(logged) == 100_000
    reports = [each for _ in range(12) for each in queue.reports()]
    assert [each["reason"] for each in reports] == [f"number {n}" for n in range(100, 200)]


def test_a_report_that_somebody_damaged_is_none_and_stops_no_other(queue: Queue) -> None:
    queue.client.rpush(queue.keys.reports, "{", '"text"', '{"event":"paused"}')
    events = queue.store().beat({}).events
    assert [each.get("event") for each in events] == [None, None, "paused"]


def test_a_beat_says_that_a_holds_time_is_over_until_somebody_ends_it(queue: Queue) -> None:
    queue.accept("a")
    queue.client.delete(queue.keys.bell)
    store = queue.store()
    hold(store, not_before(store, 60))
    assert not store.beat({}).over
    queue.pass_time(61)
    for worker in ("w1", "w2"):
        beat = queue.store(worker).beat({})
        assert (beat.over, beat.claimable) == (True, 1)
    unhold(queue.store())
    assert not queue.store().beat({}).over


def test_who_decides_hears_what_is_in_flight_and_how_many_threads_there_are(queue: Queue) -> None:
    queue.accept_unknown("a")
    queue.accept("b", "c")
    assert queue.store().standing().capacity == 0
    queue.store("w1").beat({"concurrency": 8})
    queue.store("w2").beat({"concurrency": 4})
    queue.store("w3").beat({"pid": 3})
    queue.claim()
    standing = queue.store().standing()
    assert (standing.in_flight, standing.capacity) == (3, 12)
    queue.pass_time(9)
    queue.store("w2").beat({"concurrency": 4})
    queue.pass_time(2)
    assert queue.store().standing().capacity == 4


def test_a_hold_that_was_suspected_at_first_ages_no_lead_from_its_beginning_on(
    queue: Queue,
) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.WAITING))
    queue.pass_time(100)
    store = queue.store()
    hold(store, suspicion(store, 5000.0, "a"))
    number = hold_of(store).number
    queue.pass_time(1000)
    assert amend(queue.store(), suspected=False, trial_at=None)
    queue.pass_time(2000)
    store = queue.store()
    assert hold_of(store).number == number
    amend(store, canary_at=store.standing().now_at)
    (canary,) = queue.claim()
    assert canary.age_seconds == pytest.approx(100, abs=5)
    queue.settle(settlement(canary, State.WAITING, spends_attempt=False))
    unhold(queue.store())
    queue.pass_time(40)
    assert queue.claim()[0].age_seconds == pytest.approx(140, abs=5)


def test_a_lead_that_was_tried_first_as_a_canary_is_as_old_as_the_time_after_the_hold(
    queue: Queue,
) -> None:
    queue.accept("a")
    store = queue.store()
    hold(store, standing_hold(store, 100.0))
    queue.pass_time(101)
    (canary,) = queue.claim()
    assert canary.age_seconds == 0.0
    queue.settle(settlement(canary, State.WAITING, spends_attempt=False))
    queue.pass_time(1000)
    unhold(queue.store())
    queue.pass_time(30)
    assert queue.claim()[0].age_seconds == pytest.approx(30, abs=5)


def test_one_hold_after_another_is_counted_each_for_its_own_time(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.WAITING))
    for seconds in (10, 200, 3000):
        store = queue.store()
        hold(store, standing_hold(store, 10_000.0))
        queue.pass_time(seconds)
    unhold(queue.store())
    queue.pass_time(70)
    (lead,) = queue.claim()
    assert lead.age_seconds == pytest.approx(70, abs=5)
    held_seconds = float(queue.client.hget(queue.keys.counts, "held_seconds"))
    assert held_seconds == pytest.approx(3210, abs=5)


def test_a_refusal_that_its_worker_has_not_settled_yet_is_doubted_instead(queue: Queue) -> None:
    queue.accept("a")
    (lead,) = queue.claim()
    assert govern(queue, convicted=[lead]) == Governed(True)
    assert queue.state("a") == "leased"
    queue.settle(settlement(lead, State.WAITING, spends_attempt=False))
    assert queue.claim()[0].doubted == 1
