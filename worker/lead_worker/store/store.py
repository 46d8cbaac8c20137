"""The queue's state in Redis: one method for each script, values in and values out.

It owns the arguments and answers of the scripts. It decides nothing, and never decodes a lead.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

from lead_producers.bell import BELL
from lead_producers.keys import FORMAT, Keys
from redis.exceptions import OutOfMemoryError

from lead_worker.core.governor import Hold
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import HoldKind
from lead_worker.errors import NamespaceMismatchError

from .runner import SCRIPTS, Call, Runner, connect
from .values import Beat, Claim, Claimed, Counts, Held, Reclaimed, Settlement, Turn

BATCH = 100
"""The most leads that one script call touches."""

POISON_EXPIRIES = 3
PULSE_GAP_SECONDS = 5.0
WORKER_LISTED_SECONDS = 60.0


class Store:
    """The state of one namespace. Methods raise `StoreError` where Redis does not answer."""

    def __init__(
        self, client: Any, namespace: str, worker: str = "", *, offset_seconds: float = 0.0
    ) -> None:
        self.client = client
        self.keys = Keys(namespace)
        self.worker = worker
        self.runner = Runner(client, self.keys.prefix, offset_seconds=offset_seconds)

    @classmethod
    def from_url(cls, url: str, namespace: str, worker: str = "") -> Store:
        return cls(connect(url), namespace, worker)

    def _run(self, name: str, *arguments: Any) -> Any:
        return self.runner.run([Call(SCRIPTS[name], arguments)])[0]

    def open(self, api_url: str, *, allow_change: bool = False) -> None:
        """Begin to work in the namespace.

        Raises:
            NamespaceMismatchError: it holds another format, or delivers to another address.
        """
        reply = self._run("open", FORMAT, api_url, int(allow_change))
        if reply[0] == b"format":
            raise NamespaceMismatchError(
                f"namespace {self.keys.namespace!r} holds records of format {reply[1].decode()},"
                f" this release knows {FORMAT}: run the release that fits"
            )
        if reply[0] == b"api":
            raise NamespaceMismatchError(
                f"namespace {self.keys.namespace!r} delivers to {reply[1].decode()}, and"
                f" LEADS_API_URL is {api_url}: use another LEADS_NAMESPACE, or set"
                " LEADS_ALLOW_API_CHANGE=yes if the address has really changed"
            )

    def turn(
        self, settlements: Sequence[Settlement], claim: Claim | None, lease_seconds: float
    ) -> Turn:
        """Settle what is done and claim what may be sent, in one round trip. Can be repeated."""
        calls = [Call(_SETTLE, _settle_arguments(settlement)) for settlement in settlements]
        if claim:
            calls.append(Call(_CLAIM, self._claim_arguments(claim, lease_seconds)))
        replies = self.runner.run(calls)
        verdicts = tuple(reply.decode() for reply in replies[: len(settlements)])
        if not claim:
            return Turn(verdicts)
        return _turn(verdicts, replies[-1], f"{self.worker}:{claim.number}")

    def _claim_arguments(self, claim: Claim, lease_seconds: float) -> tuple[Any, ...]:
        return (self.worker, claim.number, claim.most, lease_seconds, BELL, claim.in_flight)

    def beat(self, about: Mapping[str, object]) -> Beat:
        """Say that this worker lives; ring where leads are claimable and nobody has rung."""
        pairs = [part for item in about.items() for part in item]
        reply = self._run("beat", self.worker, BELL, WORKER_LISTED_SECONDS, *pairs)
        return Beat(float(reply[0]), int(reply[1]), reply[2].decode(), bool(reply[3]))

    def reclaim(self, grace_seconds: float) -> Reclaimed:
        """Take leads whose lease ran out from their dead workers."""
        arguments = (BATCH, POISON_EXPIRIES, PULSE_GAP_SECONDS, grace_seconds)
        number, *poison = self._run("reclaim", *arguments)
        return Reclaimed(int(number), tuple(lead_id.decode() for lead_id in poison))

    def leave(self) -> None:
        """Take this worker off the list of workers."""
        self._run("leave", self.worker)

    def silence(self, *queues: str) -> None:
        """Empty Celery's queues: their messages are worth nothing, and a bad one ends a worker."""
        self.client.delete(*(f"{self.keys.prefix}{queue}" for queue in queues))

    def refuse_enqueueing(self, seconds: float) -> None:
        """Let enqueueing be refused for so long, because memory is short."""
        with suppress(OutOfMemoryError):  # then Redis refuses enqueueing by itself
            self.client.set(self.keys.full, "1", px=int(seconds * 1000))

    def memory(self) -> tuple[int, int]:
        """Bytes that Redis uses, and its limit (0 for none)."""
        info = self.client.info("memory")
        return int(info["used_memory"]), int(info["maxmemory"])

    def counts(self) -> Counts:
        """Count the leads in each state, at one moment."""
        return _counts(self._run("counts"))

    def govern(self, hold: Hold | None, decided_on_version: str) -> bool:
        """Replace the hold, unless somebody changed it meanwhile; gives whether it was replaced."""
        until = "" if hold is None or hold.until_at is None else f"{hold.until_at:.6f}"
        kind, reason, by = (hold.kind, hold.reason, hold.by) if hold else ("", "", "")
        act = uuid4().hex
        return bool(
            self._run("govern", decided_on_version, kind, until, reason, by, act)[0] == b"ok"
        )

    def replay(self, lead_id: str, act: str, entry: Mapping[str, object]) -> str:
        """Let a dead or parked lead wait again; gives ok, done, gone, or the state it is in."""
        return str(self._run("replay", lead_id, act, json.dumps(entry), BELL).decode())

    def discard(self, lead_id: str, act: str, entry: Mapping[str, object]) -> str:
        """Give a dead or parked lead up; gives ok, done, gone, or the state it is in."""
        return str(self._run("discard", lead_id, act, json.dumps(entry)).decode())

    def erase(self, lead_id: str) -> str:
        """Remove a lead's personal data; gives ok, gone, or erased if it was before."""
        return str(self._run("erase", lead_id).decode())

    def forget(self, state: State, keep_seconds: float) -> int:
        """Remove up to `BATCH` leads that have been in a final state for longer; gives how many."""
        return int(self._run("forget", state, keep_seconds, BATCH))

    def check(self, lead_ids: Iterable[str]) -> dict[str, str]:
        """Check that each lead is in exactly one place.

        Each is looked at in one moment, but not all of them in the same. Gives for each its state,
        "" if there is nothing of it, or "!" and what is wrong.
        """
        ids = list(lead_ids)
        found: dict[str, str] = {}
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            verdicts = self._run("check", *batch)
            found |= {i: verdict.decode() for i, verdict in zip(batch, verdicts, strict=True)}
        return found


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

