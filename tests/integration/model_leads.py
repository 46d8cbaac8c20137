"""What the model of the store knows of a lead, and whose turn it is among the queues."""

from __future__ import annotations

from dataclasses import dataclass, field

from lead_worker.core.lifecycle import State

SHARES = {"live": 7, "bulk": 2, "unknown": 1}


@dataclass
class Lead:
    """What the model knows of a lead; `due` and the order of moves stand for the index."""

    lane: str
    state: State = State.WAITING
    due: float = 0.0
    moved: int = 0
    token: str = ""
    settled: str = ""
    expired: str = ""
    attempts: int = 0
    returned: int = 0
    expiries: int = 0
    suspect: int | None = None
    act: str = ""
    was: State = State.DEAD
    texts: list[bytes] = field(default_factory=lambda: [b'{"name":"Ana"}'])
    api_ids: list[str] = field(default_factory=list)

    def leave_workers(self) -> None:
        """A person has decided: who had the lead has no more say, but of a success."""
        self.token = self.expired = ""

    def begin_anew(self) -> None:
        """It waits again, with fresh attempts; a suspect stays one."""
        self.leave_workers()
        self.attempts = self.returned = self.expiries = 0
        self.suspect = None if self.suspect is None else 0


def next_queue(owed: dict[str, int], filled: list[str]) -> str:
    """Whose turn it is, by smooth weighted round robin."""
    for name in filled:
        owed[name] += SHARES[name]
    chosen = max(filled, key=lambda name: owed[name])
    owed[chosen] -= sum(SHARES[name] for name in filled)
    return chosen
