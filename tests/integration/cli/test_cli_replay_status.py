"""`leads replay status`: the campaigns, one of them, and what became of its leads."""

from __future__ import annotations

import json
import time
from itertools import count

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.store import Settlement
from lead_worker.store.campaigns import Campaigns, Launch, Steer

from tests.integration.fleet import ONE_REDIS

from .conftest import ATTEMPT, LIMITS, Leads, OnTerminal, Queue

pytestmark = ONE_REDIS
FIRST, SECOND = "3fa2b1c4d5e6", "3fb000000000"
ABOUT = "group rejected:status_422:UNPROCESSABLE_CONTENT, since 2026-11-20 10:00 UTC"


def campaign(queue: Queue, name: str, *lead_ids: str, by: str = "maria") -> None:
    """A campaign over some dead letters that has begun."""
    campaigns = Campaigns(queue.store)
    launch = Launch(by, ABOUT, "the agent exists now")
    assert campaigns.launch(name, launch)
    assert campaigns.enlist(name, 0, lead_ids) == "ok"
    event = {"event": "campaign_begun", "campaign": name, "by": by}
    assert campaigns.steer(name, Steer.BEGIN, event) == "ok"


def go_on(queue: Queue, name: str, *, seconds: float) -> None:
    """Let a campaign go on, on a clock that is ahead."""
    queue.store.runner.offset_seconds = seconds
    Campaigns(queue.store).advance(name, 0)
    queue.store.runner.offset_seconds = 0.0


def begun(queue: Queue) -> tuple[str, str, str]:
    """A campaign of three leads: one delivered, one discarded before its turn, one out."""
    discarded, *others = queue.die(), queue.die(), queue.die()
    campaign(queue, FIRST, discarded, *others)
    queue.store.discard(discarded, "act", {"event": "discarded"})
    go_on(queue, FIRST, seconds=0.0)
    delivered, token = queue.lease()
    settled = Settlement(delivered, token, State.DELIVERED, ATTEMPT, api_id="api-1")
    assert queue.store.turn([settled], None, LIMITS).verdicts == ("ok",)
    go_on(queue, FIRST, seconds=2.0)
    (out,) = set(others) - {delivered}
    return delivered, discarded, out


def test_the_table_and_one_campaign_tell_the_same_numbers(leads: Leads, queue: Queue) -> None:
    assert leads("replay", "status").err == "no campaign yet: leads replay start\n"
    delivered, discarded, out_still = begun(queue)
    head, row = [line.split("\t") for line in leads("replay", "status").out.splitlines()]
    shown = dict(zip(head, row, strict=True))
    assert (shown["id"], shown["leads"], shown["delivered"], shown["by"]) == (
        FIRST,
        "3",
        "1",
        "maria",
    )
    (told,) = json.loads(leads("replay", "status", "--json").out)
    assert told == json.loads(leads("replay", "status", "3FA2", "--json").out) | {
        "seconds_left": told["seconds_left"]
    }
    assert (told["total"], told["left"], told["out"]) == (3, 0, 1)
    assert {name: n for name, n in told["ended"].items() if n} == {"delivered": 1, "skipped": 1}
    out = leads("replay", "status", "3fa").out
    assert out.startswith(f"{FIRST}  running\nIt is under way: 67 % of its leads")
    assert f"to hold it: leads replay pause {FIRST}\n" in out
    assert "why       the agent exists now\n" in out
    assert "pace      as the bulk lane takes them; it stops where more than 50 % die again\n" in out
    assert "skipped            1  no dead letters any more when their turn came\n" in out
    listed = leads("replay", "status", FIRST, "--leads").out.splitlines()
    assert sorted(listed) == sorted(
        [f"{delivered}\tdelivered", f"{discarded}\tskipped: discarded when its turn came"]
    )
    ends = json.loads(leads("replay", "status", FIRST, "--leads", "--json").out)
    assert {end["id"]: (end["what"], end["state"]) for end in ends} == {
        delivered: ("delivered", None),
        discarded: ("skipped", "discarded"),
    }
    assert out_still not in str(ends)


def test_what_an_id_begins_with_is_enough_where_it_is_the_only_one(
    leads: Leads, queue: Queue
) -> None:
    lead_id = queue.die()
    campaign(queue, FIRST, lead_id)
    campaign(queue, SECOND, lead_id)
    assert json.loads(leads("replay", "status", "3fb", "--json").out)["id"] == SECOND
    ran = leads("replay", "status", "3f")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("leads: 2 campaigns begin with 3f: ")
    assert leads("replay", "status", "aa").err.startswith("leads: there is no campaign aa: ")
    for arguments in (("Ana",), ("--leads",), ("--follow",), (FIRST, "--leads", "--follow")):
        ran = leads("replay", "status", *arguments)
        assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)


def test_each_state_is_told_with_what_can_be_done(leads: Leads, queue: Queue) -> None:
    lead_id = queue.die()
    assert Campaigns(queue.store).launch(SECOND, Launch("maria", "everything"))
    out = leads("replay", "status", SECOND).out
    assert "It is being prepared, and has let nothing go." in out
    go_on(queue, SECOND, seconds=61.0)
    out = leads("replay", "status", SECOND, "--follow").out
    assert "It was cancelled by itself: whoever prepared it was gone." in out
    campaign(queue, FIRST, lead_id)
    leads("pause")
    assert "held paused since" in leads("replay", "status", FIRST).out
    leads("replay", "pause", FIRST)
    out = leads("replay", "status", FIRST).out
    assert "It is paused and lets no more leads go." in out
    key = queue.store.keys.campaign(FIRST)
    queue.store.client.hset(key, mapping={"state": "stopped", "why": "failed"})
    out = leads("replay", "status", FIRST).out
    assert "It stopped by itself: more than 50 % were dead again" in out
    assert f"once that is mended: leads replay resume {FIRST}" in out
    queue.store.client.hset(key, "state", "done")
    assert "It is done" in leads("replay", "status", FIRST).out


def test_who_stops_watching_leaves_the_campaign_alone(
    leads: Leads, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign(queue, FIRST, queue.die())
    looks = count()

    def sleep(seconds: float) -> None:
        if next(looks):
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", sleep)
    ran = leads("replay", "status", FIRST, "--follow")
    assert (ran.code, ran.out) == (130, "")
    assert ran.err.splitlines() == [
        "the campaign goes on by itself",
        f"to see it: leads replay status {FIRST} --follow",
        f"to hold it: leads replay pause {FIRST}",
        f"to end it: leads replay cancel {FIRST}",
    ]
    assert Campaigns(queue.store).active()[0].is_active


def test_all_of_it_fits_80_columns(queue: Queue, leads_on_terminal: OnTerminal) -> None:
    begun(queue)
    table = leads_on_terminal("replay", "status")
    assert max(map(len, table)) <= 80
    assert table[-1].startswith(f"{FIRST} running 3     67 %  1         0")
    lines = leads_on_terminal("replay", "status", FIRST)
    assert max(map(len, lines)) <= 80
    at = lines.index(
        "leads     3: group rejected:status_422:UNPROCESSABLE_CONTENT, since 2026-11-20"
    )
    assert lines[at + 1] == "          10:00 UTC"
