"""What a test sees of a producer's work: the leads that wait, and the commands that were called."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

from lead_producers import LeadProducer
from lead_producers.connection import Line
from lead_producers.keys import Keys
from lead_producers.script import EnqueueScript

LEAD = {"name": "Ana", "email": "ana@exemplo.example", "custom": {"n": 1}}


def line_of(producer: LeadProducer) -> Line:
    """The connections of a producer without a spool."""
    assert isinstance(producer._way, EnqueueScript)
    return producer._way._line


def waiting(client: Any, keys: Keys, lane: str = "live") -> list[str]:
    """The ids that wait, in order."""
    return [lead_id.decode() for lead_id in client.zrange(keys.due(lane), 0, -1)]


def raws(client: Any, keys: Keys, lane: str = "live") -> list[Any]:
    return [json.loads(client.get(keys.raw(i)) or b"0") for i in waiting(client, keys, lane)]


def accepted(client: Any, keys: Keys) -> int:
    return int(client.hget(keys.counts, "accepted") or 0)


def calls(client: Any) -> dict[str, int]:
    """What clients have called since the last look, but not what `enqueue.lua` calls by itself."""
    text = files("lead_producers").joinpath("enqueue.lua").read_text(encoding="utf-8")
    own = {word.lower() for word in re.findall(r"redis\.call\('([A-Z]+)'", text)}
    stats = client.info("commandstats")
    found = {name.removeprefix("cmdstat_"): stat["calls"] for name, stat in stats.items()}
    client.config_resetstat()
    mine = own | {"info", "config", "config|resetstat"}
    return {name: count for name, count in found.items() if name not in mine}
