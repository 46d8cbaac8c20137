"""`leads replay start`, `pause`, `resume` and `cancel`: a campaign from the question to its end."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from lead_ops.operator import operator
from lead_worker.core.lifecycle import State
from lead_worker.store import Settlement, Store
from lead_worker.store.campaigns import MOST_ACTIVE, Campaigns, CampaignState, Launch

from tests.integration.fleet import ONE_REDIS

from .conftest import ATTEMPT, LIMITS, Leads, Queue

pytestmark = ONE_REDIS
GROUP = "rejected:status_422:NO_AGENT"


def die(queue: Queue, group: str = GROUP, *, email: str = "ana@example.com", **record: str) -> str:
    """Enqueue a lead and let it die in a group."""
    lead_id = queue.put(name="Ana", email=email)
    _, token = queue.lease()
    fields = {"reason": group.partition(":")[0]} | record
    dead = Settlement(lead_id, token, State.DEAD, ATTEMPT, group=group, fields=fields)
    assert queue.store.turn([dead], None, LIMITS).verdicts == ("ok",)
    return lead_id


def todo(queue: Queue, campaign_id: str) -> set[str]:
    """The leads of a campaign that it has not let go."""
    key = queue.store.keys.campaign_todo(campaign_id)
    return {lead_id.decode() for lead_id in queue.store.client.lrange(key, 0, -1)}


def begin(leads: Leads, *arguments: object) -> str:
    """Start a campaign; gives its id."""
    told = json.loads(leads("replay", "start", "--yes", "--json", *arguments).out)
    campaign_id: str = told["campaign"]["id"]
    return campaign_id


def log(queue: Queue) -> list[dict[str, Any]]:
    return [json.loads(e) for e in queue.store.client.lrange(queue.store.keys.log, 0, -1)]


def test_it_says_what_it_will_do_and_leaves_out_what_is_invalid_still(
    leads: Leads, queue: Queue
) -> None:
    sent = {die(queue), die(queue, "mangled:email", api_id="x"), die(queue)}
    invalid = die(queue, "invalid:email", email="none")
    queue.store.beat({"rate_per_minute": 60})
    ran = leads("replay", "start", "--yes", "--because", "the agent exists now")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0] == "all 4 dead letters"
    assert lines[1].startswith("left out    1, as they are invalid still, by this machine's own")
    assert lines[2] == "duplicates  1 may have arrived: the API may get them a second time"
    assert lines[3].startswith("takes       about 3.0 s at the fleet's 60 a minute; up to 14 s")
    assert sum(any(lead_id in line for lead_id in sent) for line in lines) == 3
    assert f"from site: {GROUP}" in ran.out
    campaign_id = lines[-1].split()[-2]
    assert lines[-2] == f"campaign {campaign_id} began with 3 leads"
    assert todo(queue, campaign_id) == sent
    (event,) = log(queue)
    assert event.pop("at") > 0
    assert event == {
        "event": "campaign_begun",
        "campaign": campaign_id,
        "by": operator(),
        "leads": 3,
        "about": "everything",
        "reason": "the agent exists now",
    }
    other = begin(leads, "--include-invalid", "--group", "invalid")
    assert todo(queue, other) == {invalid}
    assert Campaigns(queue.store).active()[0].state is CampaignState.RUNNING


def test_filters_speed_and_limits_are_in_the_campaign_and_its_forecast(
    leads: Leads, queue: Queue
) -> None:
    wanted = die(queue)
    die(queue, "exhausted:dns", email="eva@example.com")
    leads("rate", 1200)
    leads("pause", "--reason", "maintenance")
    arguments = ("--group", "rejected", "--where", "email=ana@*", "--rate", "25%")
    ran = leads("replay", "start", "--yes", "--json", "--max-failed", "10%", *arguments)
    told = json.loads(ran.out)
    campaign, forecast = told["campaign"], told["forecast"]
    assert todo(queue, campaign["id"]) == {wanted}
    assert campaign["about"] == "group rejected, where email"
    assert (campaign["state"], campaign["share"], campaign["per_minute"]) == ("running", 0.25, None)
    assert (campaign["max_failed"], campaign["total"], campaign["left"]) == (0.1, 1, 1)
    assert (forecast["selected"], forecast["number"], forecast["invalid"]) == (1, 1, 0)
    assert forecast["seconds_at_least"] == pytest.approx(0.2)
    assert forecast["hold"]["kind"] == "paused"
    (sample,) = forecast["samples"]
    assert (sample["id"], sample["group"], sample["source"]) == (wanted, GROUP, "site")
    assert "ana@" not in json.dumps(log(queue))
    out = leads("replay", "start", "--yes", "--rate", 120, "--reason", "exhausted").out
    assert "held        paused since" in out
    assert "at 120 a minute and the fleet's 1,200 a minute" in out
    assert "besides     1 campaign is under way" in out
    assert Campaigns(queue.store).newest(1)[0].launch.per_minute == 120


def test_nothing_begins_without_a_yes_or_with_options_that_cannot_be(
    leads: Leads, queue: Queue
) -> None:
    die(queue)
    mistakes: list[tuple[object, ...]] = [(), ("--rate", "0"), ("--rate", "101%"), ("--rate", "x")]
    mistakes += [("--max-failed", "50"), ("--because", "ask ana@example.com"), ("--rate", "0%")]
    for arguments in mistakes:
        ran = leads("replay", "start", *arguments, *(["--yes"] if arguments else []))
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1), arguments
    ran = leads("replay", "start", "--yes", "--rate", "25%")
    assert (ran.code, ran.out) == (1, "")
    assert "a share of the fleet's rate, which has none" in ran.err
    assert Campaigns(queue.store).newest(1) == []


def test_where_nothing_can_be_sent_no_campaign_begins(leads: Leads, queue: Queue) -> None:
    ran = leads("replay", "start", "--yes")
    assert (ran.code, ran.err) == (0, "nothing was replayed: there is none\n")
    die(queue, "invalid:email", email="none")
    ran = leads("replay", "start", "--yes")
    assert (ran.code, ran.err) == (1, "nothing was replayed: all are invalid still\n")
    assert json.loads(leads("replay", "start", "--yes", "--json").out)["campaign"] is None
    assert Campaigns(queue.store).newest(1) == []


def test_an_interrupted_preparation_lets_nothing_go(
    leads: Leads, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    die(queue)
    enlist = Campaigns.enlist

    def interrupted(self: Campaigns, *arguments: Any) -> str:
        enlist(self, *arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(Campaigns, "enlist", interrupted)
    ran = leads("replay", "start", "--yes")
    assert ran.code == 130
    assert "it was only being prepared: nothing was let go" in ran.err
    (campaign,) = Campaigns(queue.store).newest(5)
    assert (campaign.state, queue.store.counts().dead) == (CampaignState.CANCELLED, 1)
    assert log(queue)[-1]["reason"] == "interrupted while it was prepared"


def test_no_more_than_so_many_are_under_way_at_once(leads: Leads, queue: Queue) -> None:
    die(queue)
    for number in range(MOST_ACTIVE):
        assert Campaigns(queue.store).launch(f"{number:012x}", Launch("ana", "everything"))
    ran = leads("replay", "start", "--yes")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert "10 campaigns are under way" in ran.err


def test_a_campaign_is_paused_resumed_and_cancelled_with_reasons(
    leads: Leads, queue: Queue
) -> None:
    for _ in range(3):
        die(queue)
    name = begin(leads)
    out = leads("replay", "pause", name[:4], "--because", "the API is slow").out
    assert out.splitlines() == [
        f"{name} is paused: 0 delivered, 0 dead again, 3 left",
        f"to go on: leads replay resume {name}",
        f"to end it: leads replay cancel {name}",
    ]
    ran = leads("replay", "pause", name)
    assert (ran.code, ran.err) == (1, f"leads: campaign {name}: it is paused already\n")
    assert json.loads(leads("replay", "resume", name, "--json").out)["state"] == "running"
    Campaigns(queue.store).advance(name, 0)
    out = leads("replay", "cancel", name, "--because", "the wrong group").out
    assert out.splitlines()[0].startswith(f"{name} is cancelled: 0 delivered, 0 dead again, 3 out")
    assert out.splitlines()[1] == "3 had gone out, 0 will not go out by this campaign"
    for what in ("pause", "resume", "cancel"):
        ran = leads("replay", what, name)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
        assert "cancelled" in ran.err
    assert leads("replay", "pause", "f" * 12).code == 1
    told = [(e["event"], e.get("reason")) for e in log(queue) if e.get("by") == operator()]
    assert told == [
        ("campaign_begun", None),
        ("campaign_paused", "the API is slow"),
        ("campaign_resumed", None),
        ("campaign_cancelled", "the wrong group"),
    ]


@contextmanager
def working(queue: Queue, to: State) -> Iterator[None]:
    """Let a worker settle whatever a campaign lets go, and let campaigns go on."""
    stop = threading.Event()
    store = Store.from_url(queue.url, queue.namespace, "other")

    def work() -> None:
        campaigns = Campaigns(store)
        while not stop.wait(0.05):
            for campaign in campaigns.active():
                campaigns.advance(campaign.campaign_id, 0)
            turn = store.turn([], queue.next_claim(10), LIMITS)
            ended = [Settlement(each.lead_id, each.token, to, ATTEMPT) for each in turn.claimed]
            store.turn(ended, None, LIMITS)

    worker = threading.Thread(target=work)
    worker.start()
    yield
    stop.set()
    worker.join()
    store.client.close()


@pytest.mark.parametrize(("to", "code"), [(State.DELIVERED, 0), (State.DEAD, 1)])
def test_who_waits_is_told_what_became_of_it(
    leads: Leads, queue: Queue, to: State, code: int
) -> None:
    die(queue)
    with working(queue, to):
        ran = leads("replay", "start", "--yes", "--wait")
    assert (ran.code, ran.err) == (code, "")
    ended = "1 delivered, 0 dead again" if to is State.DELIVERED else "0 delivered, 1 dead again"
    assert f" done: 1 lead: {ended}\n" in ran.out
    assert ("what the 1 died of: leads dead" in ran.out) is (code == 1)
