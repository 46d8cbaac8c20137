"""The namespace, Celery's two lists in it, and whether delivery goes on.

It owns what counts as a stray message. It reads no lead.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from lead_producers.bell import QUEUE as BELL
from lead_producers.bell import TASK as DRAIN
from lead_producers.keys import FORMAT
from lead_worker.core.health import Verdict, Vitals, judge
from lead_worker.store import Store, StoreError
from lead_worker.store.reading import Reading
from lead_worker.store.runner import ScriptError
from lead_worker.store.vitals import read

from lead_ops.render import count_words
from lead_ops.views.holds import advice

from .case import API, NAMESPACE, Case
from .finding import Finding, bad, good, skipped, warning
from .redis_reach import UNREAD, unread
from .server import MORE_MEMORY

CALENDAR = "calendar"
"""As `lead_worker.app` calls it, which is a Celery app as soon as it is imported."""

LOOKED_AT = 20
MANY_BELLS, MANY_CALENDAR = 100, 20
OURS = "lead_worker."
STRAY = "no other Celery app may use this namespace; empty the list: workers do when they start"


def examine(case: Case) -> Iterator[Finding]:
    """Look at the namespace."""
    store = case.store
    if store is None or NAMESPACE in case.bad:
        yield skipped("namespace", UNREAD if store is None else "is not known")
        return
    try:
        yield from _namespace(case, store)
        yield _enqueueing(store)
        yield from _delivery(case, store)
        yield _list(store, BELL, (DRAIN,), MANY_BELLS, "bell")
        yield _list(store, CALENDAR, None, MANY_CALENDAR, "task")
    except StoreError as error:
        yield unread(case, error)


def _namespace(case: Case, store: Store) -> Iterator[Finding]:
    name = store.keys.namespace
    meta: dict[bytes, bytes] = store.client.hgetall(store.keys.meta)
    found = meta.get(b"format", b"").decode("utf-8", "replace")
    if found and found != FORMAT:
        advice = "run the release that fits"
        yield bad("namespace", f"{name} has format {found}, this release knows {FORMAT}", advice)
        return
    if found:
        yield good("namespace", name)
    else:
        advice = "is LEADS_NAMESPACE right? the first worker, or lead, makes it"
        yield warning("namespace", f"{name}: nobody has used it yet", advice)
    api_url = meta.get(b"api_url", b"").decode("utf-8", "replace")
    if api_url and API not in case.bad and api_url != case.settings.api_url:
        words = f"{name} delivers to {api_url}, and {API} is {case.settings.api_url}"
        advice = "use another LEADS_NAMESPACE, or LEADS_ALLOW_API_CHANGE=yes if it has changed"
        yield bad("address", words, advice)


def _enqueueing(store: Store) -> Finding:
    if Reading(store).enqueueing_refused():
        words = "refused: Redis is short of memory"
        return bad("enqueueing", words, MORE_MEMORY)
    return good("enqueueing", "new leads are taken")


def _delivery(case: Case, store: Store) -> Iterator[Finding]:
    """A key that is broken keeps nobody from looking at the lists."""
    if Reading(store).format() not in (None, FORMAT):
        yield skipped("delivery", "records of another format do not tell")
        return
    try:
        yield _judged(read(store))
    except ScriptError as error:
        yield unread(case, error)


def _judged(vitals: Vitals) -> Finding:
    health, hold = judge(vitals), vitals.governor.hold
    if not health.good:
        return bad("delivery", health.reason, "see workers below; leads status")
    if health.verdict is Verdict.HELD and hold is not None:
        return warning("delivery", health.reason, advice(hold))
    return good("delivery", health.reason)


def _list(store: Store, name: str, tasks: Sequence[str] | None, many: int, word: str) -> Finding:
    key = f"{store.keys.prefix}{name}"
    kind = store.client.type(key)
    if kind not in (b"list", b"none"):
        return bad(name, f"expected a list, found a {kind.decode()}", f"DEL {key}")
    length = int(store.client.llen(key))
    strays = sum(not _is_ours(each, tasks) for each in store.client.lrange(key, 0, LOOKED_AT - 1))
    if strays:
        return bad(name, f"{strays} of the first {LOOKED_AT} messages are not ours", STRAY)
    if length > many:
        found = f"{length:,} {word}s wait: Celery's consumers do not take them"
        return warning(name, found, "are workers alive? they empty the list when they start")
    return good(name, count_words(length, f"{word} waits", f"{word}s wait"))


def _is_ours(message: bytes, tasks: Sequence[str] | None) -> bool:
    try:
        task: Any = json.loads(message)["headers"]["task"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    return task in tasks if tasks else isinstance(task, str) and task.startswith(OURS)
