"""Redis is restarted under load: health tells the truth, and delivery goes on by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lead_worker.core.health import Health, judge
from lead_worker.store import Store, StoreError
from lead_worker.store.vitals import read

from tests.conftest import StartRedis
from tests.integration.fleet import ONE_REDIS, MakeFleet, named, wait_until

LEADS = 120
RESTARTS = 2
LOAD = {"LEADS_RATE_PER_MINUTE": "1500", "LEADS_RATE_BURST": "1"}
"""Slow enough that leads wait all the time."""

UNREADABLE = None


@contextmanager
def watching(url: str, namespace: str) -> Iterator[list[Health | None]]:
    """Judge the fleet's health again and again, for as long as the block runs."""
    seen: list[Health | None] = []
    ended = threading.Event()
    store = Store.from_url(url, namespace)

    def watch() -> None:
        while not ended.wait(0.05):
            try:
                seen.append(judge(read(store)))
            except StoreError:
                seen.append(UNREADABLE)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()
        store.client.close()


@ONE_REDIS
def test_redis_is_restarted_under_load_and_health_tells_the_truth(
    own_redis: StartRedis, make_fleet: MakeFleet
) -> None:
    redis = own_redis()
    fleet = make_fleet(redis.url)
    fleet.start_workers(2, **LOAD)
    fleet.producer.enqueue_many(map(named, range(LEADS)))
    with watching(redis.url, fleet.namespace) as seen:
        for _ in range(RESTARTS):
            wait_until(lambda: any(isinstance(each, Health) for each in seen[-1:]))
            wait_until(lambda: bool(fleet.sandbox.leads))
            redis.kill()
            away = len(seen)
            wait_until(lambda since=away: len(seen) > since + 2)  # type: ignore[misc]
            assert seen[-1] is UNREADABLE
            redis.start()
            before = fleet.counts().delivered
            wait_until(lambda number=before: fleet.counts().delivered > number)  # type: ignore[misc]
        fleet.wait_settled(LEADS)

    judged = [each for each in seen if each is not UNREADABLE]
    assert [each.reason for each in judged if not each.good] == []
    assert {each.verdict for each in judged} >= {"moving"}
    counts = fleet.counts()
    assert (counts.delivered, counts.dead) == (LEADS, 0)
    assert set(fleet.arrivals().values()) == {1}
    fleet.assert_audit_is_green()
