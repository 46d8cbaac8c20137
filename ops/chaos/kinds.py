"""The kinds of faults, as data: what each does, where, for how long, and how much calm it needs.

It owns names and times. How a fault is brought about is in `strikes`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

DEADLINE_SECONDS = 2.0
LEASE_SECONDS = 6.0
"""Of the workers under test: so short that a run has time for many leases to run out."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    Attributes:
        what: what happens, in a line.
        place: where; there is one fault at a time in a place. `worker` stands for each of them.
        shortest_seconds, longest_seconds: how long it lasts; both 0 where it is an instant.
        calm_seconds: how long nothing else is done after it, where its recovery is measured.
        often: it comes more often than others, because its recovery is held to a bar.
        stock: whether stock Celery has what it is done to.
    """

    name: str
    what: str
    place: str
    shortest_seconds: float = 0.0
    longest_seconds: float = 0.0
    calm_seconds: float = 4.0
    often: bool = False
    stock: bool = True


_AFTER_A_LEASE = LEASE_SECONDS + 3
_PAST_THE_LEASE = LEASE_SECONDS + 1

KINDS = (
    Kind("worker-kill", "SIGKILL of a worker", "worker", 0, 0, _AFTER_A_LEASE, often=True),
    Kind(
        "worker-freeze",
        "SIGSTOP of a worker, past its lease",
        "worker",
        _PAST_THE_LEASE,
        _PAST_THE_LEASE + 6,
    ),
    Kind("worker-nap", "SIGSTOP of a worker, shorter than its lease", "worker", 0.3, 3),
    Kind("beat-kill", "SIGKILL of beat", "beat", stock=False),
    Kind("beat-freeze", "SIGSTOP of beat", "beat", 2, 5, stock=False),
    Kind("producer-kill", "SIGKILL of an app that enqueues", "producer"),
    Kind("redis-kill", "SIGKILL of Redis, back within 5 s", "redis", 0, 5, often=True),
    Kind("redis-away", "SIGKILL of Redis, back after 6 s or more", "redis", 6, 11, 5),
    Kind("redis-freeze", "SIGSTOP of Redis", "redis", 1, 6),
    Kind("redis-full", "Redis has no memory left", "redis", 3, 8),
    Kind("redis-cut", "all connections to Redis are reset", "redis-link"),
    Kind("redis-refuse", "connections to Redis are refused", "redis-link", 0.5, 5),
    Kind("redis-delay", "Redis is 50 to 400 ms further away", "redis-link", 3, 7),
    Kind("redis-mute", "Redis accepts, and nothing comes through", "redis-link", 2, 7),
    Kind("redis-stall", "nobody reads what is sent to Redis", "redis-link", 2, 7),
    Kind("redis-one-way", "one direction to or from Redis is dead", "redis-link", 2, 7),
    Kind("api-cut", "all connections to the API are reset", "api-link"),
    Kind("api-refuse", "the API goes away: connections are refused", "api-link", 1, 6),
    Kind("api-delay", "the API is 50 to 400 ms further away", "api-link", 3, 7),
    Kind("api-mute", "the API accepts, and nothing comes through", "api-link", 2, 6),
    Kind("api-stall", "nobody reads what is sent to the API", "api-link", 2, 6),
    Kind("api-one-way", "one direction to or from the API is dead", "api-link", 2, 6),
    Kind("api-5xx", "the API answers 500, 502, 503 or 504", "api", 2, 6),
    Kind("api-429", "the API answers 429 with Retry-After", "api", 1, 4),
    Kind("api-401", "the API refuses the token", "api", 2, 6, 8),
    Kind("api-422", "the API refuses some leads", "api", 1, 3, stock=False),
    Kind("api-drop", "the API takes leads and drops the connection", "api", 2, 5),
    Kind("api-drip", "the API takes leads and drips its answer", "api", 2, 5),
    Kind("api-truncate", "the API takes leads and cuts its answer short", "api", 2, 5),
    Kind("operator-pause", "an operator pauses, and resumes", "operator", 1, 4, stock=False),
)
BY_NAME = {kind.name: kind for kind in KINDS}


def chosen(names: Iterable[str]) -> tuple[Kind, ...]:
    """The kinds that are called so or begin so; all where no name is given.

    Raises:
        ValueError: a name fits none.
    """
    wanted = list(names) or [""]
    for name in wanted:
        if not any(kind.name.startswith(name) for kind in KINDS):
            known = ", ".join(kind.name for kind in KINDS)
            raise ValueError(f"expected one of {known}, found {name!r}")
    return tuple(kind for kind in KINDS if kind.name.startswith(tuple(wanted)))
