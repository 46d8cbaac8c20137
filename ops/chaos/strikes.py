"""How each kind of fault is brought about, and how it ends.

It owns the way from a name to an act. A strike is a generator: up to its `yield` it begins the
fault and yields, in a word, which of several it was; after it the fault ends.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from lead_ops.sandbox import Faults, Kind, Scope
from redis.exceptions import RedisError

from .links import ProxyProcess
from .plan import Planned
from .proxy import Behaviour
from .stage import Stage, System
from .supervisor import Slot

Strike = Iterator[str]
Make = Callable[[Stage, System, Planned], Strike]

DELAY_SECONDS = (0.05, 0.4)
HIT_RATE = (0.2, 1.0)
REJECTED_RATE = 0.2
DRIP_SECONDS = 0.25
HEAD_ROOM_BYTES = 4 << 20
BALLAST_BYTES = 256 << 10
BALLAST = "ballast:"
"""Outside of any namespace."""


class MissedError(Exception):
    """There was nothing to hit: a process that is not there, say."""


def _between(ends: tuple[float, float], chance: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * chance


def _slot(stage: Stage, name: str, which: int) -> Slot:
    slots = stage.supervisor.called(name)
    if not slots:
        raise MissedError(f"there is no {name}")
    return slots[which % len(slots)]


def _kill(name: str, stage: Stage, system: System, planned: Planned) -> Strike:  # noqa: ARG001
    slot = _slot(stage, name, planned.which)
    if slot.done or not slot.kill():
        raise MissedError(f"{slot.name} does not run")
    yield slot.name


def _freeze(name: str, stage: Stage, system: System, planned: Planned) -> Strike:  # noqa: ARG001
    slot = _slot(stage, name, planned.which)
    if not slot.freeze():
        raise MissedError(f"{slot.name} does not run")
    yield slot.name
    slot.thaw()


def _kill_redis(stage: Stage, system: System, planned: Planned) -> Strike:  # noqa: ARG001
    stage.redis.kill()
    yield f"{planned.lasts_seconds:.1f} s"
    stage.redis.start()


def _freeze_redis(stage: Stage, system: System, planned: Planned) -> Strike:  # noqa: ARG001
    os.kill(stage.redis.pid, signal.SIGSTOP)
    yield f"{planned.lasts_seconds:.1f} s"
    os.kill(stage.redis.pid, signal.SIGCONT)


def _fill_redis(stage: Stage, system: System, planned: Planned) -> Strike:  # noqa: ARG001
    """Ballast until Redis takes no more; then let go of it again."""
    client = stage.direct
    used = int(client.info("memory")["used_memory"])
    client.config_set("maxmemory", used + HEAD_ROOM_BYTES)
    keys = 0
    try:
        while keys * BALLAST_BYTES < 2 * HEAD_ROOM_BYTES:
            client.set(f"{BALLAST}{keys}", bytes(BALLAST_BYTES))
            keys += 1
    except RedisError:
        pass  # that is what it was for
    yield f"{keys * BALLAST_BYTES >> 20} MiB"
    client.config_set("maxmemory", 0)
    for key in range(keys):
        client.unlink(f"{BALLAST}{key}")


def _link(stage: Stage, planned: Planned) -> ProxyProcess:
    return stage.redis_link if planned.kind.place == "redis-link" else stage.api_link


def _cut(stage: Stage, system: System, planned: Planned) -> Strike:  # noqa: ARG001
    _link(stage, planned).cut()
    yield ""


def _misbehave(
    behave: Callable[[float], Behaviour],
    stage: Stage,
    system: System,  # noqa: ARG001
    planned: Planned,
) -> Strike:
    """Half of those that held bytes back let them come late, as a network does that is back; the
    others reset the connections, as one does that was away for too long."""
    link, behaviour = _link(stage, planned), behave(planned.chance)
    link.behave(behaviour)
    held = bool(behaviour.dead) or not behaviour.reading
    resets = held and planned.number % 2 == 0
    yield behaviour.dead + (" then reset" if resets else " then late" if held else "")
    if resets:
        link.cut()
    link.behave(Behaviour())


def _harm(
    fault: Callable[[float, int], Faults],
    stage: Stage,
    system: System,  # noqa: ARG001
    planned: Planned,
) -> Strike:
    harm = fault(planned.chance, planned.number)
    number = stage.api.begin(harm)
    yield f"{harm.status or harm.kind} {harm.rate:.0%}"
    stage.api.end(number)


def _pause(stage: Stage, system: System, planned: Planned) -> Strike:  # noqa: ARG001
    system.operate("pause")
    yield ""
    system.operate("resume")


def _status(chance: float, seed: int) -> Faults:
    statuses = (500, 502, 503, 504)
    return Faults(status=statuses[seed % 4], rate=_between(HIT_RATE, chance), seed=seed)


def _busy(chance: float, seed: int) -> Faults:
    retry_after = str(1 + seed % 3)
    return Faults(status=429, retry_after=retry_after, rate=_between(HIT_RATE, chance), seed=seed)


def _answer(kind: Kind, chance: float, seed: int) -> Faults:
    rate = _between(HIT_RATE, chance)
    return Faults(kind=kind, drip_seconds=DRIP_SECONDS, rate=rate, seed=seed, scope=Scope.POST)


def _rejected(chance: float, seed: int) -> Faults:  # noqa: ARG001
    return Faults(status=422, rate=REJECTED_RATE, seed=seed, scope=Scope.POST)


def _far(chance: float) -> Behaviour:
    return Behaviour(delay_seconds=_between(DELAY_SECONDS, chance))


def _one_way(chance: float) -> Behaviour:
    return Behaviour(dead="up" if chance < 0.5 else "down")


_LINKS: Mapping[str, Make] = {
    "cut": _cut,
    "refuse": partial(_misbehave, lambda _: Behaviour(refusing=True)),
    "delay": partial(_misbehave, _far),
    "mute": partial(_misbehave, lambda _: Behaviour(dead="both")),
    "stall": partial(_misbehave, lambda _: Behaviour(reading=False)),
    "one-way": partial(_misbehave, _one_way),
}

STRIKES: Mapping[str, Make] = {
    "worker-kill": partial(_kill, "worker"),
    "worker-freeze": partial(_freeze, "worker"),
    "worker-nap": partial(_freeze, "worker"),
    "beat-kill": partial(_kill, "beat"),
    "beat-freeze": partial(_freeze, "beat"),
    "producer-kill": partial(_kill, "app"),
    "redis-kill": _kill_redis,
    "redis-away": _kill_redis,
    "redis-freeze": _freeze_redis,
    "redis-full": _fill_redis,
    **{f"{side}-{name}": make for side in ("redis", "api") for name, make in _LINKS.items()},
    "api-5xx": partial(_harm, _status),
    "api-429": partial(_harm, _busy),
    "api-401": partial(_harm, lambda _, seed: Faults(status=401, seed=seed)),
    "api-422": partial(_harm, _rejected),
    "api-drop": partial(_harm, partial(_answer, Kind.DROP)),
    "api-drip": partial(_harm, partial(_answer, Kind.DRIP)),
    "api-truncate": partial(_harm, partial(_answer, Kind.TRUNCATE)),
    "operator-pause": _pause,
}