_to_json = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps would build it each time
_SETTLE, _CLAIM = SCRIPTS["settle"], SCRIPTS["claim"]
_FIELDS_PER_LEAD = 9


def _settle_arguments(settlement: Settlement) -> list[Any]:
    arguments: list[Any] = [
        settlement.lead_id,
        settlement.token,
        settlement.to.value,
        settlement.due_seconds,
        "1" if settlement.spends_attempt else "0",
        _to_json(settlement.entry),
        settlement.api_id,
    ]
    for name, value in settlement.fields.items():
        arguments += (name, value)
    return arguments


def _turn(verdicts: tuple[str, ...], reply: list[Any], token: str) -> Turn:
    now_at = float(reply[1])
    if reply[0] == b"held":
        until_at = float(reply[3]) if reply[3] else None
        return Turn(verdicts, held=Held(_kind(reply[2]), until_at), now_at=now_at)
    if reply[0] == b"stale":
        return Turn(verdicts, now_at=now_at)
    rows = range(3, len(reply), _FIELDS_PER_LEAD)
    claimed = tuple(_claimed(reply[i : i + _FIELDS_PER_LEAD], token) for i in rows)
    return Turn(verdicts, claimed, more=reply[2] == 1, now_at=now_at)


def _claimed(row: list[bytes], token: str) -> Claimed:
    lead_id, kind, lane, source, attempts, returned, expiries, age, raw = row
    return Claimed(
        lead_id=lead_id.decode(),
        token=token,
        look=kind == b"look",
        lane=lane.decode(),
        source=source.decode(),
        attempts=_count(attempts),
        returned=_count(returned),
        expiries=_count(expiries),
        age_seconds=float(age),
        raw=raw,
    )


def _count(text: bytes | int) -> int:
    """A count of a record; one that somebody has damaged must not sink its whole batch."""
    return int(text) if isinstance(text, int) or text.isdigit() else 0


def _kind(text: bytes) -> HoldKind:
    try:
        return HoldKind(text.decode())
    except ValueError:
        return HoldKind.OTHER


def _counts(reply: list[Any]) -> Counts:
    values: dict[str, Any] = dict(zip(_COUNTED, map(int, reply[1:14]), strict=True))
    if len(reply) > 15:
        until, since, reason, by, version = (value.decode() for value in reply[16:])
        hold = Hold(_kind(reply[15]), float(until) if until else None, reason, by)
        values |= {"hold": hold, "hold_since_at": float(since), "hold_version": version}
    oldest = float(reply[14]) if reply[14] else None
    return Counts(now_at=float(reply[0]), oldest_due_at=oldest, **values)
