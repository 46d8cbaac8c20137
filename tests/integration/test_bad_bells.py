"""What is no bell in the bells' list ends no worker, whatever it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lead_producers.bell import BELL, ID_PLACEHOLDER
from redis import Redis

from tests.integration.fleet import ONE_REDIS, Fleet, named, wait_until

pytestmark = ONE_REDIS

ODD: tuple[Any, ...] = (None, 7, "odd", [], {}, ["odd"])
NO_MESSAGES = (
    *(b"not json", b"", b"\xff\xfe", b"7", b"null", b"[]", b"{}", b'"text"', b'{"a":' * 50_000),
    *(b'{"properties":{}}', b'{"body":"odd","properties":{"delivery_tag":"a"}}'),
    b'{"__type__":"odd","__value__":1}',
)


def spoilt(value: Any) -> Iterator[Any]:
    """A message with one part of it odd or missing, part by part; of its headers only all."""
    yield from ODD
    if isinstance(value, dict):
        for name, inner in value.items():
            yield {key: each for key, each in value.items() if key != name}
            for each in ODD if name == "headers" else spoilt(inner):
                yield value | {name: each}


def bad_bells() -> list[bytes]:
    bells = [json.dumps(each).encode() for each in spoilt(json.loads(BELL))]
    ids = (f"bad-{n}".encode() for n in range(len(bells)))
    return [*NO_MESSAGES, *(bell.replace(ID_PLACEHOLDER.encode(), next(ids)) for bell in bells)]


def test_a_worker_lives_on_whatever_lies_in_the_bells_list_and_goes_on_to_answer_bells(
    fleet: Fleet, redis_client: Redis
) -> None:
    worker = fleet.start_worker()
    wait_until(lambda: " ready." in worker.log)
    bells = bad_bells()
    assert len(bells) > 100
    for bell in bells:
        redis_client.lpush(fleet.store.keys.bell, bell)
        wait_until(lambda: not redis_client.llen(fleet.store.keys.bell) or not worker.running)
        assert worker.running, (bell, worker.log[-3000:])
    assert "dropped what is no message" in worker.log

    answered = worker.log.count("lead_worker.drain")
    fleet.enqueue(named(1))
    assert fleet.wait_settled(1).delivered == 1
    wait_until(lambda: worker.log.count("lead_worker.drain") > answered)
    assert "bells go unanswered" not in worker.log
