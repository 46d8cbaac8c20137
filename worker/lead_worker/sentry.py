"""Sentry's SDK as it is used here: with its Celery integration, and without what it leaks.

It owns what leaves a process for Sentry. An event is built anew from the parts that are named here,
and each text in it goes through `scrub`; for the SDK's defaults (local variables, source context,
breadcrumbs of HTTP calls, argv, exception texts) would carry leads and tokens.
Source: Sentry's pages "Data Collected", "Crons" and "Celery" of the SDK for Python.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import sentry_sdk
from sentry_sdk.crons import MonitorStatus, capture_checkin
from sentry_sdk.integrations.celery import CeleryIntegration

from . import logs
from .core.scrub import scrub
from .core.thinning import Thinning
from .settings import Settings

if TYPE_CHECKING:
    from sentry_sdk.types import MonitorConfig

logger = logging.getLogger(__name__)

DELIVER = "lead.deliver"
"""The operation of the only transactions that are sampled: those of leads."""

_EVENT = (
    *("event_id", "timestamp", "platform", "level", "message", "fingerprint", "tags", "extra"),
    *("logger", "environment", "release", "server_name", "sdk", "breadcrumbs"),
)
_TRANSACTION = (
    *("event_id", "timestamp", "start_timestamp", "platform", "type", "transaction", "tags"),
    *("transaction_info", "environment", "release", "server_name", "sdk"),
)
_TRACE = ("trace_id", "span_id", "parent_span_id", "op", "status", "origin", "description")
_SPAN = (*_TRACE, "timestamp", "start_timestamp", "tags")
_FRAME = ("filename", "function", "lineno", "module", "in_app")
_CHECK_IN = (
    *("event_id", "timestamp", "type", "check_in_id", "monitor_slug", "monitor_config", "status"),
    *("duration", "environment", "release"),
)
_AS_THEY_ARE = frozenset(
    {
        *("event_id", "check_in_id", "trace_id", "span_id", "parent_span_id", "lead_id"),
        *("timestamp", "start_timestamp", "sdk", "release", "server_name", "worker"),
    }
)
"""Ids, instants and names that are made here."""

_SLUG_MAX = 50
DEFAULT_NAMESPACE = Settings().namespace

DELIVERY = "leads-delivery"
"""The monitor of the check that is made each minute."""

_EACH_MINUTE: MonitorConfig = {
    "schedule": {"type": "interval", "value": 1, "unit": "minute"},
    "checkin_margin": 2,
    "max_runtime": 1,
    "failure_issue_threshold": 2,
    "recovery_threshold": 1,
    "timezone": "UTC",
}
"""It fails where two in a row are bad or are missing: a worker that restarts is no news."""


def begin(settings: Settings, server_name: str) -> Lost:
    """Let this process report; once. Without a DSN nothing is reported.

    Returns:
        What counts the reports that Sentry does not get.
    """
    # What SENTRY_DEBUG asks the SDK to say goes through our log, not past it.
    logging.getLogger("sentry_sdk.errors").handlers.clear()
    try:
        _init(settings, server_name, settings.sentry_dsn or None)
    except Exception as error:  # noqa: BLE001 - a proxy's address, say, that urllib3 cannot read
        words = "Sentry cannot be used (%s): are HTTP_PROXY, HTTPS_PROXY and SSL_CERT_FILE right?"
        logger.error(words, type(error).__name__, extra=logs.facts("sentry_unusable"))
        _init(settings, server_name, None)
    lost = Lost()
    transport: Any = sentry_sdk.get_client().transport
    if transport is not None:
        transport.on_dropped_event = lost.happened
    return lost


def _init(settings: Settings, server_name: str, dsn: str | None) -> None:
    sentry_sdk.init(
        dsn=dsn,
        environment=settings.sentry_environment,
        release=release(),
        server_name=server_name,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            CeleryIntegration(
                monitor_beat_tasks=True, exclude_beat_tasks=[DELIVERY], propagate_traces=False
            )
        ],
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        spotlight=False,  # SENTRY_SPOTLIGHT would turn personal data on
        send_client_reports=False,
        auto_session_tracking=False,
        # It would thin out traces by a thread of its own; they are bounded already (`tracing`).
        enable_backpressure_handling=False,
        traces_sampler=_sampled,
        before_send=lambda event, hint: _of(settings.namespace, clean_event(event, hint)),
        before_send_transaction=lambda event, hint: _of(
            settings.namespace, clean_transaction(event, hint)
        ),
        before_breadcrumb=lambda *_: None,
    )


class Lost:
    """What Sentry did not take, in the log: at once, and then together at growing intervals."""

    def __init__(self) -> None:
        self._thinning, self._lock = Thinning(), threading.Lock()

    def happened(self, reason: str) -> None:
        """The SDK has dropped an envelope, for a reason in a word (`full_queue`, `network`)."""
        with self._lock:
            number = self._thinning.happened(reason, time.monotonic())
        if number:
            self._tell(reason, number)

    def catch_up(self) -> None:
        """Tell what was kept back until now; to be called often."""
        with self._lock:
            due = self._thinning.due(time.monotonic())
        for reason, number in due:
            self._tell(reason, number)

    def tell_the_rest(self) -> None:
        """Tell all that was kept back, for the end."""
        with self._lock:
            rest = self._thinning.rest()
        for reason, number in rest:
            self._tell(reason, number)

    @staticmethod
    def _tell(reason: str, number: int) -> None:
        facts = {"event": "sentry_lost", "reason": reason, "lost": number}
        words = "1 report" if number == 1 else f"{number} reports"
        logger.warning("Sentry did not get %s (%s)", words, reason, extra={"facts": facts})


def _of(namespace: str, event: Any) -> Any:
    """Say whose an event is, so that two namespaces with one DSN have issues and monitors apart."""
    other = namespace != DEFAULT_NAMESPACE
    if event.get("type") == "check_in":
        return event | ({"monitor_slug": _slug(event["monitor_slug"], namespace)} if other else {})
    event["tags"] = {**(event.get("tags") or {}), "namespace": namespace}
    if other and event.get("type") != "transaction":
        event["fingerprint"] = [*(event.get("fingerprint") or ["{{ default }}"]), namespace]
    return event


def _slug(monitor: str, namespace: str) -> str:
    """A monitor's name with the namespace's, as Sentry allows it: lower-case, and not too long."""
    slug = re.sub(r"[^a-z0-9_-]", "-", f"{monitor}-{namespace}".lower())
    if len(slug) <= _SLUG_MAX and slug == f"{monitor}-{namespace}":
        return slug
    return f"{slug[: _SLUG_MAX - 7]}-{sha256(namespace.encode()).hexdigest()[:6]}"


def release() -> str:
    """The name and version of what runs, as Sentry calls a release."""
    try:
        return f"leads-worker@{version('leads-worker')}"
    except PackageNotFoundError:
        return "leads-worker"


def waiting(seconds: float) -> int:
    """How many envelopes wait to be sent; none where all of them leave within so long.

    The SDK's own `flush` puts something more into its queue each time, which hides what has left.
    """
    number: list[int] = []
    transport: Any = sentry_sdk.get_client().transport
    if transport is not None:
        transport._worker.flush(seconds, callback=lambda pending, _: number.append(pending))
    return number[0] if number else 0


def check_in(*, good: bool) -> None:
    """Say whether delivery goes on; where nobody says so for long, Sentry speaks up."""
    status = MonitorStatus.OK if good else MonitorStatus.ERROR
    capture_checkin(monitor_slug=DELIVERY, status=status, monitor_config=_EACH_MINUTE)


def clean_event(event: Any, hint: Any) -> Any:  # noqa: ARG001 - Sentry's signature
    """Pass on what we put in, and of an exception where it happened; nothing else."""
    if event.get("type") == "check_in":
        return _scrubbed(_only(event, _CHECK_IN))
    kept = {name: event[name] for name in _EVENT if name in event}
    if "exception" in event:
        values = event["exception"].get("values") or []
        kept["exception"] = {"values": [_exception(value) for value in values]}
    return _scrubbed(kept)


def clean_transaction(event: Any, hint: Any) -> Any:  # noqa: ARG001 - Sentry's signature
    """Pass on times and names; what the SDK knows of requests and users stays here."""
    kept = {name: event[name] for name in _TRANSACTION if name in event}
    kept["contexts"] = {"trace": _only(event.get("contexts", {}).get("trace", {}), _TRACE)}
    kept["spans"] = [_only(span, _SPAN) for span in event.get("spans") or []]
    return _scrubbed(kept)


def _exception(value: Mapping[str, Any]) -> dict[str, Any]:
    """Its type and its place. Its text may hold a lead's data."""
    frames = (value.get("stacktrace") or {}).get("frames") or []
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "stacktrace": {"frames": [_only(frame, _FRAME) for frame in frames]},
    }


def _only(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, Mapping):
        return {
            name: item if name in _AS_THEY_ARE else _scrubbed(item) for name, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_scrubbed(item) for item in value]
    return value


def _sampled(context: Mapping[str, Any]) -> float:
    """The deliveries that `tracing` has chosen. Celery's tasks are bells, and tell nothing."""
    return float((context.get("transaction_context") or {}).get("op") == DELIVER)
