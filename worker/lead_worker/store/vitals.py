"""Reads what the fleet's health is judged on, in one script call. It judges nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lead_worker.core.health import ALIVE_SECONDS, Sign, Vitals

from .governor_record import read_governor
from .runner import SCRIPTS, Call
from .store import Store

_HEADER = 15


def read(store: Store) -> Vitals:
    """Read the vitals of a namespace; all at one moment, of Redis's own clock.

    Raises:
        StoreError: Redis does not answer.
    """
    return _vitals(store.runner.run([Call(SCRIPTS["vitals"], (ALIVE_SECONDS,))])[0])


def _vitals(reply: Sequence[Any]) -> Vitals:
    now, claimable, due, flying, claimed, delivered, grace, turn, *rest = reply[:_HEADER]
    calendar, waiting, expired, expired_at, used, unsettled, governor = rest
    texts = [part.decode("utf-8", "replace") for part in governor]
    signs = reply[_HEADER:]
    return Vitals(
        now_at=float(now),
        claimable=int(claimable),
        due_at=_maybe(due),
        waiting=int(waiting),
        in_flight=int(flying),
        expired=int(expired),
        expired_at=_maybe(expired_at),
        claimed_at=_maybe(claimed),
        delivered_at=_maybe(delivered),
        grace_until_at=_maybe(grace),
        turn_at=_maybe(turn),
        calendar_at=_maybe(calendar),
        used=bool(used),
        unsettled_seconds=_maybe(unsettled) or 0.0,
        governor=read_governor(dict(zip(texts[::2], texts[1::2], strict=True))),
        workers=tuple(
            Sign(_maybe(lease), mark.decode("utf-8", "replace"))
            for lease, mark in zip(signs[::2], signs[1::2], strict=True)
        ),
    )


def _maybe(text: bytes) -> float | None:
    """A number; None for nothing, and for what somebody has damaged."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
