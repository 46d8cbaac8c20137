"""Reports to Sentry: quiet, and free of personal data.

It owns what leaves the machine for Sentry. Nothing goes out that `_only_ours` has not built anew
from known keys, because the SDK's defaults (local variables, source context, breadcrumbs of HTTP
calls, argv, exception texts) would carry leads and tokens.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sentry_sdk

from .core.lifecycle import LEASE_EXPIRED, Reason
from .settings import DAY_SECONDS, Settings

logger = logging.getLogger(__name__)

_PACKAGE = Path(__file__).parent


class Reporter:
    """Reports what a person should know. Without a DSN it only logs."""

    def __init__(self, settings: Settings, worker: str) -> None:
        self._worker = worker
        self._client = sentry_sdk.Client(
            dsn=settings.sentry_dsn or None,
            environment=settings.sentry_environment,
            server_name=worker,
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            include_source_context=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            send_client_reports=False,
            auto_session_tracking=False,
            before_send=_only_ours,
        )

    def dead_letter(self, lead_id: str, lane: str, reason: str, code: str) -> None:
        """A lead is dead: say which, why, and how to look at it."""
        self._dead(lead_id, reason, code, lane)

    def convicted(self, lead_id: str, status: int) -> None:
        """A lead is dead because the API refused it while it took others."""
        self._dead(lead_id, Reason.REJECTED, f"status_{status}", "")

    def governed(self, event: Mapping[str, object]) -> None:
        """A hold begins or ends, or a person did something: one event each.

        Args:
            event: an entry of the namespace's log.
        """
        name, kind = str(event.get("event", "")), str(event.get("kind", ""))
        if name == "campaign_stopped":
            self._campaign_stopped(event)
        if name not in ("paused", "resumed", "hold_began", "hold_ended"):
            return
        begins = name in ("paused", "hold_began")
        words = "begins" if begins else "ended"
        tags = {"kind": kind, "by": str(event.get("by", "")), "event": name}
        if begins:
            tags["next_step"] = "leads status"
        level = "warning" if begins else "info"
        # A reason may be an operator's own words, and those stay in the log.
        reason = f": {event.get('reason', '')}" if name == "hold_began" else ""
        self._send(level, f"hold {kind} {words}{reason}", ["hold", kind, words], tags)

    def _campaign_stopped(self, event: Mapping[str, object]) -> None:
        """A campaign stopped by itself: too many of its leads are dead again."""
        campaign = str(event.get("campaign", ""))
        words = f"campaign stopped: {event.get('dead')} dead, {event.get('delivered')} delivered"
        tags = {"campaign": campaign, "next_step": f"leads replay status {campaign}"}
        self._send("warning", words, ["campaign-stopped"], tags)

    def expiring(self, number: int, seconds: float) -> None:
        """Dead letters will be forgotten soon.

        Args:
            number: how many within the time that is announced.
            seconds: until the first of them.
        """
        days = max(0.0, seconds) / DAY_SECONDS
        words = f"{number} dead letters will be forgotten, the first in {days:.1f} days"
        logger.warning(words)
        self._send("warning", words, ["expiring"], {"next_step": "leads dead"})

    def poison(self, lead_id: str) -> None:
        """A lead is dead because its workers died."""
        self._dead(lead_id, Reason.POISON, LEASE_EXPIRED, "")

    def gone(self, lead_id: str, api_id: str) -> None:
        """Redis has lost a lead that was in flight, as after a restart without its data."""
        what = f"the API has it as {api_id}" if api_id else "it was not delivered"
        logger.error("lead %s is gone from Redis; %s", lead_id, what)
        tags = {"lead_id": lead_id, "api_id": api_id, "next_step": "leads audit"}
        self._send("error", "a lead in flight is gone from Redis", ["gone"], tags)

    def _dead(self, lead_id: str, reason: str, code: str, lane: str) -> None:
        self._send(
            "error",
            f"lead is dead: {reason} ({code})",
            ["dead-letter", reason, code],
            {
                "reason": reason,
                "cause": code,
                "lane": lane,
                "lead_id": lead_id,
                "next_step": f"leads dead show {lead_id}",
            },
        )

    def bells_unanswered(self) -> None:
        """Celery's consumer is stuck; the heartbeat delivers instead."""
        message = "bells go unanswered: Celery's consumer is stuck, the heartbeat delivers instead"
        logger.error(message)
        self._send("error", message, ["bells-unanswered"], {"worker": self._worker})

    def bug(self, error: Exception, lead_id: str = "") -> None:
        """An error of our own. Its text may hold a lead's data, so only its place goes out."""
        where = _place(error)
        logger.error("internal error: %s at %s, lead %s", type(error).__name__, where, lead_id)
        message = f"internal error: {type(error).__name__} at {where}"
        self._send("fatal", message, ["bug", message], {"lead_id": lead_id})

    def flush(self, timeout_seconds: float) -> None:
        """Wait until what was reported has left."""
        self._client.flush(timeout=timeout_seconds)

    def _send(self, level: str, message: str, fingerprint: list[str], tags: dict[str, str]) -> None:
        scope = sentry_sdk.Scope()  # a scope of its own: nothing of other libraries' gets in
        self._client.capture_event(
            {
                "level": level,  # type: ignore[typeddict-item]
                "message": message,
                "fingerprint": fingerprint,
                "tags": {name: value for name, value in tags.items() if value},
                "logger": "lead_worker",
            },
            scope=scope,
        )


_KEPT = (
    "event_id",
    "timestamp",
    "platform",
    "level",
    "message",
    "fingerprint",
    "tags",
    "logger",
    "environment",
    "release",
    "server_name",
    "sdk",
)


def _only_ours(event: Any, hint: Any) -> Any:  # noqa: ARG001 - Sentry's signature
    """Pass on what we put in, and nothing that was added on the way."""
    return {name: event[name] for name in _KEPT if name in event}


def _place(error: Exception) -> str:
    """The innermost line of our own code that the error passed."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if Path(f.filename).is_relative_to(_PACKAGE)]
    if not ours:
        return "an unknown place"
    return f"{Path(ours[-1].filename).relative_to(_PACKAGE)}:{ours[-1].lineno}"
