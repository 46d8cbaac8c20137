"""Who is claimed, when, and in which order."""

from __future__ import annotations

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.store import Claim

from tests.integration.queues import ENTRY, LEASE_SECONDS, LIMITS, Queue, settlement


def ids(queue: Queue, worker: str = "w1", most: int = 10) -> list[str]:
    return [lead.lead_id for lead in queue.claim(worker, most)]


def test_a_claim_gives_what_was_enqueued(queue: Queue) -> None:
    queue.accept("a", lane="bulk", raw=b'{"name": "\xc3\x81na" }')
    (lead,) = queue.claim()
    assert (lead.lead_id, lead.lane, lead.source, lead.look) == ("a", "bulk", "test", False)
    assert (lead.attempts, lead.returned, lead.expiries, lead.age_seconds) == (0, 0, 0, 0.0)
    assert lead.raw == b'{"name": "\xc3\x81na" }'
    assert queue.state("a") == "leased"


def test_leads_come_in_the_order_in_which_they_were_enqueued(queue: Queue) -> None:
    names = [f"lead-{n}" for n in (7, 3, 9, 1, 8, 2)]
    queue.accept(*names[:4])
    queue.accept(*names[4:])
    assert [ids(queue, most=2) for _ in range(3)] == [names[:2], names[2:4], names[4:]]


def test_the_live_lane_comes_before_the_bulk_lane(queue: Queue) -> None:
    queue.accept("bulk-1", "bulk-2", lane="bulk")
    queue.accept("live-1", "live-2")
    assert ids(queue, most=3) == ["live-1", "live-2", "bulk-1"]
    assert ids(queue) == ["bulk-2"]


def test_nobody_claims_a_lead_that_is_leased(queue: Queue) -> None:
    queue.accept("a")
    assert ids(queue, "w1") == ["a"]
    assert ids(queue, "w2") == []
    queue.pass_time(LEASE_SECONDS + 1)
    assert ids(queue, "w2") == []  # not before it was reclaimed


def test_a_retry_is_claimed_when_its_time_has_come_and_not_before(queue: Queue) -> None:
    queue.accept("a", "b")
    first, second = queue.claim()
    queue.settle(settlement(first, State.WAITING, due_seconds=60))
    queue.settle(settlement(second, State.WAITING, due_seconds=30))
    queue.pass_time(29)
    assert ids(queue) == []
    queue.pass_time(2)
    assert ids(queue) == ["b"]
    queue.pass_time(30)
    assert ids(queue) == ["a"]


def test_a_retry_keeps_its_lane(queue: Queue) -> None:
    queue.accept("bulk", lane="bulk")
    queue.settle(settlement(queue.claim()[0], State.WAITING))
    queue.accept("live")
    assert ids(queue) == ["live", "bulk"]


def test_an_unknown_lead_is_claimed_for_a_look_when_it_is_due(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.UNKNOWN, due_seconds=15))
    assert queue.claim() == []
    queue.pass_time(16)
    (lead,) = queue.claim()
    assert lead.look
    assert queue.state("a") == "unknown"


def test_a_look_is_a_lease_too(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.UNKNOWN))
    (first,) = queue.claim("w1")
    assert queue.claim("w2") == []
    queue.pass_time(LEASE_SECONDS + 1)
    (second,) = queue.claim("w2")  # the first looker is gone: another looks
    assert second.look
    assert queue.settle(settlement(first, State.WAITING)) == ("stale",)
    assert queue.settle(settlement(second, State.WAITING)) == ("ok",)
    assert queue.state("a") == "waiting"


def test_a_look_spends_no_attempt(queue: Queue) -> None:
    queue.accept("a")
    queue.settle(settlement(queue.claim()[0], State.UNKNOWN))
    queue.settle(settlement(queue.claim()[0], State.WAITING))
    assert queue.claim()[0].attempts == 1


def test_a_claim_takes_no_more_than_it_asks_for_and_says_that_there_is_more(queue: Queue) -> None:
    queue.accept("a", "b", "c")
    queue.accept("d", lane="bulk")
    store = queue.store()
    turns = [store.turn([], Claim(n, 2), LIMITS) for n in (1, 2, 3)]
    assert [len(turn.claimed) for turn in turns] == [2, 2, 0]
    assert [turn.more for turn in turns] == [True, False, False]


def test_a_claim_for_no_lead_takes_none(queue: Queue) -> None:
    queue.accept("a")
    assert queue.claim(most=0) == []
    assert queue.state("a") == "waiting"


