"""enqueue.lua as any client may call it, with arguments that no producer of ours would send."""

from __future__ import annotations

from importlib.resources import files

import pytest
from lead_producers.keys import FORMAT, Keys
from redis import Redis
from redis.exceptions import ResponseError

SCRIPT = files("lead_producers").joinpath("enqueue.lua").read_text("utf-8")
HEAD = [FORMAT, "live", "", "", "0", "0", ""]


def test_the_same_id_twice_in_one_call_is_one_lead(redis_client: Redis, namespace: str) -> None:
    keys = Keys(namespace)
    lead = ["id-1", "", "", "{}"]
    assert redis_client.eval(SCRIPT, 1, keys.prefix, *HEAD, *lead, *lead) == [b"ok"]
    assert redis_client.hget(keys.counts, "accepted") == b"1"


@pytest.mark.parametrize(
    "arguments",
    [
        [FORMAT, "fast", "", "", "0", "0", "", "id-1", "", "", "{}"],
        [*HEAD, "id-1", "", ""],
        [*HEAD, *(["id", "", "", "{}"] * 1001)],
    ],
    ids=["an unknown lane", "a lead without its raw", "too many leads"],
)
def test_arguments_that_do_not_fit_are_refused_before_anything_is_written(
    redis_client: Redis, namespace: str, arguments: list[str]
) -> None:
    with pytest.raises(ResponseError, match="expected lane live or bulk"):
        redis_client.eval(SCRIPT, 1, Keys(namespace).prefix, *arguments)
    assert redis_client.keys(f"{Keys(namespace).prefix}*") == []
