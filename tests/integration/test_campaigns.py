"""A campaign with real workers: killed together with Redis, it brings each lead home once."""

from __future__ import annotations

from lead_ops.sandbox import Faults, SandboxServer
from lead_worker.core.lifecycle import State
from lead_worker.store.campaigns import Campaigns, CampaignState, Launch, Steer

from tests.conftest import StartRedis
from tests.integration.fleet import ONE_REDIS, Fleet, MakeFleet, named, wait_until

LEADS = 300
BEGUN = {"event": "campaign_begun", "by": "ana"}


def let_die(fleet: Fleet, sandbox: SandboxServer, number: int) -> list[str]:
    """Enqueue leads that the API refuses; gives their ids."""
    sandbox.set_faults(Faults(status=422))
    fleet.producer.enqueue_many(map(named, range(number)), lane="live")
    wait_until(lambda: fleet.counts().dead == number)
    sandbox.clear_faults()
    return sorted(fleet.ids(State.DEAD))


def launch(fleet: Fleet, lead_ids: list[str]) -> Campaigns:
    """Launch a campaign, `c`, over some dead letters."""
    campaigns = Campaigns(fleet.store)
    assert campaigns.launch("c", Launch("ana", "all"))
    for start in range(0, len(lead_ids), 100):
        assert campaigns.enlist("c", start, lead_ids[start : start + 100]) == "ok"
    assert campaigns.steer("c", Steer.BEGIN, BEGUN) == "ok"
    return campaigns


def is_in(campaigns: Campaigns, *states: CampaignState) -> bool:
    campaign = campaigns.find("c")
    return campaign is not None and campaign.state in states and not campaign.out


def replays(fleet: Fleet, lead_ids: list[str]) -> list[int]:
    return [sum(e["event"] == "replayed" for e in fleet.timeline(i)) for i in lead_ids]


@ONE_REDIS
def test_a_campaign_under_kills_of_a_worker_and_of_redis_replays_each_lead_once(
    own_redis: StartRedis, make_fleet: MakeFleet, sandbox: SandboxServer
) -> None:
    redis = own_redis()
    fleet = make_fleet(redis.url)
    doomed, _ = fleet.start_workers(2)
    lead_ids = let_die(fleet, sandbox, LEADS)
    sandbox.set_faults(Faults(latency_seconds=0.05))
    campaigns = launch(fleet, lead_ids)
    wait_until(lambda: fleet.counts().delivered >= 30)
    doomed.kill()
    fleet.spawn_worker()
    wait_until(lambda: fleet.counts().delivered >= 80)
    redis.kill()
    redis.start()
    wait_until(lambda: is_in(campaigns, CampaignState.DONE))

    campaign = campaigns.find("c")
    assert campaign is not None
    assert campaign.ended == {"delivered": LEADS}
    assert dict(campaigns.ends("c")) == dict.fromkeys(lead_ids, "delivered")
    assert replays(fleet, lead_ids) == [1] * LEADS
    assert fleet.counts().delivered == LEADS
    fleet.assert_audit_is_green()


@ONE_REDIS
def test_a_campaign_whose_leads_die_again_stops_by_itself_while_most_are_still_dead(
    redis_url: str, make_fleet: MakeFleet, sandbox: SandboxServer
) -> None:
    fleet = make_fleet(redis_url)
    fleet.start_worker()
    lead_ids = let_die(fleet, sandbox, 100)
    sandbox.set_faults(Faults(status=422))
    campaigns = launch(fleet, lead_ids)
    wait_until(lambda: is_in(campaigns, CampaignState.STOPPED))

    assert sum(replays(fleet, lead_ids)) == 20
    assert fleet.counts().dead == 100
    assert [e["dead"] for e in fleet.events("campaign_stopped")] == [20]
    sandbox.clear_faults()
    assert campaigns.steer("c", Steer.RESUME, {"event": "campaign_resumed", "by": "ana"}) == "ok"
    wait_until(lambda: is_in(campaigns, CampaignState.DONE))
    assert fleet.counts().delivered == 80
    fleet.assert_audit_is_green()


@ONE_REDIS
def test_a_campaign_waits_for_a_hold_to_end(
    redis_url: str, make_fleet: MakeFleet, sandbox: SandboxServer
) -> None:
    fleet = make_fleet(redis_url)
    fleet.start_worker()
    lead_ids = let_die(fleet, sandbox, 30)
    fleet.pause("maintenance")
    campaigns = launch(fleet, lead_ids)
    fleet.wait_beats(2)
    assert fleet.counts().dead == 30
    fleet.resume()
    wait_until(lambda: is_in(campaigns, CampaignState.DONE))
    assert fleet.counts().delivered == 30
