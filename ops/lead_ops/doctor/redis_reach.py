"""Whether Redis answers, how fast, and over what: the part of Redis's examination that asks it.

It owns the connection that later sections use. It writes nothing.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import redis
from lead_worker.setting_kinds import is_loopback
from lead_worker.store import Store, StoreError
from redis.exceptions import RedisError, ResponseError

from lead_ops import redis_users
from lead_ops.context import ContextError
from lead_ops.redis_trouble import Trouble, is_forbidden, name_trouble

from .case import REDIS, Case
from .finding import Finding, bad, good, skipped, warning
from .server import judge_fsync, judge_info

TIMEOUT_SECONDS = 3.0
PINGS = 15
SLOW_MS, TOO_SLOW_MS = 10.0, 250.0
UNREAD = "Redis cannot be read, see above"


def examine(case: Case) -> Iterator[Finding]:
    """Look at Redis."""
    if REDIS in case.bad:
        yield skipped("address", f"{REDIS} cannot be used, see above")
        return
    yield from _transport(case)
    try:
        client = case.queue.connect(TIMEOUT_SECONDS)
        client.ping()
        yield from _speed(case, client)
        case.store = Store(client, case.settings.namespace)
        info = _allowed(client.info)
        yield from judge_info(info)
        appends = None if info is None else info.get("aof_enabled") in (1, "1")
        yield judge_fsync(_fsync(client), appends=appends)
    except ContextError as error:
        yield bad("address", str(error), "mend LEADS_REDIS_URL")
    except StoreError as error:
        case.store = None
        trouble = _named(case, error)
        yield bad("reach", trouble.what, trouble.advice or "see its own log")


def unread(case: Case, error: StoreError) -> Finding:
    """What to do where Redis did not give what was asked for."""
    trouble = _named(case, error)
    advice = trouble.advice or "is a key of ours of another type? leads audit"
    return bad("reading", trouble.what, advice)


def _named(case: Case, error: RedisError) -> Trouble:
    return name_trouble(error, case.queue, redis_users.WATCH)


def _speed(case: Case, client: Any) -> Iterator[Finding]:
    took: list[float] = []
    for _ in range(PINGS):
        began, wall = time.monotonic(), time.time()
        seconds, micros = client.time()
        took.append(time.monotonic() - began)
        if took[-1] == min(took):  # the quickest answer tells the clocks apart best
            case.redis_ahead_seconds = seconds + micros / 1e6 - (wall + took[-1] / 2)
    ms = statistics.median(took) * 1000
    found = f"{case.queue.where()} answers within {ms:.1f} ms"
    advice = "run it near the workers; see its SLOWLOG, its disk and its neighbours"
    if ms >= TOO_SLOW_MS:
        yield bad("reach", found, advice)
    elif ms >= SLOW_MS:
        yield warning("reach", found, advice)
    else:
        yield good("reach", found)


def _transport(case: Case) -> Iterator[Finding]:
    """Leads are personal data, and whoever may write here may send any."""
    try:
        parse_url: Any = redis.connection.parse_url
        options = parse_url(case.settings.redis_url)
    except (ValueError, TypeError):
        return  # `connect` says it
    if "path" in options:
        yield good("transport", "a unix socket of this machine")
        return
    host, secret = str(options.get("host", "localhost")), options.get("password")
    if is_loopback(host):
        yield good("transport", "loopback: nothing leaves this machine")
        return
    tls = str(case.settings.redis_url).startswith("rediss:")
    if not tls:
        yield bad("transport", "leads cross the network in clear", "use rediss:// (TLS)")
    elif str(options.get("ssl_cert_reqs", "required")) not in ("required", "2"):
        yield bad("transport", "TLS without a check of the certificate", "drop ssl_cert_reqs")
    elif options.get("ssl_check_hostname") is False:
        yield warning("transport", "TLS with whoever has a certificate", "drop ssl_check_hostname")
    else:
        yield good("transport", "TLS, the certificate is checked")
    if secret:
        yield good("password", "one is set")
    else:
        yield bad("password", "none is set, beyond loopback", "set one (requirepass, or an ACL)")


def _fsync(client: Any) -> str | None:
    found = _allowed(lambda: client.config_get("appendfsync")) or {}
    texts = [v.decode() if isinstance(v, bytes) else str(v) for v in found.values()]
    return texts[0] if texts else None


def _allowed(ask: Any) -> Any:
    """What Redis answers; None where it refuses this one command."""
    try:
        return ask()
    except ResponseError as error:
        if is_forbidden(error) or "unknown command" in str(error).lower():
            return None
        raise
