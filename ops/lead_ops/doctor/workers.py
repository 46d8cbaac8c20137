"""Workers and beat, by what they say of themselves in Redis."""

from __future__ import annotations

from collections.abc import Iterator

from lead_worker.sentry import release
from lead_worker.store import Store, StoreError
from lead_worker.store.reading import Reading, Worker
from lead_worker.store.store import WORKER_LISTED_SECONDS
from lead_worker.store.vitals import read
from redis.exceptions import ResponseError

from lead_ops.record_numbers import instant, whole
from lead_ops.render import count_words, span

from .case import NAMESPACE, Case
from .finding import Finding, bad, good, skipped, warning
from .namespace import CALENDAR
from .redis_reach import UNREAD, unread

CALENDAR_LATE_SECONDS = 180.0
"""Beat sends calendar work each minute; two that are missed are one too many."""

START = "start one: celery -A lead_worker.app worker -P threads -c 1; end those that hang"
START_BEAT = "start one: celery -A lead_worker.app beat. Until then nothing is forgotten in time"
RESTART = "restart the workers, one by one; deliveries go on without it"
SAME = (
    *("rate_per_minute", "schema", "lease_seconds", "deadline_seconds", "redrive"),
    *("keep_dead_days", "keep_discarded_days"),
)


def examine(case: Case) -> Iterator[Finding]:
    """Look at them."""
    store = case.store
    if store is None or NAMESPACE in case.bad:
        yield skipped("workers", UNREAD if store is None else "not known of which")
        return
    try:
        yield from _examine(store)
    except StoreError as error:
        yield unread(case, error)


def _examine(store: Store) -> Iterator[Finding]:
    vitals = read(store)
    now_at = vitals.now_at
    listed = Reading(store).workers(now_at - WORKER_LISTED_SECONDS)
    alive = [each for each in listed if not each.is_silent(now_at)]
    yield from _alive(listed, alive, now_at)
    if alive:
        yield _releases(alive)
        yield _tokens(alive, dict(vitals.governor.stale), now_at)
        yield _settings(alive)
    yield judge_beat(vitals.calendar_at, alive, now_at, _tasks_waiting(store))


def _tasks_waiting(store: Store) -> int:
    try:
        return int(store.client.llen(f"{store.keys.prefix}{CALENDAR}"))
    except ResponseError:  # of another type: the section on the queue says so
        return 0


def _alive(listed: list[Worker], alive: list[Worker], now_at: float) -> Iterator[Finding]:
    silent = [each for each in listed if each.is_silent(now_at)]
    if alive:
        threads = sum(whole(each.about.get("concurrency")) or 0 for each in alive)
        number = count_words(len(alive), "is alive", "are alive")
        yield good("workers", f"{number}, {threads} requests at once between them")
    else:
        yield bad("workers", "none has given a sign of late", START)
    if silent:
        words = f"{len(silent)} gave no sign for {span(now_at - silent[0].beat_at)} or longer"
        yield warning("silent", words, "dead, stuck or cut off from Redis: see their logs")


def _releases(alive: list[Worker]) -> Finding:
    found = sorted({each.about.get("release", "an older one") for each in alive})
    if len(found) > 1:
        return warning("release", f"they differ: {', '.join(found)}", "end the update")
    if found[0] != release():
        words = f"they run {found[0]}, and this is {release()}"
        return warning("release", words, "update the one or the other")
    return good("release", f"{found[0]}, the same everywhere")


def _tokens(alive: list[Worker], stale: dict[str, float], now_at: float) -> Finding:
    marks = {each.about.get("token_mark", "") for each in alive}
    benched = sum(stale.get(each.about.get("token_mark", ""), 0.0) > now_at for each in alive)
    if benched:
        words = f"{benched} of {len(alive)} have a token that is refused, and get no leads"
        return bad("tokens", words, "give each worker the token that the API takes")
    if len(marks) > 1:
        return warning("tokens", f"they use {len(marks)} different ones", "give each the same")
    return good("tokens", "the same everywhere")


def _settings(alive: list[Worker]) -> Finding:
    differ = [name for name in SAME if len({each.about.get(name, "") for each in alive}) > 1]
    if differ:
        words = ", ".join(differ)
        return warning("settings", f"workers differ in {words}", "set each worker alike")
    return good("settings", "the same everywhere")


def judge_beat(
    calendar_at: float | None, alive: list[Worker], now_at: float, waiting: int = 0
) -> Finding:
    """Judge `celery beat` by when calendar work was last done.

    Args:
        waiting: calendar tasks in their list. Beat puts them there, Celery's consumers take them.
    """
    if not alive:
        return skipped("beat", "without a worker nobody does what it asks for")
    if calendar_at is not None and now_at - calendar_at < CALENDAR_LATE_SECONDS:
        return good("beat", f"calendar work was done {span(now_at - calendar_at)} ago")
    oldest_at = min(_started_at(each) or now_at for each in alive)
    if now_at - oldest_at < CALENDAR_LATE_SECONDS:
        return warning("beat", "no calendar work yet, but workers are new", "look again in 3 min")
    words = "no calendar work was ever done"
    if calendar_at is not None:
        words = f"no calendar work for {span(now_at - calendar_at)}"
    if waiting:
        tasks = count_words(waiting, "task waits", "tasks wait")
        return bad("beat", f"{words}, and {tasks}: Celery's consumers are stuck", RESTART)
    return bad("beat", words, START_BEAT)


def _started_at(worker: Worker) -> float | None:
    return instant(worker.about.get("started_at"))
