"""A campaign brings thousands of dead letters home while everything that carries it is killed.

What is promised: each lead is replayed exactly once, whatever is killed and started again.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field

from lead_ops.sandbox import Faults, SandboxServer
from lead_worker.store import StoreError
from lead_worker.store.campaigns import Campaign, Campaigns, CampaignState

from .fleet import WORKERS, Fleet
from .people import emails, person
from .records import read_entries
from .report import Fact, Report
from .sandboxes import make_sandbox
from .stage import Stage

LEADS = 5_000
SEED = 20_251
COMMAND_KILLS = 3
SETTINGS = {
    "LEADS_DEADLINE_SECONDS": "2",
    "LEADS_CONNECT_TIMEOUT_SECONDS": "1",
    "LEADS_LEASE_SECONDS": "4",
    "LEADS_FIRST_LOOK_SECONDS": "1",
    "LEADS_SECOND_LOOK_SECONDS": "3",
}
LATENCY_SECONDS = 0.02
"""So that there is time for kills."""

COMMAND = ("replay", "start", "--group", "rejected", "--yes", "--no-wait", "--json")


@dataclass(slots=True)
class Kills:
    """What is to be killed when so many leads are delivered, and what was."""

    at: list[tuple[int, str]]
    done: Counter[str] = field(default_factory=Counter)


def under_kills(stage: Stage) -> Report:
    """Worker, beat, command and Redis are killed amid a campaign."""
    number, chance = stage.leads(LEADS), random.Random(SEED)
    with make_sandbox() as sandbox, Fleet(stage, sandbox.url, SETTINGS) as fleet:
        sandbox.set_faults(Faults(status=422))
        fleet.start_workers()
        fleet.start_beat()
        fleet.enqueue(map(person, range(number)))
        dead = fleet.settle(number).dead
        sandbox.set_faults(Faults(latency_seconds=LATENCY_SECONDS))
        before = len(sandbox.journal)
        kills = Kills(_plan(number, chance))
        _start(fleet, kills, chance)
        fleet.wait(lambda: _is_over(fleet, kills, number))
        facts = _facts(fleet, sandbox, kills, before) | {"dead_before": dead}
        expected = {
            "all leads dead before the campaign": dead == number,
            "everything to be killed": set(kills.done) == {"command", "worker", "beat", "redis"},
            "each lead replayed exactly once": facts["leads_replayed_once"] == number,
            "all leads delivered": fleet.counts().delivered == number,
            "the campaign to be done, with each lead": facts["delivered_by_the_campaign"] == number,
            "no lead sent twice without an unknown outcome": facts["unexplained_duplicates"] == 0,
        }
        return fleet.conclude("campaign-kills", facts, expected)


def _plan(number: int, chance: random.Random) -> list[tuple[int, str]]:
    """Two kills of each, at points between the first leads and the last."""
    what = ["worker", "beat", "redis"] * 2
    chance.shuffle(what)
    points = sorted(chance.sample(range(number // 20, number - number // 10), len(what)))
    return list(zip(points, what, strict=True))


def _start(fleet: Fleet, kills: Kills, chance: random.Random) -> None:
    """Start the campaign; before, the command is killed at any time, and as it prepares."""
    for number in range(COMMAND_KILLS):
        command = fleet.command(*COMMAND)
        last = number == COMMAND_KILLS - 1
        ends_at = time.monotonic() + (30.0 if last else chance.random())
        while time.monotonic() < ends_at and not _is_prepared(fleet) and command.poll() is None:
            time.sleep(0.001)
        kills.done["command"] += command.poll() is None
        command.kill()
        command.communicate()
    _, words = fleet.command(*COMMAND).communicate()
    if not any(campaign.began_at for campaign in Campaigns(fleet.store).newest(20)):
        raise RuntimeError(f"leads replay start began no campaign: {words.strip()[-200:]}")


def _is_prepared(fleet: Fleet) -> bool:
    """Whether a campaign that is still being prepared has leads."""
    preparing = [c for c in Campaigns(fleet.store).active() if not c.began_at]
    return any(campaign.total for campaign in preparing[-1:])


def _is_over(fleet: Fleet, kills: Kills, number: int) -> bool:
    """Kill what is due, and look whether the campaign has ended and its leads with it."""
    try:
        delivered = fleet.counts().delivered
        if kills.at and delivered >= kills.at[0][0]:
            _kill(fleet, kills.at.pop(0)[1], kills)
            return False
        ended = all(not campaign.is_active for campaign in Campaigns(fleet.store).newest(20))
        return ended and delivered >= number
    except StoreError:
        return False


def _kill(fleet: Fleet, what: str, kills: Kills) -> None:
    if what == "redis":
        fleet.kill_redis()
    elif what == "beat":
        fleet.replace(WORKERS, beat=True)
    else:
        fleet.replace(kills.done["worker"] % WORKERS)
    kills.done[what] += 1


def _facts(fleet: Fleet, sandbox: SandboxServer, kills: Kills, before: int) -> dict[str, Fact]:
    replays: Counter[int] = Counter()
    unsure = 0
    for lead_id in fleet.lead_ids:
        entries = list(read_entries(fleet.store, [lead_id]))
        replays[sum(entry["event"] == "replayed" for entry in entries)] += 1
        unsure += any(_may_have_arrived(entry) for entry in entries)
    made = Counter(emails([a for a in sandbox.journal[before:] if a.lead_id]))
    twice = sum(times > 1 for times in made.values())
    campaigns = Campaigns(fleet.store).newest(20)
    done = [each for each in campaigns if each.state is CampaignState.DONE]
    return {
        **{f"kills_of_{what}": times for what, times in sorted(kills.done.items())},
        "campaigns": len(campaigns),
        "leads_replayed_once": replays[1],
        "delivered_by_the_campaign": sum(each.ended.get("delivered", 0) for each in done),
        "campaign_seconds": _took(done),
        "leads_with_an_unknown_outcome": unsure,
        "leads_in_the_api_twice": twice,
        "unexplained_duplicates": max(0, twice - unsure),
    }


def _took(done: list[Campaign]) -> float | None:
    spans = [c.ended_at - c.began_at for c in done if c.ended_at and c.began_at]
    return round(sum(spans), 1) if spans else None


def _may_have_arrived(entry: object) -> bool:
    return isinstance(entry, dict) and (
        entry.get("event") == "lease_expired" or entry.get("outcome") == "unknown"
    )
