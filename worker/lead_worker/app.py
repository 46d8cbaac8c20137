"""The composition root: the Celery app, and what one worker process is made of.

`celery -A lead_worker.app worker -P threads -c 1` starts it. Celery carries bells and calendar work
only; what it does wrong on a bad day may delay a lead and no more (decision 0001).
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import ssl
import threading
import time
from dataclasses import asdict
from typing import Any, NoReturn, cast
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit
from uuid import uuid4

from celery import Celery, bootsteps, signals
from celery.worker.state import maybe_shutdown
from kombu.entity import Exchange, Queue
from lead_producers.bell import QUEUE as BELL_QUEUE
from lead_producers.keys import Keys

from . import bell_transport, collector, logs, sentry
from .absence import Absence
from .celery_logs import LoggingApp, tell_stacks_at_sigusr1
from .courier import Courier
from .errors import LeadWorkerError
from .heartbeat import Heartbeat
from .metering import Meter
from .reporting import Reporter
from .settings import Settings, load
from .store import Store, StoreError

logger = logging.getLogger(__name__)

CALENDAR_QUEUE = "calendar"
STOP_MARGIN_SECONDS = 2.0
STOP_LIMIT_SECONDS = 12.5
EXIT_SECONDS = 14.0
"""In-flight calls end within their deadline; a supervisor that waits 15 s must see us gone, even
where Redis hangs and Celery waits for it: then the process ends itself."""

CALENDAR_EVERY_SECONDS = 60.0


class Runtime:
    """What one worker process runs: its store, its courier, its heartbeat."""

    def __init__(self, settings: Settings, mend_consumer: Any) -> None:
        self.settings = settings
        self._stopped = False
        worker = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        logs.speak_as(worker)
        self.store = Store.from_url(settings.redis_url, settings.namespace, worker)
        self.reporter = Reporter(settings, worker)
        meter = Meter()
        self.courier = Courier(settings, self.store, self.reporter, meter)
        about = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started_at": time.time(),
            "release": sentry.release(),
            "concurrency": settings.concurrency,
            "lease_seconds": settings.lease_seconds,
            "deadline_seconds": settings.deadline_seconds,
            "max_in_flight": settings.max_in_flight,
            "rate_per_minute": settings.rate_per_minute,
            "schema": json.dumps(asdict(settings.schema_rules)),
            "keep_dead_days": settings.keep_dead_days,
            "keep_discarded_days": settings.keep_discarded_days,
            "redrive": int(settings.redrive),
        }
        self.heartbeat = Heartbeat(
            self.store,
            self.courier,
            self.reporter,
            about,
            most_in_flight=settings.max_in_flight,
            rate_per_minute=settings.rate_per_minute,
            mend_consumer=mend_consumer,
            check_namespace=self._check_namespace,
            meter=meter,
        )

    def start(self) -> None:
        """Begin to deliver.

        Raises:
            NamespaceMismatchError: the namespace belongs to another API or another release.
        """
        self._open()
        self.store.silence(BELL_QUEUE, CALENDAR_QUEUE)
        collector.look_seldom()
        self.courier.start()
        self.heartbeat.start()

    def _open(self) -> None:
        """Wait for Redis as long as it takes: a worker that gives up needs a person."""
        allow, absence = self.settings.allow_api_change, Absence("waiting for Redis")
        while True:
            try:
                self.store.open(self.settings.api_url, allow_change=allow)
                return absence.ended()
            except StoreError as error:
                absence.failed(error)
                time.sleep(1.0)
                maybe_shutdown()

    def _check_namespace(self) -> None:
        """Stop where the namespace has become another API's; write it anew where Redis lost it."""
        try:
            self.store.open(self.settings.api_url)
        except LeadWorkerError as error:
            if not self.courier.stopping:
                logger.critical("stopping: %s", error, extra=logs.facts("stopping"))
                self.courier.stop_claiming()
                os.kill(os.getpid(), signal.SIGTERM)

    def stop(self) -> None:
        """Finish what is in flight, settle it, and leave; once."""
        if self._stopped:
            return
        self._stopped = True
        limit = min(self.settings.deadline_seconds + STOP_MARGIN_SECONDS, STOP_LIMIT_SECONDS)
        settled = self.courier.stop(limit)
        if not settled:
            words = "not all could be settled in time; those leads become unknown"
            logger.warning(words, extra=logs.facts("not_settled_in_time"))
        # Where Redis did not answer until now, there is no time left to say good-bye to it.
        self.heartbeat.stop(say_goodbye=settled)
        self.reporter.flush(1.0)


