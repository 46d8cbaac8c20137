"""`leads health`: does delivery go on? For a supervisor, a probe or an alarm.

It owns the words and the exit code. What is good is `lead_worker.core.health`'s.
"""

from __future__ import annotations

from typing import Any

import click
from lead_producers import FormatMismatch
from lead_worker.core.health import Health, Verdict, Vitals, judge
from lead_worker.errors import SettingsError
from lead_worker.store import StoreError
from lead_worker.store.vitals import read
from redis.exceptions import ReadOnlyError, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from lead_ops import context, redis_users
from lead_ops.bounded import TooSlowError, bounded
from lead_ops.redis_trouble import name_trouble
from lead_ops.render import say, say_json

TIMEOUT_SECONDS = 3.0
UNREADABLE = "unreadable"


@click.command(short_help="Does delivery go on? Good (exit code 0) or bad (1), and why.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--timeout-seconds",
    type=click.FloatRange(0.1, 60.0),
    metavar="SECONDS",
    default=TIMEOUT_SECONDS,
    show_default=True,
    help="How long Redis is waited for in all.",
)
def health(as_json: bool, timeout_seconds: float) -> int:
    """Say in one line whether delivery goes on, judged by what is consumed.

    Good (exit code 0): leads were claimed lately, or none is due, or something holds them back: a
    pause, the API's wish, or what is the matter with the API, which is tried again by itself. The
    line says which. Bad (1): leads are due and nobody claims them, leads in flight were never
    settled, or Redis cannot be read, or is a replica. Settings or an option that cannot be used: 2.

    A namespace that nobody has used yet is good, and the line asks if its name is right.

    It judges the fleet and not one process: a restart of a worker because of it helps seldom.

    \b
      leads health
      leads health --json | jq -r .verdict
    """
    try:
        queue = context.for_command()
    except (SettingsError, context.ContextError) as error:
        if as_json:
            say_json(health_json(None, None, None) | _unreadable_json(str(error)))
        raise
    try:
        vitals = bounded(lambda: _read(queue, timeout_seconds), timeout_seconds)
    except TooSlowError:
        return _unreadable(queue, _words(queue, RedisTimeoutError()), as_json=as_json)
    except StoreError as error:
        return _unreadable(queue, _words(queue, error), as_json=as_json)
    except FormatMismatch as error:
        return _unreadable(queue, str(error), as_json=as_json)
    judged = _named(judge(vitals), queue.settings.namespace)
    if as_json:
        say_json(health_json(queue.settings.namespace, judged, vitals))
    else:
        say(("good  ", "bold green") if judged.good else ("BAD   ", "bold red"), judged.reason)
    return 0 if judged.good else 1


def _read(queue: context.Context, timeout_seconds: float) -> Vitals:
    store = queue.open_store(timeout_seconds=timeout_seconds)
    _refuse_replica(store.client)
    return read(store)


def _refuse_replica(client: Any) -> None:
    """One tells how it was; and whoever has its address can neither enqueue nor deliver.

    Raises:
        ReadOnlyError: it is one.
    """
    try:
        role = client.info("replication").get("role")
    except ResponseError:
        return  # whether this user may ask or not, what follows says what is wrong
    if role == "slave":
        raise ReadOnlyError("a replica")


def _words(queue: context.Context, error: RedisError) -> str:
    return str(name_trouble(error, queue, redis_users.WATCH))


def _unreadable(queue: context.Context, reason: str, *, as_json: bool) -> int:
    if as_json:
        namespace = queue.settings.namespace
        say_json(health_json(namespace, None, None) | _unreadable_json(reason))
    else:
        say(("BAD   ", "bold red"), reason)
    return 1


def _unreadable_json(reason: str) -> dict[str, Any]:
    return {"verdict": UNREADABLE, "reason": reason}


def _named(judged: Health, namespace: str) -> Health:
    """A name that was mistyped has to be seen."""
    if judged.verdict is not Verdict.UNUSED:
        return judged
    words = f"nobody has used namespace {namespace!r} yet: is that its name?"
    return Health(judged.verdict, words)


def health_json(
    namespace: str | None, judged: Health | None, vitals: Vitals | None
) -> dict[str, Any]:
    """The judgement under stable keys; instants in epoch seconds of Redis's clock, or null."""
    hold = vitals.governor.hold if vitals else None
    return {
        "good": judged.good if judged else False,
        "verdict": judged.verdict.value if judged else None,
        "reason": judged.reason if judged else None,
        "namespace": namespace,
        "now_at": vitals.now_at if vitals else None,
        "claimable": vitals.claimable if vitals else None,
        "due_at": vitals.due_at if vitals else None,
        "claimed_at": vitals.claimed_at if vitals else None,
        "delivered_at": vitals.delivered_at if vitals else None,
        "stood_seconds": round(judged.stood_seconds, 3) if judged else None,
        "in_flight": vitals.in_flight if vitals else None,
        "workers_alive": len(vitals.workers) if vitals else None,
        "hold": hold.kind.value if hold else None,
    }
