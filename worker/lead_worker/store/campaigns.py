"""Campaigns: dead letters that are let wait again, many of them and not all at once.

It owns the scripts of campaigns. Who is in one is decided by whoever launches it; that its leads go
out, and what becomes of them, is the heartbeat's work, so that no command needs to stay.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import uuid4

from lead_producers.bell import BELL

from .runner import SCRIPTS, Call
from .store import BATCH, Store

MOST_ACTIVE = 10
"""So many campaigns may be under way at once."""

PAGE = 500


class CampaignState(StrEnum):
    """Where a campaign is."""

    PREPARING = "preparing"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    DONE = "done"


class Steer(StrEnum):
    """What can be done with a campaign."""

    BEGIN = "begin"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


OUTCOMES = ("delivered", "dead", "parked", "discarded", "erased", "gone", "elsewhere", "skipped")
"""What can become of a campaign's lead: its state; `gone`: it was forgotten; `elsewhere`: it was
replayed by somebody else since; `skipped`: it was no dead letter any more when its turn came."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What a new campaign is to be.

    Attributes:
        by: who launches it.
        about: which leads, in words without personal data.
        reason: why, or "".
        per_minute: leads that it lets go in a minute; 0 for as many as the lane takes.
        share: of the fleet's rate in force, above 0 and up to 1, in place of per_minute; or None.
        most_failed: it stops where a larger part of its leads is dead again, from 0 to 1.
        rule: it was no person who launched it.
    """

    by: str
    about: str
    reason: str = ""
    per_minute: int = 0
    share: float | None = None
    most_failed: float = 0.5
    rule: bool = False


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as it is now.

    Attributes:
        total: how many leads it has.
        todo: how many of them it has not let go.
        out: how many it has let go that have come to no end yet.
        ended: what became of the others, by a word of `OUTCOMES`.
        why: why it stopped by itself (`failed`), or was cancelled by itself (`abandoned`); or "".
        launched_at, began_at, ended_at: instants; None for what has not been.
    """

    campaign_id: str
    state: CampaignState
    launch: Launch
    total: int
    todo: int
    out: int
    ended: Mapping[str, int] = field(default_factory=dict)
    why: str = ""
    launched_at: float | None = None
    began_at: float | None = None
    ended_at: float | None = None

    @property
    def is_active(self) -> bool:
        """Whether something may still become of its leads."""
        return self.ended_at is None

    @property
    def finished(self) -> int:
        """How many of its leads came to an end."""
        return sum(self.ended.values())


