"""What Redis's answers to INFO and CONFIG mean for leads. Pure.

It owns which configuration keeps leads safe. What Redis does not tell (a managed one forbids
CONFIG, an ACL forbids INFO) "cannot be seen", and is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lead_worker.store.store import FULL_FRACTION

from .finding import Finding, bad, good, skipped, warning

OLDEST = (6, 2)
DURABLE = (7, 2)
"""From here on Redis has WAITAOF, which `durable=True` needs."""

WARN_FRACTION = 0.7
MOST_LAG_BYTES = 10_000_000
GIB = 1024**3

MORE_RAM = "add memory, or see what else uses it; and set maxmemory"
MORE_MEMORY = "raise maxmemory; or keep records for fewer days (LEADS_KEEP_...)"
Info = Mapping[str, Any]
_UNSEEN = "cannot be seen: the user of LEADS_REDIS_URL may not run INFO"
_ASK = "ask whoever runs this Redis"


def judge_info(info: Info | None) -> Iterator[Finding]:
    """Judge what INFO says; None where Redis refused it."""
    if info is None:
        for name in ("version", "appendonly", "eviction", "memory", "replication"):
            yield warning(name, _UNSEEN, "allow it (ACL: +info), or " + _ASK)
        return
    yield _version(info)
    yield from _cluster(info)
    yield _append_only(info)
    yield from _last_write(info)
    yield _eviction(info)
    yield _memory(info)
    yield from _replication(info)


def judge_fsync(policy: str | None, *, appends: bool | None) -> Finding:
    """Judge `appendfsync`.

    Args:
        policy: its value, or None where Redis refused to tell.
        appends: whether there is an append-only file; None where that cannot be seen.
    """
    name = "appendfsync"
    if appends is False:
        return skipped(name, "means nothing without an append-only file")
    match policy:
        case None:
            return warning(name, "cannot be seen: CONFIG is not allowed here", _ASK)
        case "always":
            return good(name, "always: a receipt outlives a crash of the host")
        case "everysec":
            found = "everysec: a crash of the host may lose, or repeat, 2 s"
            return warning(name, found, "appendfsync always, if no receipt may be lost")
    found = f"{policy}: a crash of the host may lose half a minute"
    return bad(name, found, "set appendfsync to always or everysec")


def _version(info: Info) -> Finding:
    text = str(info.get("redis_version", ""))
    version = tuple(int(part) for part in text.split(".")[:2] if part.isdigit())
    product = "Valkey, as Redis" if "valkey_version" in info else "Redis"
    if version < OLDEST:
        return bad("version", f"{product} {text}: expected 6.2 or later", "update it")
    note = "" if version >= DURABLE else "; durable=True needs 7.2"
    return good("version", f"{product} {text}{note}")


def _cluster(info: Info) -> Iterator[Finding]:
    if info.get("cluster_enabled") in (1, "1"):
        advice = "use a primary with replicas; Celery does not work with Redis Cluster"
        yield bad("cluster", "this is a Redis Cluster", advice)


def _append_only(info: Info) -> Finding:
    if info.get("aof_enabled") in (1, "1"):
        return good("appendonly", "yes: leads outlive a restart of Redis")
    found = "no: a restart of Redis loses the leads since its last snapshot"
    return bad("appendonly", found, "CONFIG SET appendonly yes, and the same in redis.conf")


def _last_write(info: Info) -> Iterator[Finding]:
    """Where the disk is full Redis says so here, and refuses writes."""
    failed = [
        words
        for name, words in (
            ("aof_last_write_status", "write to the append-only file"),
            ("aof_last_bgrewrite_status", "rewrite of the append-only file"),
            ("rdb_last_bgsave_status", "snapshot"),
        )
        if info.get(name, "ok") != "ok"
    ]
    if failed:
        found = f"the last {' and the last '.join(failed)} failed"
        yield bad("disk", found, "see Redis's log; is its disk full?")


def _eviction(info: Info) -> Finding:
    policy = info.get("maxmemory_policy")
    if policy is None:
        return warning("eviction", "cannot be seen", _ASK)
    if policy == "noeviction":
        return good("eviction", "noeviction: Redis throws no lead away")
    found = f"{policy}: where memory is short Redis throws leads away"
    return bad("eviction", found, "set maxmemory-policy to noeviction")


def _memory(info: Info) -> Finding:
    used, limit = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    of_system = not limit
    limit = limit or int(info.get("total_system_memory", 0))
    if not limit:
        return warning("memory", f"{_size(used)} used; no limit is set", "set maxmemory")
    part = used / limit
    whose = "the machine's" if of_system else "maxmemory's"
    found = f"{_size(used)} used, {part:.0%} of {whose} {_size(limit)}"
    if part >= FULL_FRACTION:
        refused = "" if of_system else f"; from {FULL_FRACTION:.0%} on new leads are refused"
        return bad("memory", found + refused, MORE_RAM if of_system else MORE_MEMORY)
    if part >= WARN_FRACTION:
        return warning("memory", found, "add memory before it is short")
    if of_system:
        found = f"{found}; no maxmemory"
        return warning("memory", found, "set maxmemory, or the system may end Redis some day")
    return good("memory", found)


def _replication(info: Info) -> Iterator[Finding]:
    name, role = "replication", info.get("role")
    if role in ("slave", "replica"):
        yield bad(name, "this is a replica, which takes no writes", "point at the primary")
        return
    replicas = [info.get(f"slave{n}") for n in range(int(info.get("connected_slaves", 0)))]
    if not replicas:
        yield good(name, "a primary without replicas")
        return
    behind = [int(info.get("master_repl_offset", 0)) - _offset(each) for each in replicas]
    late = sum(_late(each, lag) for each, lag in zip(replicas, behind, strict=True))
    words = f"a primary with {len(replicas)} {'replica' if len(replicas) == 1 else 'replicas'}"
    if late:
        yield warning(name, f"{words}, {late} of them behind or syncing", "see the replicas' logs")
    else:
        yield good(name, f"{words}, {_size(max(0, *behind))} behind at most")


def _offset(replica: Any) -> int:
    return int(replica.get("offset", 0)) if isinstance(replica, dict) else 0


def _late(replica: Any, behind: int) -> bool:
    state = replica.get("state") if isinstance(replica, dict) else None
    return state != "online" or behind > MOST_LAG_BYTES


def _size(count: float) -> str:
    for unit, size in (("GiB", GIB), ("MiB", 1024**2), ("KiB", 1024)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"
