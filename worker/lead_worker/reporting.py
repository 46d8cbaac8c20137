"""Reports to Sentry: quiet, and free of personal data.

It owns which events there are: one issue for each cause, and few events of it. What the SDK makes
of them is `sentry`'s.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import sentry_sdk
from sentry_sdk.utils import event_from_exception

from . import logs, sentry
from .core.scrub import machine_name
from .core.thinning import Thinning
from .core.whereabouts import place
from .settings import DAY_SECONDS, Settings
from .tracing import Tracer

logger = logging.getLogger(__name__)

LEFT_SECONDS = 0.1
"""How long it is waited for what is on its way to Sentry."""

_WORKER = re.compile(r".+-\d+-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Report:
    """One event.

    Attributes:
        level: as Sentry has them.
        fingerprint: what makes events one issue.
        tags: what a person filters by; empty ones are left out.
        extra: numbers.
        breadcrumbs: what happened before.
        error: of which type and place are shown.
        event_id: 32 hex digits, the same where the same is reported again, as Sentry keeps one of
            those; "" for a new one.
    """

    level: str
    message: str
    fingerprint: tuple[str, ...]
    tags: Mapping[str, str]
    extra: Mapping[str, int] = field(default_factory=dict)
    breadcrumbs: tuple[Mapping[str, Any], ...] = ()
    error: BaseException | None = None
    event_id: str = ""


class Reporter:
    """Reports what a person should know. Without a DSN it only logs.

    Attributes:
        bugs: how many errors of our own there were.
    """

    def __init__(self, settings: Settings, worker: str) -> None:
        self._worker, self._namespace = worker, settings.namespace
        self.bugs = 0
        self._thinning, self._last = Thinning(), dict[str, Report]()
        self._lock = threading.Lock()
        self._lost = sentry.begin(settings, worker)
        self.tracer = Tracer(settings.sentry_traces_sample_rate if settings.sentry_dsn else 0.0)

    def died(self, event: Mapping[str, Any], crumbs: Sequence[Mapping[str, Any]] = ()) -> None:
        """Leads have died of one cause since the last report of it: one event for all of them.

        Args:
            event: as `beat.lua` gives it, with one of them as an example.
            crumbs: the last entries of that one's timeline, oldest first.
        """
        group, lead_id = str(event.get("group", "")), str(event.get("lead") or "")
        new = int(event.get("new", 0))
        words = "a lead is dead" if new == 1 else f"{new} leads are dead"
        tags = {name: str(event.get(name) or "") for name in ("reason", "cause", "status", "lane")}
        tags |= {"lead_id": lead_id, "source": machine_name(str(event.get("source") or "-"))}
        dead = int(event.get("dead") or 0)
        listed = f"leads dead list --group {group}" if dead else "leads dead"  # of several groups
        tags["next_step"] = f"leads dead show {lead_id}" if new == 1 else listed
        self._send(
            Report(
                "error",
                f"{words}: {group}",
                ("dead-letter", group),
                tags,
                extra={"new": new, "dead_in_group": dead},
                breadcrumbs=tuple(filter(None, map(_crumb, crumbs))),
                event_id=self._id_of(event),
            )
        )

    def governed(self, event: Mapping[str, object]) -> None:
        """A hold begins or ends: few events for a kind that flaps; what a person did, always.

        Args:
            event: an entry of the namespace's log.
        """
        name, kind = str(event.get("event", "")), str(event.get("kind", ""))
        if name == "campaign_stopped":
            self._campaign_stopped(event)
        if name not in ("paused", "resumed", "hold_began", "hold_ended"):
            return
        if event.get("suspected"):  # that it began was no news
            return
        begins = name in ("paused", "hold_began")
        words = "begins" if begins else "ended"
        tags = {"kind": kind, "by": _worker(str(event.get("by", ""))), "event": name}
        if begins:
            tags["next_step"] = "leads status"
        level = "warning" if begins else "info"
        # A reason may be an operator's own words, and those stay in the log.
        reason = f": {event.get('reason', '')}" if name == "hold_began" else ""
        report = Report(
            level,
            f"hold {kind} {words}{reason}",
            ("hold", kind, words),
            tags,
            event_id=self._id_of(event),
        )
        if name in ("paused", "resumed"):
            self._send(report)
        else:
            self._thin(report)

    def _campaign_stopped(self, event: Mapping[str, object]) -> None:
        """A campaign stopped by itself: too many of its leads are dead again."""
        campaign = str(event.get("campaign", ""))
        words = f"campaign stopped: {event.get('dead')} dead, {event.get('delivered')} delivered"
        tags = {"campaign": campaign, "next_step": f"leads replay status {campaign}"}
        print_as = ("campaign-stopped",)
        self._send(Report("warning", words, print_as, tags, event_id=self._id_of(event)))

    def expiring(self, number: int, seconds: float) -> None:
        """Dead letters will be forgotten soon.

        Args:
            number: how many within the time that is announced.
            seconds: until the first of them.
        """
        days = max(0.0, seconds) / DAY_SECONDS
        words = f"{number} dead letters will be forgotten, the first in {days:.1f} days"
        logger.warning(words, extra=logs.facts("expiring", leads=number))
        self._send(Report("warning", words, ("expiring",), {"next_step": "leads dead"}))

    def checked(self, *, good: bool, reason: str) -> None:
        """The check of each minute was made: whether delivery goes on, and why it does not."""
        sentry.check_in(good=good)
        if good:
            return
        facts = logs.facts("standing_still", reason=reason)
        logger.error("delivery stands still: %s", reason, extra=facts)
        words, tags = f"delivery stands still: {reason}", {"next_step": "leads health"}
        self._thin(Report("error", words, ("standing-still",), tags))

    def gone(self, lead_id: str, api_id: str) -> None:
        """Redis has lost a lead that was in flight, as after a restart without its data."""
        what = f"the API has it as {api_id}" if api_id else "it was not delivered"
        facts = logs.facts("lead_gone", lead_id=lead_id, api_id=api_id)
        logger.error("lead %s is gone from Redis; %s", lead_id, what, extra=facts)
        tags = {"lead_id": lead_id, "api_id": api_id, "next_step": "leads audit"}
        self._thin(Report("error", "a lead in flight is gone from Redis", ("gone",), tags))

    def bells_unanswered(self) -> None:
        """Celery's consumer is stuck; the heartbeat delivers instead."""
        message = "bells go unanswered: Celery is stuck, the heartbeat delivers"
        logger.error(message, extra=logs.facts("bells_unanswered"))
        self._send(Report("error", message, ("bells-unanswered",), {"worker": self._worker}))

    def bug(self, error: Exception, lead_id: str = "") -> None:
        """An error of our own. Its text may hold a lead's data, so only its place goes out."""
        self.bugs += 1
        where, kind = place(error), type(error).__name__
        facts = logs.facts("bug", lead_id=lead_id, error=kind, error_at=where)
        told = "internal error: %s at %s, lead %s"
        logger.error(told, kind, where, lead_id or "-", extra=facts)
        message = f"internal error: {kind} at {where}"
        self._thin(Report("fatal", message, ("bug", message), {"lead_id": lead_id}, error=error))

    def catch_up(self) -> None:
        """Report what happened again and again and was kept back until now; to be called often."""
        with self._lock:
            due = self._thinning.due(time.monotonic())
        for name, number in due:
            self._send(replace(self._last[name], extra={"new": number}))
        self._lost.catch_up()

    def waiting(self) -> int:
        """How many reports wait to be sent; looks for a moment (0.1 s) whether they leave."""
        return sentry.waiting(LEFT_SECONDS)

    def flush(self, timeout_seconds: float) -> None:
        """Report what was kept back, wait until it has left, and tell what Sentry did not get."""
        with self._lock:
            rest = self._thinning.rest()
        for name, number in rest:
            self._send(replace(self._last[name], extra={"new": number}))
        sentry_sdk.flush(timeout=timeout_seconds)
        self._lost.tell_the_rest()

    def _id_of(self, event: Mapping[str, Any]) -> str:
        """Of what Redis gives to be reported, and gives again where nobody confirms it."""
        text = json.dumps([self._namespace, event], sort_keys=True, default=str)
        return sha256(text.encode()).hexdigest()[:32]

    def _thin(self, report: Report) -> None:
        """Report what may come a thousand times in a row: few events, which tell how often."""
        name = " ".join(report.fingerprint)
        with self._lock:
            self._last[name] = replace(report, event_id="")  # what is told later is news
            number = self._thinning.happened(name, time.monotonic())
        if number:
            self._send(replace(report, extra={"new": number}))

    def _send(self, report: Report) -> None:
        event: dict[str, Any] = {
            "level": report.level,
            "message": report.message,
            "fingerprint": list(report.fingerprint),
            "tags": {name: value for name, value in report.tags.items() if value},
            "extra": dict(report.extra),
            "logger": "lead_worker",
        }
        if report.event_id:
            event["event_id"] = report.event_id
        if report.breadcrumbs:
            event["breadcrumbs"] = {"values": list(report.breadcrumbs)}
        if report.error:
            event["exception"] = _exception(report.error)
        scope = sentry_sdk.Scope()  # a scope of its own: nothing of other libraries' gets in
        sentry_sdk.get_client().capture_event(event, scope=scope)


def _worker(name: str) -> str:
    """A worker's name; "" for a person's."""
    return name if _WORKER.fullmatch(name) else ""


def _exception(error: BaseException) -> Any:
    """As the SDK has it; `sentry` takes out what it must not show."""
    options = sentry_sdk.get_client().options
    return event_from_exception(error, client_options=options)[0]["exception"]


def _crumb(entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """What an entry of a timeline may say outside: never the API's words, nor a field's."""
    words = [str(entry.get(name)) for name in ("event", "n", "outcome", "found") if entry.get(name)]
    why = entry.get("cause") or entry.get("status")
    then = entry.get("then")
    if not words:
        return None
    message = " ".join(words) + (f" ({why})" if why else "") + (f" -> {then}" if then else "")
    return {"timestamp": entry.get("at"), "category": "lead", "level": "info", "message": message}
