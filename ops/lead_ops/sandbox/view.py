"""What the sandbox knows, as lines and rows for a person.

It owns wording and columns. How they are printed, and made harmless, is `render`'s.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lead_ops.render import clean, count_words

LEAD_COLUMNS = ("id", "created", "name", "contact")
JOURNAL_COLUMNS = ("#", "at", "request", "answer", "sent", "fault", "created")


def lead_row(lead: dict[str, Any]) -> tuple[Any, ...]:
    """A lead under `LEAD_COLUMNS`; the time of day is UTC, as the API gives it."""
    created = str(lead["createdAt"])
    return (lead["id"], created[11:19], lead["name"], lead["email"] or lead["phone"])


def journal_row(arrival: dict[str, Any]) -> tuple[Any, ...]:
    """An arrival under `JOURNAL_COLUMNS`, in local time; without query and body."""
    at = datetime.fromtimestamp(arrival["at"]).astimezone()
    request = f"{arrival['method']} {arrival['path']}" if arrival["method"] else "not HTTP"
    return (
        arrival["number"],
        f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}",
        request,
        arrival["status"] or "none",
        arrival["sent"],
        arrival["fault"],
        "yes" if arrival["lead_id"] else "no",
    )


def overview_lines(port: int, overview: dict[str, Any]) -> list[str]:
    """What was seen and what is in force."""
    statuses = ", ".join(f"{status}: {count}" for status, count in overview["by_status"].items())
    lines = [
        f"sandbox   http://127.0.0.1:{port}/rest",
        f"requests  {overview['requests']}" + (f"  ({statuses})" if statuses else ""),
        f"leads     {overview['leads']}",
    ]
    faults = overview["faults"]
    lines.append(
        f"faults    {len(faults) or 'none'}" + (", the newest decides" * (len(faults) > 1))
    )
    return lines + [line for active in faults for line in active_lines(active)]


def active_lines(active: dict[str, Any]) -> list[str]:
    """One fault in force, in two lines."""
    fault = dict(active["fault"])
    kind = fault.pop("kind", None)
    parts = [] if kind in (None, "status") else [str(kind).replace("_", "-")]
    fault.pop("for_seconds", None)  # what is left of it is more use
    count = fault.pop("count", None)
    parts += [f"{name.replace('_seconds', '')} {_plain(fault[name])}" for name in fault]
    lead = "created" if active["creates_lead"] else "not created"
    return [
        f"  {active['number']}  " + ", ".join(parts),
        f"     lead {lead}; {count_words(active['hits'], 'hit', 'hits')};"
        f" {_until(count, active['ends_in_seconds'])}",
    ]


def _until(count: int | None, ends_in_seconds: float | None) -> str:
    """When a fault ends, whichever comes first."""
    ends = [] if ends_in_seconds is None else [f"for {ends_in_seconds:.0f} s more"]
    ends += [] if count is None else [f"ends after {count_words(count, 'hit', 'hits')}"]
    return ", or ".join(ends) or "until cleared"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else clean(value)
