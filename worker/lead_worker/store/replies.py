"""What the scripts answer, as values. It owns the shapes of their answers, and decides nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from lead_worker.core.governor import Governor
from lead_worker.core.looks import Progress

from .governor_record import hold_kind, read_governor
from .values import Beat, Claimed, Counts, Governed, Held, Standing, Turn

_COUNTED = (
    "accepted",
    "forgotten",
    "duplicates",
    "waiting_live",
    "waiting_bulk",
    "leased",
    "unknown",
    "parked",
    "dead",
    "delivered",
    "discarded",
    "erased",
    "claimable",
)
"""The order in which `counts.lua` gives its numbers."""

_HEADER = 7
_FIELDS_PER_LEAD = 12


def turn(verdicts: tuple[str, ...], reply: Sequence[Any], token: str) -> Turn:
    """The answer of `claim.lua`, with the verdicts of the settles before it."""
    now_at = float(reply[1])
    if reply[0] == b"held":
        _, _, kind, until, again, over, mark = reply
        held = Held(hold_kind(kind.decode()), _maybe(until), over == 1, mark.decode())
        return Turn(verdicts, held=held, now_at=now_at, again_seconds=_maybe(again), busy=True)
    if reply[0] == b"stale":
        return Turn(verdicts, now_at=now_at)
    rows = range(_HEADER, len(reply), _FIELDS_PER_LEAD)
    canary_of = int(reply[5])
    return Turn(
        verdicts,
        tuple(_claimed(reply[i : i + _FIELDS_PER_LEAD], token, now_at, canary_of) for i in rows),
        more=reply[2] == 1,
        now_at=now_at,
        again_seconds=_maybe(reply[3]),
        busy=reply[4] == 1,
        paced=reply[6] == 1,
    )


def _claimed(row: Sequence[Any], token: str, now_at: float, canary_of: int) -> Claimed:
    lead_id, kind, lane, source, attempts, returned, expiries, age, raw, about, since, trace = row
    look = kind == b"look"
    since_at, progress = _progress(about, now_at) if look else (0.0, Progress())
    return Claimed(
        lead_id=lead_id.decode(),
        token=token,
        look=look,
        lane=lane.decode(),
        source=source.decode(),
        attempts=_count(attempts),
        returned=_count(returned),
        expiries=_count(expiries),
        age_seconds=float(age),
        raw=raw,
        claimed_at=now_at,
        canary_of=canary_of,
        doubted=0 if look else _count(about),
        unknown_since_at=since_at,
        progress=progress,
        enqueued_at=_instant(since),
        trace=trace.decode("utf-8", "replace"),
    )


def _progress(about: bytes, now_at: float) -> tuple[float, Progress]:
    since, looks, page, unanswered, similar = about.split()
    try:
        since_at = float(since)
    except ValueError:
        since_at = now_at
    at = Progress(_count(looks), max(1, _count(page)), _count(unanswered), similar != b"0")
    return since_at, at


def beat(reply: Sequence[Any]) -> Beat:
    """The answer of `beat.lua`."""
    now_at, claimable, rang, over, campaigns, bell, batch, *events = reply
    return Beat(
        now_at=float(now_at),
        claimable=int(claimable),
        rang=rang == 1,
        over=over == 1,
        campaigns=tuple(sorted(campaign.decode() for campaign in campaigns)),
        bell=bell.decode(),
        batch=batch.decode(),
        events=tuple(map(_event, events)),
    )


def standing(reply: Sequence[Any]) -> Standing:
    """The answer of `standing.lua`."""
    now_at, in_flight, capacity, *pairs = reply
    governor, version = _governor(pairs)
    return Standing(float(now_at), int(in_flight), int(capacity), governor, version)


def governed(reply: Sequence[Any]) -> Governed:
    """The answer of `govern.lua`."""
    verdict, *convicted = reply
    return Governed(verdict == b"ok", tuple(lead_id.decode() for lead_id in convicted))


def counts(reply: Sequence[Any]) -> Counts:
    """The answer of `counts.lua`."""
    values: dict[str, Any] = dict(zip(_COUNTED, map(int, reply[1:14]), strict=True))
    governor, version = _governor(reply[16])
    return Counts(
        now_at=float(reply[0]),
        oldest_due_at=_maybe(reply[14]),
        in_flight=int(reply[15]),
        governor=governor,
        version=version,
        rate=_texts(reply[17]),
        **values,
    )


def _governor(pairs: Sequence[bytes]) -> tuple[Governor, str]:
    fields = _texts(pairs)
    return read_governor(fields), fields.get("version", "0")


def _texts(pairs: Sequence[bytes]) -> dict[str, str]:
    texts = [part.decode("utf-8", "replace") for part in pairs]
    return dict(zip(texts[::2], texts[1::2], strict=True))


def _event(encoded: bytes) -> Mapping[str, Any]:
    try:
        event = json.loads(encoded)
    except (ValueError, RecursionError):
        event = None
    return event if isinstance(event, dict) else {}


def _maybe(text: bytes) -> float | None:
    return float(text) if text else None


def _instant(text: bytes) -> float:
    """An instant of a record; 0 for one that is not there, or that somebody has damaged."""
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def _count(text: bytes | int) -> int:
    """A count of a record; one that somebody has damaged must not sink its whole batch."""
    return int(text) if isinstance(text, int) or text.isdigit() else 0
