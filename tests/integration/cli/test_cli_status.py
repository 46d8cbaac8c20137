"""`leads status`: what is where, how fast it goes, what is held and what can be done."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from lead_worker.core.governor import set_stale
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.core.schema import SchemaRules
from lead_worker.store import Decision
from lead_worker.store.campaigns import Campaigns, Launch

from .conftest import Leads, OnTerminal, Queue

STATES = ("waiting", "leased", "unknown", "parked", "dead", "delivered", "discarded", "erased")


def test_each_number_is_under_its_state(leads: Leads, queue: Queue, namespace: str) -> None:
    for to in (State.DELIVERED, State.DEAD, State.PARKED, State.UNKNOWN, State.DEAD, State.DEAD):
        queue.settle(to)
    queue.store.discard(queue.die(), "act", {"event": "discarded"})
    queue.store.erase(queue.die(), {"event": "erased"})
    queue.put()
    queue.lease()
    queue.producer.enqueue({"name": "Eva"}, lane="bulk")
    status = json.loads(leads("status", "--json").out)
    assert status["namespace"] == namespace
    assert {name: status[name] for name in STATES} == {
        "waiting": 1,
        "leased": 1,
        "unknown": 1,
        "parked": 1,
        "dead": 3,
        "delivered": 1,
        "discarded": 1,
        "erased": 1,
    }
    assert (status["accepted"], status["forgotten"], status["duplicates"]) == (10, 0, 0)
    assert (status["waiting_live"], status["waiting_bulk"], status["claimable"]) == (0, 1, 1)
    assert status["overdue_seconds"] == pytest.approx(
        status["now_at"] - status["oldest_due_at"], abs=0.002
    )
    assert (status["hold"], status["workers"], status["enqueueing_refused"]) == (None, [], False)
    assert (status["campaigns"], status["redrive"], status["expiring"]) == ([], None, None)


def test_an_empty_queue_is_no_trouble(leads: Leads) -> None:
    ran = leads("status")
    assert (ran.code, ran.err) == (0, "")
    assert "waiting            0" in ran.out
    assert "\x1b" not in ran.out


def test_the_text_says_what_to_do(leads: Leads, queue: Queue) -> None:
    queue.settle(State.PARKED)
    queue.die()
    queue.store.refuse_enqueueing(60)
    out = leads("status").out
    assert "leads unknown list --state parked" in out
    assert "FULL Redis is short of memory" in out
    assert "IDLE no worker" in out
    queue.store.beat({"host": "box"})
    out = leads("status").out
    assert "IDLE" not in out
    assert "workers            1  last sign" in out


def test_a_worker_that_went_silent_is_told_from_one_that_works(leads: Leads, queue: Queue) -> None:
    queue.put()
    queue.store.beat({"host": "box"})
    now_at = queue.store.counts().now_at
    queue.store.client.zadd(queue.store.keys.workers, {"dead": now_at - 40})
    status = json.loads(leads("status", "--json").out)
    assert (status["workers_alive"], status["workers_silent"]) == (1, 1)
    assert {each["name"]: each["silent"] for each in status["workers"]} == {
        "w": False,
        "dead": True,
    }
    out = leads("status").out
    assert "workers            1  last sign" in out
    assert "silent             1  for 4" in out
    assert "IDLE" not in out
    queue.store.client.zadd(queue.store.keys.workers, {"w": now_at - 50})
    assert "IDLE no worker has given a sign within 4" in leads("status").out


def test_no_duplicates_is_not_said_to_mean_that_none_was_sent(leads: Leads) -> None:
    assert "duplicates         0  known to be twice in the API" in leads("status").out


def test_a_worker_is_listed_with_what_it_says_of_itself(leads: Leads, queue: Queue) -> None:
    queue.store.beat({"host": "box", "pid": 12})
    (worker,) = json.loads(leads("status", "--json").out)["workers"]
    assert worker["name"] == "w"
    assert worker["about"] == {"host": "box", "pid": "12"}


def test_a_hold_is_told_with_why_when_one_lead_is_tried_and_what_to_do(
    leads: Leads, queue: Queue
) -> None:
    since_at = queue.hold(HoldKind.CREDENTIALS, "the API refuses the token", canary_at=42.0)
    lines = leads("status").out.splitlines()[1:5]
    assert lines[0].startswith("HELD credentials since ")
    assert lines[1].strip() == "the API refuses the token"
    assert lines[2].strip().startswith("one lead is tried in 4")
    assert "LEADS_API_TOKEN_FILE (picked up by itself)" in lines[3]
    hold = json.loads(leads("status", "--json").out)["hold"]
    assert hold.pop("since") == pytest.approx(since_at, abs=0.01)
    assert hold.pop("canary_at") == pytest.approx(since_at + 42.0, abs=0.01)
    assert hold == {
        "kind": "credentials",
        "until": None,
        "reason": "the API refuses the token",
        "by": "w",
        "suspected": False,
    }


def test_a_suspicion_is_told_from_a_hold_that_stands(leads: Leads, queue: Queue) -> None:
    queue.hold(HoldKind.QUOTA, suspected=True, canary_at=60.0, trial_at=0.0)
    out = leads("status").out
    assert "HELD quota (suspected) since" in out
    assert "suspected: is it everybody's fault, or one lead's?" in out
    assert "leads resume" not in out
    assert json.loads(leads("status", "--json").out)["hold"]["suspected"] is True


def test_a_worker_whose_token_is_refused_while_anothers_is_taken_is_named(
    leads: Leads, queue: Queue
) -> None:
    queue.put()
    queue.store.beat({"host": "box", "token_mark": "abc"})
    assert "benched" not in leads("status").out
    standing = queue.store.standing()
    stale = set_stale(standing.governor, "abc", standing.now_at)
    assert queue.store.govern(Decision(stale, standing.version, "act")).replaced
    out = leads("status").out
    assert "benched    w gets no leads for 5 min:" in out
    assert "its token is refused, while another worker's is taken" in out
    (worker,) = json.loads(leads("status", "--json").out)["workers"]
    assert worker["benched_until"] > standing.now_at


def test_a_lead_that_is_being_tried_is_not_announced_again(leads: Leads, queue: Queue) -> None:
    queue.put()
    queue.hold(HoldKind.OUTAGE, canary_at=-1.0)
    assert "one lead is tried as soon as one is due" in leads("status").out
    queue.lease()
    assert "one lead is being tried now" in leads("status").out


@pytest.mark.parametrize("kind", list(HoldKind))
def test_each_hold_has_its_advice_and_fits_80_columns(
    queue: Queue, leads_on_terminal: OnTerminal, kind: HoldKind
) -> None:
    queue.settle(State.PARKED)
    queue.settle(State.UNKNOWN)
    queue.hold(kind, "words " * 30, canary_at=1.0, until_at=300.0, suspected=True)
    lines = leads_on_terminal("status")
    assert max(map(len, lines)) <= 80
    begins, ends = (
        next(n for n, line in enumerate(lines) if line.startswith(word))
        for word in ("HELD ", "accepted")
    )
    told = lines[begins:ends]
    # What is said of a hold stands beside its word, however it is wrapped.
    assert all(line.startswith("     ") for line in told[1:-1])


def test_the_window_is_told_where_it_is_narrow_and_nothing_is_held(
    leads: Leads, queue: Queue
) -> None:
    window = json.loads(leads("status", "--json").out)["window"]
    assert window == {"size": None, "in_flight": 0}
    assert "SLOW" not in leads("status").out
    queue.put()
    queue.narrow(8.7)
    queue.lease()
    window = json.loads(leads("status", "--json").out)["window"]
    assert window == {"size": 8.7, "in_flight": 1}
    assert "SLOW starting again slowly: 8 requests in flight at the most" in leads("status").out
    queue.narrow(1.0)
    assert "slowly: 1 request in flight" in leads("status").out


def test_the_rate_in_force_is_in_the_status(leads: Leads, queue: Queue) -> None:
    assert "rate         unknown  no worker is there to say" in leads("status").out
    queue.store.beat({"rate_per_minute": 600})
    assert "rate             600  requests a minute, as the workers are set" in leads("status").out
    leads("rate", 1200)
    assert "rate           1,200  requests a minute, set by" in leads("status").out
    rate = json.loads(leads("status", "--json").out)["rate"]
    assert (rate["per_minute"], rate["source"]) == (1200, "operator")


def test_unknown_leads_are_told_with_when_they_are_looked_for(leads: Leads, queue: Queue) -> None:
    assert json.loads(leads("status", "--json").out)["next_look_at"] is None
    queue.settle(State.UNKNOWN)
    assert "may have arrived, next look in 10 min: leads unknown list" in leads("status").out
    status = json.loads(leads("status", "--json").out)
    assert status["next_look_at"] == pytest.approx(status["now_at"] + 600, abs=60)
    queue.doubt()
    assert "a look is due: leads unknown list" in leads("status").out
    leads("pause")
    assert "looked for after the hold: leads unknown list" in leads("status").out


def test_looks_that_are_due_are_not_counted_as_waiting_leads(leads: Leads, queue: Queue) -> None:
    queue.put()
    assert "live 1, bulk 0; 1 due, the first for 0." in leads("status").out
    queue.lease()
    queue.doubt()
    queue.put()
    assert "live 1, bulk 0; the first due for 0." in leads("status").out


def test_campaigns_the_redrive_rule_and_what_is_forgotten_soon_are_told(
    leads: Leads, queue: Queue
) -> None:
    lead_id, old = queue.die(), queue.die()
    now_at = queue.store.counts().now_at
    queue.store.client.zadd(queue.store.keys.index(State.DEAD), {old: now_at - 85 * 86_400})
    campaigns = Campaigns(queue.store)
    assert campaigns.launch("3fa2b1c4d5e6", Launch("ana", "everything"))
    assert campaigns.enlist("3fa2b1c4d5e6", 0, [lead_id]) == "ok"
    set_to = {"schema": json.dumps(asdict(SchemaRules())), "keep_dead_days": 90}
    set_to |= {"keep_discarded_days": 7, "redrive": 1}
    queue.store.beat(set_to)
    out = leads("status").out
    assert "campaign         0 %  3fa2b1c4d5e6 preparing: 0 delivered, 0 dead again, 1 left" in out
    assert "expiring           1  dead letters are forgotten soon, the first in 5 d, at " in out
    assert (
        "redrive           on  what died in an outage is replayed by itself: never yet, due" in out
    )
    campaigns.redriven(7200.0)
    assert "by itself: last 0.0 s ago, next in 120 min" in leads("status").out
    status = json.loads(leads("status", "--json").out)
    assert [campaign["id"] for campaign in status["campaigns"]] == ["3fa2b1c4d5e6"]
    assert status["redrive"]["next_at"] == pytest.approx(now_at + 7200, abs=60)
    assert status["redrive"]["last_at"] == pytest.approx(now_at, abs=60)
    assert status["expiring"]["number"] == 1
    assert status["expiring"]["first_at"] == pytest.approx(now_at + 5 * 86_400, abs=60)
