"""The governor's record as Redis keeps it: a hash of texts, and back.

It owns the names of the fields, which `fleet.lua` and `enqueue.lua` read too. What cannot be read
(a neighbouring release wrote it, or somebody damaged it) counts as not there, never as an error.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from lead_worker.core.governor import Accused, Governor, Hold, Window
from lead_worker.core.outcome import HoldKind


def write_governor(governor: Governor) -> dict[str, str]:
    """The fields of a record; what is not there is left out."""
    fields: dict[str, Any] = {
        "holds": governor.holds,
        "run": governor.run,
        "run_flight": f"{governor.run_flight:.3f}" if governor.run_flight else "",
        "ended_at": _stamp(governor.ended_at or None),
        "failing": " ".join(governor.failing),
        "stale": " ".join(f"{mark} {until:.6f}" for mark, until in governor.stale),
        "busy": "" if governor.calm else "1",
    }
    if governor.window:
        fields["window"] = f"{governor.window.size:.6f}"
        fields["threshold"] = f"{governor.window.threshold:.6f}"
        fields["halved_at"] = _stamp(governor.window.halved_at)
    if governor.hold:
        fields |= _write_hold(governor.hold)
    return {name: str(value) for name, value in fields.items() if value != ""}


def read_governor(fields: Mapping[str, str]) -> Governor:
    """The governor that a record tells of."""
    size = _number(fields.get("window"))
    return Governor(
        hold=_read_hold(fields) if fields.get("kind") else None,
        window=Window(
            max(1.0, size),
            max(1.0, _number(fields.get("threshold")) or 1.0),
            _number(fields.get("halved_at")) or 0.0,
        )
        if size is not None
        else None,
        run=_whole(fields.get("run")),
        failing=tuple(fields.get("failing", "").split()),
        holds=_whole(fields.get("holds")),
        run_flight=_number(fields.get("run_flight")) or 0.0,
        ended_at=_number(fields.get("ended_at")) or 0.0,
        stale=_read_stale(fields.get("stale", "").split()),
    )


def _write_hold(hold: Hold) -> dict[str, Any]:
    accused = [
        [each.lead_id, each.token, each.status, each.code, each.doubted] for each in hold.accused
    ]
    return {
        "kind": hold.kind.value,
        "reason": hold.reason,
        "by": hold.by,
        "since": _stamp(hold.since_at),
        "number": hold.number,
        "until": _stamp(hold.until_at),
        "suspected": "1" if hold.suspected else "",
        "accused": json.dumps(accused) if accused else "",
        "alike": hold.alike,
        "tried": hold.tried,
        "canary_at": _stamp(hold.canary_at),
        "trial_at": _stamp(hold.trial_at),
        "pause_seconds": hold.pause_seconds,
        "canary": hold.canary,
        "token_mark": hold.token_mark,
        "not_before": _stamp(hold.not_before_at or None),
        "flight": f"{hold.flight:.3f}",
    }


def _read_hold(fields: Mapping[str, str]) -> Hold:
    return Hold(
        kind=hold_kind(fields["kind"]),
        reason=fields.get("reason", ""),
        by=fields.get("by", ""),
        since_at=_number(fields.get("since")) or 0.0,
        number=_whole(fields.get("number")),
        until_at=_number(fields.get("until")),
        suspected=bool(fields.get("suspected")),
        accused=_read_accused(fields.get("accused", "")),
        alike=_whole(fields.get("alike")),
        tried=_whole(fields.get("tried")),
        canary_at=_number(fields.get("canary_at")),
        trial_at=_number(fields.get("trial_at")),
        pause_seconds=_number(fields.get("pause_seconds")) or 0.0,
        canary=fields.get("canary", ""),
        token_mark=fields.get("token_mark", ""),
        not_before_at=_number(fields.get("not_before")) or 0.0,
        flight=_number(fields.get("flight")) or 0.0,
    )


def _read_stale(words: list[str]) -> tuple[tuple[str, float], ...]:
    pairs = zip(words[::2], words[1::2], strict=False)
    return tuple((mark, _number(until) or 0.0) for mark, until in pairs)


def _read_accused(text: str) -> tuple[Accused, ...]:
    try:
        rows = json.loads(text) if text else []
        return tuple(Accused(str(i), str(t), int(s), str(c), int(d)) for i, t, s, c, d in rows)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return ()


def hold_kind(text: str) -> HoldKind:
    """The kind of a hold; one that only a neighbouring release knows is `OTHER`."""
    try:
        return HoldKind(text)
    except ValueError:
        return HoldKind.OTHER


def _stamp(at: float | None) -> str:
    return "" if at is None else f"{at:.6f}"


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _whole(text: str | None) -> int:
    return int(text) if text and len(text) < 16 and text.isascii() and text.isdigit() else 0
