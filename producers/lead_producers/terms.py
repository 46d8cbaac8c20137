"""What a caller may ask for beside the lead: the arguments of `enqueue`, checked.

No error of its holds a value of a lead.
"""

from __future__ import annotations

from typing import NamedTuple

from .errors import BadLead
from .keys import LANES
from .record import is_unicode, key_digest
from .trace import of_the_app

SOURCE_MAX = 100
DEDUPE_MAX_SECONDS = 604_800.0
"""A week: for longer, and for certain, there are idempotency keys."""


class Entry(NamedTuple):
    """One lead on its way; a tuple, because there are a hundred thousand of them a second.

    Attributes:
        place: its index among the caller's leads.
        lead_id: minted before it is sent, so that sending it twice is harmless.
        key: the digest of its idempotency key, or "".
        content: the digest of its content, or "" where an equal one is welcome.
        raw: the lead as JSON.
    """

    place: int
    lead_id: str
    key: str
    content: str
    raw: bytes


class Terms(NamedTuple):
    """How the leads of one call are to be enqueued.

    Attributes:
        lane: `live` or `bulk`.
        source: where they came from, or "".
        dedupe_seconds: for how long no second lead of equal content is accepted, or 0.
        durable: whether a receipt means that they are on Redis's disk.
        trace: the headers of the trace that they are enqueued in, or "".
    """

    lane: str
    source: str = ""
    dedupe_seconds: float = 0.0
    durable: bool = False
    trace: str = ""


def checked(lane: str, source: str | None, dedupe_seconds: float | None, *, durable: bool) -> Terms:
    """Look at the arguments of a call before a lead is.

    Raises:
        BadLead: one of them is out of range.
    """
    if lane not in LANES:
        raise BadLead("lane", f"expected one of {', '.join(LANES)}")
    if source is not None and not _is_a_source(source):
        raise BadLead("source", f"expected up to {SOURCE_MAX} printable characters, or None")
    if dedupe_seconds is not None and not _is_a_time(dedupe_seconds):
        most = f"{DEDUPE_MAX_SECONDS:.0f}"
        raise BadLead("dedupe_seconds", f"expected 0.001 to {most} seconds, or None")
    return Terms(lane, source or "", float(dedupe_seconds or 0.0), bool(durable), of_the_app())


def digest_of(key: str | None) -> str:
    """Digest an idempotency key; "" where there is none.

    Raises:
        BadLead: it is no text, or an empty one.
    """
    if key is None:
        return ""
    if not isinstance(key, str) or not key:
        raise BadLead("key", "expected a text that is not empty, or None")
    if not is_unicode(key):
        raise BadLead("key", "expected Unicode text, found a lone surrogate")
    return key_digest(key)


def _is_a_source(source: object) -> bool:
    return isinstance(source, str) and source.isprintable() and len(source) <= SOURCE_MAX


def _is_a_time(seconds: object) -> bool:
    return (
        isinstance(seconds, int | float)
        and not isinstance(seconds, bool)
        and 0.001 <= seconds <= DEDUPE_MAX_SECONDS
    )