def make_app(settings: Settings) -> Celery:
    """Make the Celery app: two queues, no results, no events, bells acknowledged early."""
    bell_transport.install()
    app = LoggingApp("lead_worker")
    app.conf.update(
        broker_url=broker_url(settings.redis_url),
        broker_transport_options={
            "global_keyprefix": Keys(settings.namespace).prefix,
            "socket_timeout": 30,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "health_check_interval": 10,
            "max_connections": 200,
            "priority_steps": [0],
        },
        broker_channel_error_retry=True,
        broker_connection_max_retries=None,
        broker_connection_retry_on_startup=True,
        task_queues=[_queue(BELL_QUEUE), _queue(CALENDAR_QUEUE)],
        task_default_queue=CALENDAR_QUEUE,
        task_routes={"lead_worker.drain": {"queue": BELL_QUEUE}},
        task_ignore_result=True,
        task_acks_late=False,
        worker_pool="threads",
        worker_concurrency=1,
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        # Neither does anything here; without them Celery warns at each loss of its connection.
        worker_cancel_long_running_tasks_on_connection_loss=True,
        worker_enable_prefetch_count_reduction=False,
        imports=["lead_worker.tasks"],
        # In memory: calendar work is idempotent, so it may run again after a restart.
        beat_scheduler="celery.beat:Scheduler",
        beat_schedule=_calendar(),
    )
    if settings.redis_url.startswith("rediss:"):
        app.conf.broker_use_ssl = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    app.steps["worker"].add(DeliveryStep)
    return app


def _calendar() -> dict[str, dict[str, Any]]:
    """What beat does each minute; the names are those of Sentry's monitors."""
    tasks: dict[str, dict[str, Any]] = {
        "leads-retention": {"task": "lead_worker.retain"},
        "leads-redrive": {"task": "lead_worker.redrive"},
        # What was true while nobody worked is of no use to anybody later.
        sentry.DELIVERY: {
            "task": "lead_worker.check",
            "options": {"expires": CALENDAR_EVERY_SECONDS},
        },
    }
    return {name: {**task, "schedule": CALENDAR_EVERY_SECONDS} for name, task in tasks.items()}


def _queue(name: str) -> Any:
    queue, exchange = cast(Any, Queue), cast(Any, Exchange)  # kombu has no types
    return queue(name, exchange(name), routing_key=name)


def broker_url(redis_url: str) -> str:
    """kombu's way to write a URL of Redis: other words for unix sockets, no login in the query."""
    parts = urlsplit(redis_url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    user, password = user or query.get("username", ""), password or query.get("password", "")
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if user or password else ""
    if parts.scheme == "unix":
        return f"redis+socket://{login}{parts.path}?virtual_host={query.get('db', '0')}"
    host = parts.netloc.rpartition("@")[2]
    path = parts.path if parts.path.strip("/") else f"/{query.get('db', '0')}"
    tls = urlencode({name: value for name, value in query.items() if name.startswith("ssl_")})
    return f"{parts.scheme}://{login}{host}{path}" + (f"?{tls}" if tls else "")


class DeliveryStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Makes a Celery worker deliver leads for as long as it lives."""

    runtime: Runtime | None = None

    def start(self, parent: Any) -> None:
        """Build this process's runtime; a mistake of the operator's ends it with one line each."""

        tell_stacks_at_sigusr1()

        def mend_consumer() -> None:
            parent.consumer.hub.call_soon(_begin_anew)

        try:
            DeliveryStep.runtime = Runtime(load(deliver=True), mend_consumer)
            DeliveryStep.runtime.start()
        except LeadWorkerError as error:
            _refuse(error)

    def stop(self, parent: Any) -> None:  # noqa: ARG002 - Celery's signature
        # It stays: Celery's pool may still begin a drain, which then returns at once.
        if DeliveryStep.runtime:
            DeliveryStep.runtime.stop()

    terminate = stop


def runtime() -> Runtime:
    """What this worker process runs; tasks reach it here."""
    if DeliveryStep.runtime is None:
        raise LeadWorkerError("no worker runs in this process: start one with `celery ... worker`")
    return DeliveryStep.runtime


def _begin_anew() -> NoReturn:
    """In the consumer's own loop: let it take its connection for lost, and start again."""
    raise ConnectionError("the consumer did not answer bells")


def _refuse(error: LeadWorkerError) -> NoReturn:
    raise SystemExit("\n".join(f"leads: {line}" for line in str(error).splitlines()))


@signals.worker_init.connect  # type: ignore[untyped-decorator]
def _without_chatter(sender: Any, **_: Any) -> None:
    """Gossip, mingle and heartbeats are for fleets that talk through the broker; ours does not."""
    sender.options.update(without_gossip=True, without_mingle=True, without_heartbeat=True)


@signals.celeryd_init.connect  # type: ignore[untyped-decorator]
def _report_from_tasks(**_: Any) -> None:
    """Before Celery makes its tasks' tracers: what fails in them is not seen by Sentry else."""
    sentry.begin(load(), f"{socket.gethostname()}-{os.getpid()}")


@signals.beat_init.connect  # type: ignore[untyped-decorator]
def _report_from_beat(**_: Any) -> None:
    """Sentry hears of each run of calendar work, and misses the ones that do not come."""
    name = f"{socket.gethostname()}-{os.getpid()}-beat"
    logs.speak_as(name)
    sentry.begin(load(), name)


@signals.worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop_claiming(**_: Any) -> None:
    if DeliveryStep.runtime:
        DeliveryStep.runtime.courier.stop_claiming()
    last_resort = threading.Timer(EXIT_SECONDS, _end_now)
    last_resort.daemon = True
    last_resort.start()


def _end_now() -> None:
    words = "ending while Redis or the API hangs; its leads become unknown"
    logger.warning(words, extra=logs.facts("ending"))
    os._exit(1)


try:
    app = make_app(load())
except LeadWorkerError as mistake:
    _refuse(mistake)