def test_leads_due_later_are_not_more(queue: Queue) -> None:
    queue.accept("a", "b")
    queue.settle(settlement(queue.claim(most=1)[0], State.WAITING, due_seconds=60))
    turn = queue.store().turn([], Claim(9, 1), LIMITS)
    assert [lead.lead_id for lead in turn.claimed] == ["b"]
    assert not turn.more


def test_a_claim_rings_for_others_only_where_more_is_claimable(queue: Queue) -> None:
    queue.accept("a", "b", "c")
    queue.client.delete(queue.keys.bell)
    queue.claim(most=2)
    assert queue.client.llen(queue.keys.bell) == 1
    queue.client.delete(queue.keys.bell)
    queue.claim(most=1)
    assert queue.client.llen(queue.keys.bell) == 0


@pytest.mark.parametrize("worker", ["host%1-7", 'ho"st', "ho st", "ünï"])
def test_whatever_a_host_is_called_the_bell_is_a_message(queue: Queue, worker: str) -> None:
    queue.accept("a", "b")
    queue.client.delete(queue.keys.bell)
    queue.claim(worker, most=1)
    assert queue.client.llen(queue.keys.bell) == 1
    assert queue.client.lindex(queue.keys.bell, 0).isascii()
    assert queue.run_out() == 1
    assert [entry["event"] for entry in queue.timeline("a")] == ["lease_expired"]


def test_a_lead_whose_record_somebody_removed_by_hand_stops_nobody(queue: Queue) -> None:
    queue.accept("a", "b")
    queue.client.delete(queue.keys.lead("a"), queue.keys.raw("a"))
    damaged, whole = queue.claim()
    assert (damaged.lead_id, damaged.raw, whole.lead_id) == ("a", b"", "b")
    queue.settle(settlement(damaged, State.DEAD), settlement(whole, State.DELIVERED))
    assert queue.store().replay("a", "act", {"event": "replay"}) == "ok"
    assert queue.store().erase("a", ENTRY) == "ok"


def test_a_worker_that_leaves_keeps_its_leases(queue: Queue) -> None:
    queue.accept("a")
    (lead,) = queue.claim()
    queue.store().beat({"pid": 7})
    assert queue.client.zcard(queue.keys.workers) == 1
    queue.store().leave()
    assert queue.client.zcard(queue.keys.workers) == 0
    assert queue.deliver(lead) == "ok"


def test_a_silent_worker_is_no_longer_listed(queue: Queue) -> None:
    queue.store("w1").beat({"pid": 1})
    queue.pass_time(61)
    queue.store("w2").beat({"pid": 2})
    assert queue.client.zrange(queue.keys.workers, 0, -1) == [b"w2"]
    assert 0 < queue.client.ttl(queue.keys.worker("w2")) <= 60


def test_a_beat_rings_once_where_leads_are_claimable(queue: Queue) -> None:
    store = queue.store()
    assert (store.beat({}).claimable, store.beat({}).rang) == (0, False)
    queue.accept("a", "b")
    queue.client.delete(queue.keys.bell)
    assert (store.beat({}).claimable, store.beat({}).rang) == (2, False)
    queue.client.delete(queue.keys.bell)
    assert store.beat({}).rang


def test_counts_tell_the_states_of_one_moment(queue: Queue) -> None:
    queue.accept("a", "b", "c", "d", "e", "f")
    leads = queue.claim(most=5)
    queue.accept("g", lane="bulk")
    states = (State.DELIVERED, State.UNKNOWN, State.PARKED, State.DEAD)
    for lead, state in zip(leads, states, strict=False):
        queue.settle(settlement(lead, state, due_seconds=60))
    counts = queue.store().counts()
    assert (counts.accepted, counts.accounted) == (7, 7)
    assert (counts.waiting_live, counts.waiting_bulk, counts.leased) == (1, 1, 1)
    assert (counts.delivered, counts.unknown, counts.parked, counts.dead) == (1, 1, 1, 1)
    assert counts.claimable == 2
    queue.pass_time(61)
    assert queue.store().counts().claimable == 3  # the unknown one is due for a look


def test_counts_tell_what_has_waited_longest_in_either_lane(queue: Queue) -> None:
    assert queue.store().counts().oldest_due_at is None
    for lanes in (("live", "bulk"), ("bulk", "live")):
        oldest = []
        for lane in lanes:
            queue.accept(f"{lanes[0]}-{lane}", lane=lane)
            oldest.append(queue.store().counts().oldest_due_at)
            queue.pass_time(60)
        assert oldest[0] == oldest[1]
        queue.settle(*(settlement(lead, State.DELIVERED) for lead in queue.claim()))
