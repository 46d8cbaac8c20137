"""The API's token: changed while workers run, different between them, and seen nowhere."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from lead_ops.sandbox import Faults, SandboxServer
from lead_worker.core.outcome import HoldKind
from redis import Redis

from tests.integration.fleet import ONE_REDIS, Fleet, named, wait_until
from tests.integration.sentry_listener import SentryListener

pytestmark = ONE_REDIS

OLD, NEW = "old-token-51d0c8", "new-token-a07f3e"
IN_FLIGHT = 4
TRIALS = 2
PASSED_OVER = "LEADS_API_TOKEN_FILE: no token in it; the last one is kept"
TAKEN_UP = "LEADS_API_TOKEN_FILE holds another token"


@pytest.fixture
def token_file(tmp_path: Path, sandbox: SandboxServer) -> Path:
    """A file with the token that the API takes at first."""
    file = tmp_path / "token"
    write(file, OLD)
    sandbox.set_token(OLD)
    return file


def write(file: Path, token: str) -> None:
    """Replace the file as a whole, as whoever rotates a secret does."""
    draft = file.with_suffix(".new")
    draft.write_text(f"{token}\n" if token else "", encoding="utf-8")
    draft.replace(file)


def start_workers(fleet: Fleet, file: Path, **settings: str) -> None:
    own = {"LEADS_API_TOKEN": "", "LEADS_API_TOKEN_FILE": str(file)}
    fleet.start_workers(**own, LEADS_CONCURRENCY=str(IN_FLIGHT), **settings)


def refused(sandbox: SandboxServer) -> int:
    return sum(arrival.status == 401 for arrival in sandbox.journal)


def test_another_token_in_the_file_ends_the_hold_for_the_old_one_without_a_restart(
    fleet: Fleet, sandbox: SandboxServer, token_file: Path
) -> None:
    start_workers(fleet, token_file)
    first = fleet.enqueue(*map(named, range(40)))
    sandbox.wait_for(lambda s: len(s.leads) >= 30)
    sandbox.set_token(NEW)
    lead_ids = [*first, *fleet.enqueue(*map(named, range(40, 150)))]
    wait_until(lambda: fleet.stands(HoldKind.CREDENTIALS) and fleet.counts().leased == 0)
    assert fleet.counts().delivered < 150
    write(token_file, NEW)
    counts = fleet.wait_settled(150)

    assert counts.delivered == 150
    assert refused(sandbox) <= 2 * IN_FLIGHT + TRIALS  # so no canary was what ended it
    events = [event["event"] for event in fleet.events()]
    assert events == ["hold_began", "token_changed", "hold_ended"]
    assert all(fleet.record(lead_id)["attempts"] == "1" for lead_id in lead_ids)
    wait_until(lambda: all(TAKEN_UP in worker.log for worker in fleet.workers))


def test_a_file_that_is_half_written_is_passed_over_and_said_once(
    fleet: Fleet, sandbox: SandboxServer, token_file: Path
) -> None:
    start_workers(fleet, token_file)
    write(token_file, "")
    wait_until(lambda: all(PASSED_OVER in worker.log for worker in fleet.workers))
    fleet.wait_beats(1)
    fleet.enqueue(*map(named, range(5)))
    fleet.wait_delivered(5)
    sandbox.set_token(NEW)
    write(token_file, NEW)
    wait_until(lambda: all(TAKEN_UP in worker.log for worker in fleet.workers))
    fleet.enqueue(*map(named, range(5, 10)))
    fleet.wait_delivered(10)

    assert [worker.log.count(PASSED_OVER) for worker in fleet.workers] == [1, 1]
    assert refused(sandbox) == 0


def test_a_worker_with_a_bad_token_beside_a_good_one_spoils_nothing(
    fleet: Fleet, sandbox: SandboxServer
) -> None:
    sandbox.set_faults(Faults(latency_seconds=0.02))  # so that both have their share to do
    bad = fleet.start_worker(LEADS_API_TOKEN=NEW, LEADS_CONCURRENCY=str(IN_FLIGHT))
    fleet.start_worker(LEADS_CONCURRENCY=str(IN_FLIGHT))
    lead_ids = fleet.enqueue(*map(named, range(200)))
    counts = fleet.wait_settled(200)

    assert (counts.delivered, counts.dead) == (200, 0)
    assert set(fleet.arrivals().values()) == {1}
    entries = [entry for lead_id in lead_ids for entry in fleet.timeline(lead_id)]
    assert len({e["worker"] for e in entries if e["outcome"] == "delivered"}) == 1
    # A success of what the good one had in flight speaks for the API, so the trials begin anew:
    # each of those can cost one more.
    assert 0 < refused(sandbox) <= IN_FLIGHT + TRIALS + IN_FLIGHT
    assert bad.running
    assert all(fleet.record(lead_id)["attempts"] == "1" for lead_id in lead_ids)


def test_no_token_is_in_a_log_in_redis_or_in_a_report(
    fleet: Fleet,
    sandbox: SandboxServer,
    token_file: Path,
    sentry: SentryListener,
    redis_client: Redis,
) -> None:
    start_workers(fleet, token_file, SENTRY_DSN=sentry.dsn)
    sandbox.set_token(NEW)
    fleet.enqueue(*map(named, range(20)))
    wait_until(lambda: fleet.stands(HoldKind.CREDENTIALS))
    places = {"Redis under a hold": stored(redis_client)}
    write(token_file, NEW)
    fleet.wait_delivered(20)
    wait_until(lambda: any("hold credentials ended" in text for text in sentry.envelopes))
    for worker in fleet.workers:
        worker.signal(signal.SIGTERM)
        worker.wait()

    places |= {"Redis": stored(redis_client), "Sentry": sentry.text}
    places |= {worker.log_path.name: worker.log for worker in fleet.workers}
    assert all(len(text) > 500 for text in places.values())
    assert [name for name, text in places.items() if OLD in text or NEW in text] == []


def stored(client: Redis) -> str:
    """All that Redis holds, as text."""
    return "\n".join(_values(client))


def _values(client: Redis) -> Iterator[str]:
    for key in client.scan_iter():
        match client.type(key):
            case b"string":
                value: object = client.get(key)
            case b"hash":
                value = client.hgetall(key)
            case b"list":
                value = client.lrange(key, 0, -1)
            case b"set":
                value = client.smembers(key)
            case b"zset":
                value = client.zrange(key, 0, -1)
            case sort:
                raise AssertionError(sort)
        yield f"{key!r} {value!r}"
