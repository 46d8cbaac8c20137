"""What the model of the store knows of a lead, and whose turn it is among the queues."""

from __future__ import annotations

from dataclasses import dataclass, field

from lead_worker.core.lifecycle import State
from lead_worker.core.looks import Progress

RAW = b'{"name":"Ana"}'
SHARES = {"due:live": 7, "due:bulk": 2, "unknown": 1}
DOUBT_SECONDS = 600.0


@dataclass
class Lead:
    """What the model knows of a lead; `due` and the order of moves stand for the index.

    Instants are those of the model's clock. A field that is None, or "", is not in the record.
    """

    lane: str
    accepted_at: float
    source: str = "test"
    key: str = ""
    texts: list[bytes] = field(default_factory=lambda: [RAW])
    state: State = State.WAITING
    due: float = 0.0
    moved: int = 0
    told: int = 0
    token: str = ""
    claimed_at: float | None = None
    tried_at: float | None = None
    held_before: float | None = None
    settled: str = ""
    attempts: int = 0
    returned: int = 0
    expiries: int = 0
    expired: str = ""
    suspect: int | None = None
    unknown_since: float | None = None
    progress: Progress | None = None
    doubted: int = 0
    doubted_at: float | None = None
    why: dict[str, str] = field(default_factory=dict)
    group: str = ""
    mended: bool = False
    was: str = ""
    act: str = ""
    replays: int = 0
    replayed_at: float | None = None
    campaign: str = ""
    api_id: str = ""
    also: list[str] = field(default_factory=list)
    found: str = ""

    @property
    def index(self) -> str:
        """The name of the index that it is in."""
        return f"due:{self.lane}" if self.state is State.WAITING else self.state

    @property
    def api_ids(self) -> list[str]:
        return [self.api_id, *self.also] if self.api_id else self.also

    def doubts(self, now: float) -> int:
        """How often it was refused in company of late."""
        recent = self.doubted_at is not None and now - self.doubted_at < DOUBT_SECONDS
        return self.doubted if recent else 0

    def leave_workers(self) -> None:
        """A person has decided: who had the lead has no more say, but of a success."""
        self.token = self.expired = ""

    def forget_why(self) -> None:
        """What it died of, or was before, is told no more."""
        self.why, self.group, self.was, self.mended = {}, "", "", False

    def begin_anew(self, now: float) -> None:
        """It waits again, with fresh attempts and a fresh age; a suspect stays one."""
        self.leave_workers()
        self.why, self.group, self.mended = {}, "", False
        self.attempts = self.returned = self.expiries = self.doubted = 0
        self.tried_at = self.held_before = self.progress = self.doubted_at = None
        self.suspect = None if self.suspect is None else 0
        self.replays += 1
        self.replayed_at = now

    def as_tombstone(self) -> Lead:
        """What stays of it when it is erased."""
        return Lead(
            self.lane,
            self.accepted_at,
            source="",
            key=self.key,
            texts=[],
            state=State.ERASED,
            api_id=self.api_id,
            also=self.also,
        )

    def record(self) -> dict[str, object]:
        """What its record says; what is none or nought is left out."""
        told: dict[str, object] = {
            "lane": self.lane, "source": self.source, "key": self.key, "state": str(self.state),
            "accepted_at": self.accepted_at, "token": self.token, "claimed_at": self.claimed_at,
            "tried_at": self.tried_at, "settled": self.settled, "expired": self.expired,
            "attempts": self.attempts, "returned": self.returned, "expiries": self.expiries,
            "unknown_since": self.unknown_since, "doubted": self.doubted,
            "doubted_at": self.doubted_at, "group": self.group, **self.why,
            "mended": int(self.mended), "was": self.was, "act": self.act, "replays": self.replays,
            "replayed_at": self.replayed_at, "campaign": self.campaign, "api_id": self.api_id,
            "also": " ".join(self.also), "found": self.found,
            "edited": max(0, len(self.texts) - 1), "held_before": self.held_before,
            "suspect": "" if self.suspect is None else str(self.suspect),
            **_progress(self.progress),
        }  # fmt: skip
        return {name: value for name, value in told.items() if _is_told(value)}


def _is_told(value: object) -> bool:
    """Whether a record has such a value; an instant of nought is one, a count of nought is none."""
    return value not in (None, "") and (value != 0 or isinstance(value, float))


def _progress(at: Progress | None) -> dict[str, object]:
    if at is None:
        return {}
    return {"looks": at.looks, "look_page": at.page, "unanswered": at.unanswered,
            "similar": int(at.similar)}  # fmt: skip


def next_queue(owed: dict[str, int], filled: list[str]) -> str:
    """Whose turn it is, by smooth weighted round robin."""
    for name in filled:
        owed[name] += SHARES[name]
    chosen = max(filled, key=lambda name: owed[name])
    owed[chosen] -= sum(SHARES[name] for name in filled)
    return chosen
