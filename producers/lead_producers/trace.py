"""The trace that an app is in while it enqueues, so that the delivery can go on with it.

It reads Sentry's SDK where the app has loaded it, and loads nothing. Of a trace that the app has
decided to sample the ids are taken, of another that it is not to be; other members of the baggage
may hold what is somebody's. Source: Sentry's page "Distributed Tracing" for the SDK's developers.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

TRACE_MAX = 2048
"""The longest text that is kept of a trace, in characters."""

_UNSAMPLED = "0"
_MEMBERS = ("trace_id", "public_key", "sampled", "sample_rate", "sample_rand")
_TRACEPARENT = re.compile(r"[0-9a-f]{32}-[0-9a-f]{16}-(?P<sampled>[01])")
_KEPT = tuple(f"sentry-{name}=" for name in _MEMBERS)


def of_the_app() -> str:
    """The headers of the trace that is under way, as a JSON object.

    Returns:
        "0" where the app has decided not to sample it; "" where there is none, or nobody decided.
    """
    sdk: Any = sys.modules.get("sentry_sdk")
    if sdk is None:
        return ""
    try:
        traceparent, baggage = sdk.get_traceparent(), sdk.get_baggage()
    except Exception:  # noqa: BLE001 - an SDK of another age must not cost a lead
        return ""
    decided = _TRACEPARENT.fullmatch(traceparent) if isinstance(traceparent, str) else None
    if not decided:
        return ""
    if decided["sampled"] == "0":
        return _UNSAMPLED
    text = _headers(decided[0], _ids(baggage if isinstance(baggage, str) else ""))
    return text if len(text) <= TRACE_MAX and text.isascii() else _headers(decided[0], "")


def _ids(baggage: str) -> str:
    """Of a baggage Sentry's ids and flags, without their properties."""
    members = (member.partition(";")[0].strip() for member in baggage.split(","))
    return ",".join(member for member in members if member.startswith(_KEPT))


def _headers(traceparent: str, baggage: str) -> str:
    headers = {"sentry-trace": traceparent} | ({"baggage": baggage} if baggage else {})
    return json.dumps(headers, separators=(",", ":"))
