"""All that is in Redis, and all that the model says should be, in one form, to be compared.

It owns how instants are compared: the server's clock goes on while a test runs, so they are taken
to the ten seconds, and the model's times are so far apart that no slow machine can make up for it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lead_worker.store.campaigns import OUTCOMES

from tests.integration.model import Model
from tests.integration.model_books import INDEXES
from tests.integration.model_campaigns import Campaign
from tests.integration.model_governor import Held
from tests.integration.model_leads import Lead
from tests.integration.queues import Queue

INSTANTS = {
    "accepted_at", "claimed_at", "tried_at", "unknown_since", "doubted_at", "replayed_at",
    "since", "until", "canary_at", "trial_at", "free_at",
}  # fmt: skip
HELD = ("kind", "number", "since", "until", "canary_at", "trial_at", "canary")
Sight = dict[str, dict[str, Any]]
READ = """
local how, found = {}, {}
function how.string(key) return redis.call('GET', key) end
function how.hash(key) return redis.call('HGETALL', key) end
function how.list(key) return redis.call('LLEN', key) end
function how.zset(key) return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end
function how.set(key) return redis.call('SCARD', key) end
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  local kind = redis.call('TYPE', key).ok
  found[#found + 1] = {key, kind, how[kind](key)}
end
return found
"""


def about(seconds: float) -> float:
    """An instant to the ten seconds, as a clock that goes on makes it later and never earlier."""
    return math.floor((seconds + 0.01) / 10) * 10.0


def lasting(seconds: float) -> float:
    """A duration to the ten seconds."""
    return round(seconds / 10) * 10.0


def of_model(model: Model) -> Sight:
    """What the model says should be there."""
    leads = {lead_id: _lead(lead) for lead_id, lead in model.leads.items()}
    return {
        "lead": leads,
        "index": {name: _placed(model, name) for name in INDEXES if model.listed(name)},
        "group": model.groups(),
        "groups": {name: len(ids) for name, ids in model.groups().items()},
        "mended": _mended(model),
        "key": dict(model.keys),
        "same": dict(model.contents),
        "api": dict(model.owners),
        "looking": {i: about(end) for i, end in model.looking.items()},
        "bell": {"rung": model.bell},
        "governor": _held(model.hold) | {"version": model.version},
        "shares": {queue: owed for queue, owed in model.owed.items() if owed},
        "rate": {"free_at": about(model.free_at)} if model.free_at else {},
        "campaign": {i: _campaign(campaign) for i, campaign in model.campaigns.items()},
    }


def _placed(model: Model, index: str) -> list[tuple[str, float]]:
    return [(lead_id, about(model.leads[lead_id].due)) for lead_id in model.listed(index)]


def _mended(model: Model) -> dict[str, list[str]]:
    found = {g: [i for i in ids if model.leads[i].mended] for g, ids in model.groups().items()}
    return {group: lead_ids for group, lead_ids in found.items() if lead_ids}


def _lead(lead: Lead) -> dict[str, Any]:
    record = {n: about(v) if isinstance(v, float) else str(v) for n, v in lead.record().items()}
    edits = len(lead.texts) - 1
    kept = {"raw": lead.texts[-1]} if lead.texts else {}
    original = {"original": lead.texts[0], "edits": edits} if edits > 0 else {}
    return record | kept | original | ({"timeline": lead.told} if lead.told else {})


def _held(held: Held | None) -> dict[str, Any]:
    told = {name: getattr(held, name, None) for name in HELD}
    return {
        name: about(value) if isinstance(value, float) else str(value)
        for name, value in told.items()
        if value not in (None, "")
    }


def _campaign(campaign: Campaign) -> dict[str, Any]:
    return {
        "state": campaign.state, "total": campaign.total, "todo": len(campaign.todo),
        "out": len(campaign.out), "active": campaign.active, "ended": dict(campaign.counted),
        "ends": campaign.ends,
    }  # fmt: skip


def of_redis(queue: Queue, began_at: float) -> Sight:
    """What is there.

    Args:
        began_at: Redis's clock when the model's was nought.
    """
    return _Reading(queue, began_at).sight()


class _Reading:
    """Reads a namespace in one round trip."""

    def __init__(self, queue: Queue, began_at: float) -> None:
        self._queue = queue
        self._began_at = began_at
        self._values: dict[str, Any] = {}
        prefix = queue.keys.prefix
        for key, kind, value in queue.client.eval(READ, 0, prefix):
            self._values[key.decode().removeprefix(prefix)] = _READ_AS[kind.decode()](value)

    def sight(self) -> Sight:
        governor = self._record(self._values.get("governor", {}))
        governor["version"] = int(governor.get("version", 0))
        rate = self._record(self._values.get("rate", {}))
        return {
            "lead": self._leads(),
            "index": {i: self._placed(i) for i in INDEXES if i in self._values},
            "group": {name: sorted(_ids(ids)) for name, ids in self._all("group")},
            "groups": self._numbers("groups"),
            "mended": {name: sorted(_ids(ids)) for name, ids in self._all("mended")},
            "key": self._texts("key"),
            "same": self._texts("same"),
            "api": self._texts("api"),
            "looking": dict(self._placed("looking")),
            "bell": {"rung": self._values.get("bell", 0) > 0},
            "governor": {name: governor[name] for name in (*HELD, "version") if name in governor},
            "shares": {queue: owed for queue, owed in self._numbers("shares").items() if owed},
            "rate": {name: rate[name] for name in ("free_at",) if name in rate},
            "campaign": self._campaigns(),
        }

    def _all(self, kind: str) -> Iterator[tuple[str, Any]]:
        for name, value in self._values.items():
            if name.startswith(f"{kind}:"):
                yield name.partition(":")[2], value

    def _texts(self, kind: str) -> dict[str, str]:
        return {name: value.decode() for name, value in self._all(kind)}

    def _placed(self, name: str) -> list[tuple[str, float]]:
        found = self._values.get(name, [])
        return [(lead_id.decode(), about(at - self._began_at)) for lead_id, at in found]

    def _numbers(self, name: str) -> dict[str, int]:
        return {field.decode(): int(number) for field, number in self._values.get(name, {}).items()}

    def _leads(self) -> dict[str, Any]:
        leads: dict[str, Any] = defaultdict(dict)
        for lead_id, record in self._all("lead"):
            leads[lead_id] |= self._record(record)
        for kind in ("raw", "original", "timeline", "edits"):
            for lead_id, value in self._all(kind):
                leads[lead_id][kind] = value
        return dict(leads)

    def _record(self, record: Mapping[bytes, bytes]) -> dict[str, Any]:
        told = {name.decode(): value.decode() for name, value in record.items()}
        return {
            n: self._value(n, text) for n, text in told.items() if text != "0" or n == "suspect"
        }

    def _value(self, name: str, text: str) -> Any:
        if name in INSTANTS:
            return about(float(text) - self._began_at)
        return lasting(float(text)) if name == "held_before" else text

    def _campaigns(self) -> dict[str, Any]:
        return {i: self._campaign(i, self._record(record)) for i, record in self._all("campaign")}

    def _campaign(self, campaign_id: str, record: Mapping[str, Any]) -> dict[str, Any]:
        ends = self._values.get(f"campaign_ended:{campaign_id}", {})
        return {
            "state": record["state"],
            "total": int(record.get("total", 0)),
            "todo": self._values.get(f"campaign_todo:{campaign_id}", 0),
            "out": len(self._values.get(f"campaign_out:{campaign_id}", ())),
            "active": "ended_at" not in record,
            "ended": {name: int(record[name]) for name in OUTCOMES if name in record},
            "ends": {lead_id.decode(): what.decode() for lead_id, what in ends.items()},
        }


def _in_pairs(parts: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(parts[::2], parts[1::2], strict=True)


_READ_AS: dict[str, Callable[[Any], Any]] = {
    "string": bytes,
    "hash": lambda parts: dict(_in_pairs(parts)),
    "list": int,
    "set": int,
    "zset": lambda parts: [(member, float(score)) for member, score in _in_pairs(parts)],
}


def _ids(members: list[tuple[bytes, float]]) -> list[str]:
    return [lead_id.decode() for lead_id, _ in members]


def differences(expected: Sight, found: Sight) -> list[str]:
    """What is not as it should be, one line each."""
    return [
        f"{kind} {name}: expected {expected[kind].get(name)!r}, found {found[kind].get(name)!r}"
        for kind in expected
        for name in {**expected[kind], **found[kind]}
        if expected[kind].get(name) != found[kind].get(name)
    ]
