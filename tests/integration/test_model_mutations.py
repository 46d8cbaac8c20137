"""The model would see it: with one thing wrong in one script, its machine soon comes upon it.

Where a mutation's text is no longer in its script, put another one here that does the same harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import pytest
from lead_worker.store.runner import SCRIPTS

from tests.integration.campaign_model import CampaignMachine
from tests.integration.fleet import ONE_REDIS
from tests.integration.model_runs import run

SEEDS = 4
"""So many runs must come upon it."""

Mutation = tuple[str, str, str]
# What is wrong: the script, what is in it, what is put there instead.
MUTATIONS: dict[str, Mutation] = {
    "a key is not remembered": (
        "enqueue", "    redis.call('SET', P .. 'key:' .. digest, id)\n", "",
    ),
    "a lead that is claimed stays due": (
        "claim",
        "  if #left > 0 then redis.call('ZREM', P .. queue.name, unpack(left)) end\n",
        "",
    ),
    "a claim that is made again gives other leads": (
        "claim", "if last_number == number then", "if false then",
    ),
    "a suspect is sent beside others": (
        "claim", "closed = best.name ~= 'unknown' and lead.suspect ~= nil", "closed = false",
    ),
    "a settle that is made again is carried out again": (
        "settle", "if lead[3] == token then return 'done' end\n", "",
    ),
    "who lost a lead settles it all the same": (
        "settle", "(ours or to == 'delivered')", "true",
    ),
    "a second id of the API's is not counted": (
        "settle",
        "  if known then redis.call('HINCRBY', P .. 'counts', 'duplicates', 1) end\n",
        "",
    ),
    "a lease that ran out spends no attempt": (
        "reclaim", "  redis.call('HINCRBY', key, 'attempts', 1)\n", "",
    ),
    "a hold stands in nobody's way": ("claim", "if room == 0 and g.kind then", "if false then"),
    "what is discarded stays in its group": ("discard", "part(id, lead[4])\n", ""),
    "what retention takes is not counted": (
        "forget", "redis.call('HINCRBY', P .. 'counts', 'forgotten', #ids)\n", "",
    ),
    "what a campaign lets go stays in its list": (
        "advance", "redis.call('LTRIM', todo, #taken, -1)", "local _",
    ),
}  # fmt: skip


@ONE_REDIS
@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS)
def test_the_machine_comes_upon_it(redis_url: str, mutation: Mutation) -> None:
    name, there, instead = mutation
    text = _text(name)
    assert text.count(there) == 1, f"{name}.lua has it {text.count(there)} times"
    mutated = text.replace(there, instead).encode()
    with pytest.raises(AssertionError):
        _run_all(redis_url, {name: mutated})


def _run_all(redis_url: str, scripts: Mapping[str, bytes]) -> None:
    for seed in range(SEEDS):
        run(CampaignMachine, redis_url, seed, scripts=scripts)


def _text(name: str) -> str:
    """The whole of a script, as it is loaded."""
    if name == "enqueue":
        return files("lead_producers").joinpath("enqueue.lua").read_text(encoding="utf-8")
    return SCRIPTS[name].text.decode()
