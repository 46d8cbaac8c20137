"""What is read from a real Redis and a real spool, and that the checker sees what is missing."""

from __future__ import annotations

from pathlib import Path

from chaos.books import doubts_of, holders, read_accounts, read_spools
from chaos.checker import Evidence, judge
from chaos.forms import form
from lead_producers import LeadProducer
from lead_producers.record import key_digest
from lead_worker.store import Store
from redis import Redis

from tests.chaos.evidence_made import slip

TOKEN = "host-7-0123abcd:4"


def test_a_lead_that_is_taken_out_of_redis_is_found_to_be_lost(
    redis_url: str, redis_client: Redis, namespace: str
) -> None:
    store, producer = (
        Store.from_url(redis_url, namespace),
        LeadProducer.from_url(redis_url, namespace),
    )
    ids = [producer.enqueue(form(f"a-{n}", n), key=f"k-{n}").lead_id for n in range(3)]
    slips = [slip(f"a-{n}", lead_id=lead_id) for n, lead_id in enumerate(ids)]
    redis_client.delete(store.keys.lead(ids[1]), store.keys.raw(ids[1]))
    redis_client.zrem(store.keys.due("live"), ids[1])
    accounts = read_accounts(store)
    assert {account.serial for account in accounts.values()} == {"a-0", "a-2"}
    verdict = judge(Evidence(slips, accounts, {}, []), "retry")
    assert [problem.serial for problem in verdict.lost] == ["a-1"]
    assert {problem.serial for problem in verdict.unfinished} == {"a-0", "a-2"}
    known = holders(store, [key_digest("k-0"), key_digest("never")])
    assert known == {key_digest("k-0"): ids[0]}
    producer.close()
    store.client.close()


def test_what_is_in_a_spool_is_read_by_id_and_key(tmp_path: Path, namespace: str) -> None:
    path = tmp_path / "app.spool"
    producer = LeadProducer.from_url(
        f"unix://{tmp_path}/nobody.sock", namespace, timeout_seconds=0.5, spool=path
    )
    receipt = producer.enqueue(form("a-0", 0), key="k")
    producer.close()
    assert receipt.spooled
    assert read_spools([path], namespace) == {receipt.lead_id, key_digest("k")}
    assert read_spools([path], "another") == frozenset()


def test_a_doubt_is_counted_once_for_each_request() -> None:
    ran_out = {"event": "lease_expired", "at": 10.0, "token": TOKEN}
    told = {"event": "attempt", "at": 11.0, "outcome": "unknown", "worker": "host-7-0123abcd"}
    other = {"event": "attempt", "at": 12.0, "outcome": "unknown", "worker": "host-8-0123abcd"}
    fine = {"event": "attempt", "at": 13.0, "outcome": "delivered", "worker": "host-8-0123abcd"}
    found = list(doubts_of(iter([ran_out, told, other, fine])))
    assert [(doubt.at, doubt.expired, doubt.pid) for doubt in found] == [
        (10.0, True, 7),
        (12.0, False, 0),
    ]
