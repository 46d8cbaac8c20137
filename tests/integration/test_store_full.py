"""Memory full: what is in the queue goes on, and nothing new comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from lead_ops.audit import run_audit
from lead_producers import LeadProducer, QueueFull
from lead_worker.core.governor import Accused, Event, Governor
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.store import Claim, Decision, StoreError
from lead_worker.store.campaigns import CampaignState, Launch, Steer
from lead_worker.store.reading import Reading
from redis.exceptions import OutOfMemoryError

from tests.conftest import StartRedis
from tests.integration.dead_letters import (
    RAW,
    advance,
    campaigns,
    die,
    edit,
    grouped,
    launch,
    letter,
    seen,
    settle_all,
    waiting,
)
from tests.integration.holding import PAUSE, hold, hold_of, standing_hold, suspicion, unhold
from tests.integration.queues import ENTRY, GOES_ON, LIMITS, Queue, settlement


@pytest.fixture
def small(own_redis: StartRedis, namespace: str) -> Iterator[Queue]:
    """A queue on a server that a test may fill up."""
    queue = Queue(own_redis().url, namespace)
    yield queue
    queue.client.config_set("maxmemory", 0)
    problems = queue.problems()
    queue.close()
    assert problems == []


def fill_up(queue: Queue) -> None:
    """Let Redis refuse whatever needs memory, until the end of the test."""
    queue.client.set("ballast", b"x" * 2_000_000)
    queue.client.config_set("maxmemory", 1_500_000)
    with pytest.raises(OutOfMemoryError):
        queue.client.set("more", "x")


def test_enqueueing_is_refused_and_says_why(small: Queue) -> None:
    producer = LeadProducer.from_url(small.url, small.namespace)
    producer.enqueue({"name": "Ana"})
    fill_up(small)
    with pytest.raises(QueueFull):
        producer.enqueue({"name": "Bia"})
    producer.close()
    assert small.store().counts().accepted == 1


def test_enqueueing_is_refused_before_that_where_the_flag_is_up(small: Queue) -> None:
    small.store().refuse_enqueueing(60.0)
    assert small.accept("a") == ["full"]
    assert small.store().counts().accepted == 0


def test_the_flag_needs_no_memory_that_is_not_there(small: Queue) -> None:
    fill_up(small)
    small.store().refuse_enqueueing(60.0)
    used, limit = small.store().memory()
    assert used > limit > 0


def test_a_lead_can_be_looked_at_and_audited(small: Queue) -> None:
    small.accept("a")
    fill_up(small)
    sight = Reading(small.store()).sight("a")
    assert sight is not None
    assert run_audit(small.store()).ok


def test_scripts_are_loaded_and_a_worker_begins(small: Queue) -> None:
    fill_up(small)
    small.client.script_flush()
    small.store().open("https://api.example")
    assert small.client.hget(small.keys.meta, "api_url") == b"https://api.example"


@pytest.mark.parametrize("to", GOES_ON)
def test_a_lead_is_claimed_claimed_again_and_settled(small: Queue, to: State) -> None:
    small.accept("a", "b", "c")
    fill_up(small)
    (lead,) = small.claim(most=1)
    assert [again.lead_id for again in small.claim_again(most=1)] == ["a"]
    done = settlement(lead, to, due_seconds=60, fields={"cause": "status_500"})
    turn = small.store().turn([done], Claim(2, 1), LIMITS)
    assert turn.verdicts == ("ok",)
    assert [lead.lead_id for lead in turn.claimed] == ["b"]
    assert small.state("a") == to


def test_leases_are_reclaimed_and_late_answers_accepted(small: Queue) -> None:
    small.accept("a")
    (lead,) = small.claim()
    fill_up(small)
    assert small.run_out() == 1
    (look,) = small.claim("w2")
    small.settle(settlement(look, State.WAITING))
    (other,) = small.claim("w2")
    assert small.deliver(lead, "api-1") == "late"
    assert small.deliver(other, "api-2") == "duplicate"
    assert small.store().erase("a", ENTRY) == "ok"
    assert small.deliver(other, "api-3") == "erased"


def test_workers_beat_and_leave(small: Queue) -> None:
    small.accept("a")
    small.client.delete(small.keys.bell)
    fill_up(small)
    beat = small.store().beat({"pid": 1})
    assert (beat.claimable, beat.rang) == (1, True)
    small.store().leave()
    assert small.client.zcard(small.keys.workers) == 0


def test_an_operator_holds_and_resumes(small: Queue) -> None:
    store = small.store()
    fill_up(small)
    assert hold(store, PAUSE)
    assert unhold(store)
    assert store.counts().hold is None


@pytest.mark.parametrize("trial", [False, True])
def test_a_canary_is_claimed_claimed_again_and_settled(small: Queue, trial: bool) -> None:
    small.accept("lead-1", "lead-2")
    store = small.store()
    hold(store, suspicion(store, 60.0, "lead-2") if trial else standing_hold(store, 0.0))
    fill_up(small)
    (canary,) = small.claim()
    assert canary.canary_of == hold_of(store).number
    assert small.claim_again()[0].canary_of == canary.canary_of
    assert small.claim("w2") == []
    assert small.deliver(canary) == "ok"


def test_the_accused_are_judged_and_everybody_hears_of_it(small: Queue) -> None:
    small.accept("a", "b")
    leads = small.claim()
    small.give_back(*leads)
    one, other = (Accused(lead.lead_id, lead.token, 403, "FORBIDDEN") for lead in leads)
    events = (Event("hold_ended", HoldKind.CREDENTIALS, "", "w1"),)
    fill_up(small)
    store = small.store()
    decision = Decision(Governor(), store.standing().version, "act", (one,), (other,), events)
    for _ in range(2):
        assert store.govern(decision).convicted == ("a",)
    assert [event["event"] for event in store.beat({}).events] == ["hold_ended", "died"]
    assert small.claim()[0].doubted


def test_a_lead_is_looked_for_found_and_mistaken(small: Queue) -> None:
    small.accept_unknown("a", "b")
    fill_up(small)
    one, other = small.claim()
    assert [lead.lead_id for lead in small.claim_again()] == ["a", "b"]
    found = [settlement(each, State.DELIVERED, api_id="api-1", look=True) for each in (one, other)]
    assert small.settle(*found) == ("ok", "taken")
    (again,) = small.claim()
    assert small.settle(settlement(again, State.WAITING, look=True)) == ("ok",)
    assert small.deliver(small.claim()[0], "api-1") == "ok"
    assert (small.state("a"), small.state("b")) == ("unknown", "delivered")


def test_an_operator_sets_the_rate_and_it_is_obeyed(small: Queue) -> None:
    small.accept("a", "b")
    fill_up(small)
    small.store().set_rate(1, "ana", {"event": "rate"})
    assert len(small.claim()) == 1
    assert small.claim() == []
    small.store().set_rate(None, "ana", {"event": "rate"})
    assert len(small.claim()) == 1
    assert [event["event"] for event in Reading(small.store()).log(10)] == ["rate", "rate"]


@pytest.mark.parametrize("api_id", ["", "api-1"])
def test_an_operator_confirms(small: Queue, api_id: str) -> None:
    small.accept("a")
    small.settle(settlement(small.claim()[0], State.PARKED))
    fill_up(small)
    for verdict in ("ok", "done"):
        assert small.store().confirm("a", "act", ENTRY, api_id) == verdict
    assert small.state("a") == "delivered"


def test_an_operator_replays_discards_and_erases(small: Queue) -> None:
    small.accept("a", "b", "c")
    small.settle(*(settlement(lead, State.DEAD) for lead in small.claim()))
    fill_up(small)
    store = small.store()
    assert store.replay("a", "act", ENTRY) == "ok"
    assert store.discard("b", "act", ENTRY) == "ok"
    assert store.restore("b", "act-2", ENTRY) == "ok"
    assert store.erase("c", ENTRY) == "ok"
    assert store.erase("a", ENTRY) == "ok"


def test_retention_makes_room(small: Queue) -> None:
    small.accept("a")
    small.deliver(small.claim()[0])
    fill_up(small)
    assert small.store().forget(State.DELIVERED, 0.0) == 1


def test_what_is_delivered_is_replayed_by_force(small: Queue) -> None:
    small.accept("a")
    small.deliver(small.claim()[0])
    fill_up(small)
    assert small.store().replay("a", "act", ENTRY, force=True) == "ok"
    assert len(small.claim()) == 1


def test_a_campaign_goes_on_and_is_steered(small: Queue) -> None:
    names = [f"lead-{n:02}" for n in range(30)]
    die(small, *names)
    launch(small, names)
    fill_up(small)
    advance(small)
    assert settle_all(small, State.DELIVERED) == 20
    assert campaigns(small).steer("c", Steer.PAUSE, ENTRY) == "ok"
    advance(small)
    assert (seen(small).ended, waiting(small)) == ({"delivered": 20}, 0)
    assert campaigns(small).steer("c", Steer.RESUME, ENTRY) == "ok"
    advance(small)
    settle_all(small, State.DEAD)
    advance(small)
    found = seen(small)
    assert (found.state, found.ended) == (CampaignState.DONE, {"delivered": 20, "dead": 10})


def test_a_campaign_that_fails_stops_and_is_cancelled(small: Queue) -> None:
    names = [f"lead-{n:02}" for n in range(30)]
    die(small, *names)
    launch(small, names)
    fill_up(small)
    advance(small)
    settle_all(small, State.DEAD)
    advance(small)
    assert seen(small).state is CampaignState.STOPPED
    assert campaigns(small).steer("c", Steer.CANCEL, ENTRY) == "ok"
    advance(small)
    assert not seen(small).is_active
    told = [event["event"] for event in small.store().beat({}).events]
    assert told == ["campaign_stopped", "died"]


NEEDS_MEMORY: dict[str, Callable[[Queue], object]] = {
    "edit": lambda queue: queue.store().edit("a", edit(b"1", b"{}", act="act-2")),
    "first edit": lambda queue: queue.store().edit("b", edit(RAW, b"{}")),
    "import": lambda queue: queue.store().import_dead(letter("z", key="digest"), "act", ENTRY),
    "launch": lambda queue: campaigns(queue).launch("d", Launch("ana", "all")),
    "enlist": lambda queue: campaigns(queue).enlist("c", 0, ["a", "b"]),
    "rule": lambda queue: campaigns(queue).claim_redrive(60.0),
}


@pytest.mark.parametrize("act", NEEDS_MEMORY.values(), ids=NEEDS_MEMORY)
def test_what_needs_memory_is_refused_and_nothing_of_it_is_done(
    small: Queue, act: Callable[[Queue], object]
) -> None:
    die(small, "a", "b", raw=RAW)
    assert small.store().edit("a", edit(RAW, b"1", act="act-1")) == "ok"
    assert campaigns(small).launch("c", Launch("ana", "all"))
    before = small.timeless()
    fill_up(small)
    with pytest.raises(StoreError, match="maxmemory"):
        act(small)
    small.client.config_set("maxmemory", 0)
    assert small.timeless() == before
    act(small)  # and when there is room again, it is done
    assert small.timeless() != before


def test_retention_forgets_the_dead_and_keeps_their_keys(small: Queue) -> None:
    die(small, "a", "b")
    die(small, "c", key="digest")
    fill_up(small)
    assert small.store().forget(State.DEAD, 0.0, 1000.0) == 3
    assert grouped(small) == {}
    assert small.client.pttl(small.keys.idempotency("digest")) > 0