class Campaigns:
    """The campaigns of one namespace. Methods raise `StoreError` where Redis does not answer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._client = store.client
        self._keys = store.keys

    def _run(self, name: str, *arguments: Any) -> Any:
        return self._store.runner.run([Call(SCRIPTS[name], arguments)])[0]

    def launch(self, campaign_id: str, launch: Launch) -> bool:
        """Make a campaign known, without leads; False where too many are under way."""
        fields: dict[str, Any] = {
            "by": launch.by,
            "about": launch.about,
            "reason": launch.reason,
            "per_minute": launch.per_minute,
            "most_failed": launch.most_failed,
        }
        if launch.share is not None:
            fields["share"] = launch.share
        if launch.rule:
            fields["rule"] = 1
        pairs = [part for item in fields.items() for part in item]
        return bool(self._run("launch", campaign_id, MOST_ACTIVE, *pairs) == b"ok")

    def enlist(self, campaign_id: str, so_far: int, lead_ids: Sequence[str]) -> str:
        """Add up to `BATCH` dead letters to one that is being prepared.

        Args:
            so_far: how many it has, so that the call can be repeated.

        Returns:
            ok, done, gone, or the state that the campaign is in.
        """
        if not 0 < len(lead_ids) <= BATCH:
            raise ValueError(f"expected 1 to {BATCH} leads, found {len(lead_ids)}")
        return str(self._run("enlist", campaign_id, so_far, *lead_ids).decode())

    def steer(self, campaign_id: str, what: Steer, event: Mapping[str, object]) -> str:
        """Begin, pause, resume or cancel; gives ok, done (it was done before), gone, busy, finished
        (the campaign is done), or the state that it is in.

        Args:
            event: for the audit trail.
        """
        return str(
            self._run(
                "steer", campaign_id, what, uuid4().hex, json.dumps(event), MOST_ACTIVE
            ).decode()
        )

    def advance(self, campaign_id: str, per_minute: int) -> bool:
        """Do the next of a campaign's work; gives whether there is more to do at once.

        Args:
            per_minute: the fleet's rate by the settings, which a campaign may have a share of.
        """
        _, more = self._run("advance", campaign_id, BATCH, BELL, per_minute)
        return bool(more == 1)

    def claim_redrive(self, seconds: float) -> bool:
        """Whether it is time for the rule; then nobody else has it for so many seconds."""
        return bool(self._run("redrive", seconds, "") == 1)

    def redriven(self, seconds: float) -> None:
        """The rule was carried out; it is time again in so many seconds."""
        self._run("redrive", seconds, "1")

    def redrive(self) -> tuple[float | None, float | None]:
        """When the rule was carried out last, and when it is time again; None for never."""
        last_at, next_at = self._client.hmget(self._keys.redrive, "last_at", "next_at")
        return _instant(last_at), _instant(next_at)

    def find(self, campaign_id: str) -> Campaign | None:
        """One campaign; None where there is none of that id, or it was forgotten."""
        return next(iter(self._read([campaign_id])), None)

    def newest(self, most: int) -> list[Campaign]:
        """The campaigns, the newest first."""
        found = self._client.zrevrange(self._keys.campaigns, 0, most - 1)
        return self._read([campaign_id.decode() for campaign_id in found])

    def active(self) -> list[Campaign]:
        """Those that are under way."""
        found = self._client.smembers(self._keys.active)
        return self._read(sorted(campaign_id.decode() for campaign_id in found))

    def ends(self, campaign_id: str) -> Iterator[tuple[str, str]]:
        """Of each of its leads that came to an end, the id and what became of it, a page at a time.

        What becomes of one while they are read may be left out.
        """
        key, cursor = self._keys.campaign_ended(campaign_id), 0
        while True:
            cursor, found = self._client.hscan(key, cursor, count=PAGE)
            for lead_id, what in found.items():
                yield lead_id.decode(), what.decode()
            if cursor == 0:
                return

    def _read(self, campaign_ids: Sequence[str]) -> list[Campaign]:
        pipeline = self._client.pipeline(transaction=False)
        for campaign_id in campaign_ids:
            pipeline.hgetall(self._keys.campaign(campaign_id))
            pipeline.llen(self._keys.campaign_todo(campaign_id))
            pipeline.zcard(self._keys.campaign_out(campaign_id))
        answers = pipeline.execute()
        found = zip(campaign_ids, answers[::3], answers[1::3], answers[2::3], strict=True)
        return [_campaign(i, record, todo, out) for i, record, todo, out in found if record]


def _campaign(campaign_id: str, record: Mapping[bytes, bytes], todo: int, out: int) -> Campaign:
    fields = {name.decode(): value.decode("utf-8", "replace") for name, value in record.items()}
    return Campaign(
        campaign_id=campaign_id,
        state=CampaignState(fields["state"]),
        launch=Launch(
            by=fields.get("by", ""),
            about=fields.get("about", ""),
            reason=fields.get("reason", ""),
            per_minute=int(fields.get("per_minute", 0)),
            share=float(fields["share"]) if "share" in fields else None,
            most_failed=float(fields.get("most_failed", 1)),
            rule="rule" in fields,
        ),
        total=int(fields.get("total", 0)),
        todo=todo,
        out=out,
        ended={name: int(fields[name]) for name in OUTCOMES if name in fields},
        why=fields.get("why", ""),
        launched_at=_instant(fields.get("launched_at")),
        began_at=_instant(fields.get("began_at")),
        ended_at=_instant(fields.get("ended_at")),
    )


def _instant(text: str | bytes | None) -> float | None:
    return float(text) if text else None
