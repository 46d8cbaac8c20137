"""The queue's state in Redis: one method for each script, values in and values out.

It owns the arguments and answers of the scripts. It decides nothing, and never decodes a lead.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from lead_producers.bell import BELL
from lead_producers.keys import FORMAT, Keys
from redis.exceptions import OutOfMemoryError

from lead_worker.core.lifecycle import State
from lead_worker.errors import NamespaceMismatchError

from . import replies
from .dead_letter import DeadLetter, Edit
from .governor_record import write_governor
from .runner import SCRIPTS, Call, Runner, connect
from .values import (
    Beat,
    Claim,
    Counts,
    Decision,
    Governed,
    Limits,
    Reclaimed,
    Settlement,
    Standing,
    Turn,
)

BATCH = 100
"""The most leads that one script call touches."""

POISON_EXPIRIES = 3
PULSE_GAP_SECONDS = 5.0
WORKER_LISTED_SECONDS = 60.0


FULL_FRACTION = 0.85
"""From which part of `maxmemory` on enqueueing is refused."""


def is_short(used: int, limit: int) -> bool:
    """Whether memory is, in bytes used and allowed (0: no limit), so that enqueueing is refused."""
    return limit > 0 and used >= limit * FULL_FRACTION


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

    def turn(self, settlements: Sequence[Settlement], claim: Claim | None, limits: Limits) -> Turn:
        """Settle what is done and claim what may be sent, in one round trip. Can be repeated."""
        calls = [Call(_SETTLE, _settle_arguments(settlement)) for settlement in settlements]
        if claim:
            calls.append(Call(_CLAIM, self._claim_arguments(claim, limits)))
        answers = self.runner.run(calls)
        verdicts = tuple(reply.decode() for reply in answers[: len(settlements)])
        if not claim:
            return Turn(verdicts)
        return replies.turn(verdicts, answers[-1], f"{self.worker}:{claim.number}")

    def _claim_arguments(self, claim: Claim, limits: Limits) -> tuple[Any, ...]:
        return (
            self.worker,
            claim.number,
            claim.most,
            limits.lease_seconds,
            BELL,
            claim.in_flight,
            claim.mark,
            limits.in_flight,
            limits.per_minute,
            limits.burst,
        )

    def beat(
        self,
        about: Mapping[str, object],
        *,
        most_in_flight: int = 256,
        reported: str = "",
        sending: str = "",
        settled: bool = False,
    ) -> Beat:
        """Say that this worker lives; ring where leads may be claimed and nobody has rung.

        Args:
            reported: id of a batch of events that need not be given again, or "".
            sending: id of one that is on its way, so that no other worker is given it, or "".
            settled: whether this worker has settled leads since its last beat.
        """
        says = ["1" if settled else "", sending, *(part for item in about.items() for part in item)]
        first = (self.worker, BELL, WORKER_LISTED_SECONDS, most_in_flight, reported)
        return replies.beat(self._run("beat", *first, *says))

    def calendar_done(self) -> None:
        """Note that calendar work was done just now."""
        self._run("calendar")

    def reclaim(self, grace_seconds: float) -> Reclaimed:
        """Take leads whose lease ran out from their dead workers."""
        arguments = (BATCH, POISON_EXPIRIES, PULSE_GAP_SECONDS, grace_seconds)
        number, *poison = self._run("reclaim", *arguments)
        return Reclaimed(int(number), tuple(lead_id.decode() for lead_id in poison))

    def leave(self, reported: str = "") -> None:
        """Take this worker off the list of workers; `reported` is as for `beat`."""
        self._run("leave", self.worker, reported)

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
        return replies.counts(self._run("counts"))

    def standing(self) -> Standing:
        """Read what a decision about the governor is made on."""
        return replies.standing(self._run("standing"))

    def govern(self, decision: Decision) -> Governed:
        """Replace the governor's record, unless somebody changed it meanwhile."""
        accused = (*decision.convicted, *decision.doubted)
        arguments: list[Any] = [decision.version, decision.act]
        arguments += [len(decision.convicted), len(decision.doubted), len(decision.events)]
        for each in accused:
            arguments += [each.lead_id, each.token, each.status, each.code]
        arguments += [_to_json(asdict(event)) for event in decision.events]
        for pair in write_governor(decision.governor).items():
            arguments += pair
        return replies.governed(self._run("govern", *arguments))

    def set_rate(self, per_minute: int | None, by: str, event: Mapping[str, object]) -> None:
        """Set the fleet's requests a minute; None for the workers' own setting, 0 for no limit."""
        asked = "" if per_minute is None else per_minute
        self._run("rate", asked, by, uuid4().hex, _to_json(event))

    def owners(self, api_ids: Sequence[str]) -> dict[str, str]:
        """For each of the API's ids that belongs to a lead of ours, that lead."""
        if not api_ids:
            return {}
        found = self.client.mget([self.keys.api(api_id) for api_id in api_ids])
        pairs = zip(api_ids, found, strict=True)
        return {api_id: owner.decode() for api_id, owner in pairs if owner is not None}

    def confirm(self, lead_id: str, act: str, entry: Mapping[str, object], api_id: str) -> str:
        """Take a parked lead for delivered; gives ok, done, gone, taken, or the state it is in."""
        return str(self._run("confirm", lead_id, act, json.dumps(entry), api_id).decode())

    def replay(
        self, lead_id: str, act: str, entry: Mapping[str, object], *, force: bool = False
    ) -> str:
        """Let a dead or parked lead wait again; gives ok, done, gone, or the state it is in.

        Args:
            force: also a delivered one, which the API then gets a second time.
        """
        forced = "1" if force else ""
        return str(self._run("replay", lead_id, act, json.dumps(entry), BELL, forced).decode())

    def discard(self, lead_id: str, act: str, entry: Mapping[str, object]) -> str:
        """Give a dead or parked lead up; gives ok, done, gone, or the state it is in."""
        return str(self._run("discard", lead_id, act, json.dumps(entry)).decode())

    def restore(self, lead_id: str, act: str, entry: Mapping[str, object]) -> str:
        """Take a discarded lead back; gives ok, done, gone, or the state it is in."""
        return str(self._run("restore", lead_id, act, json.dumps(entry)).decode())

    def edit(self, lead_id: str, edit: Edit) -> str:
        """Mend a dead letter; gives ok, done, gone, changed (look again), or the state it is in."""
        before = hashlib.sha1(edit.before, usedforsecurity=False).hexdigest()
        change, entry = json.dumps(edit.change), json.dumps(edit.entry)
        return str(self._run("edit", lead_id, edit.act, before, edit.after, change, entry).decode())

    def import_dead(self, letter: DeadLetter, act: str, entry: Mapping[str, object]) -> str:
        """Take a dead letter in that is not here; gives ok, done, full, format, taken, or the state
        of the lead that is there."""
        arguments: list[Any] = [letter.lead_id, FORMAT, act, letter.raw, letter.key, letter.group]
        arguments.append(json.dumps(entry))
        for name, value in letter.fields.items():
            arguments += (name, value)
        return str(self._run("import", *arguments).decode())

    def log(self, event: Mapping[str, object]) -> None:
        """Put an act that changes no lead into the audit trail. No personal data."""
        act = uuid4().hex
        self._run("log", _to_json({**event, "act": act}), act)

    def erase(self, lead_id: str, event: Mapping[str, object]) -> str:
        """Remove a lead's personal data; gives ok, gone, or erased if it was before."""
        return str(self._run("erase", lead_id, json.dumps(event)).decode())

    def forget(self, state: State, keep_seconds: float, key_seconds: float = 0.0) -> int:
        """Remove up to `BATCH` leads that have been in a final state for longer; gives how many.

        Args:
            key_seconds: for how long an idempotency key is known, if that is longer.
        """
        return int(self._run("forget", state, keep_seconds, BATCH, key_seconds))

    def announce(self, every_seconds: float) -> bool:
        """Whether it is time to announce what will be forgotten; then not again for so long."""
        for_ms = int(every_seconds * 1000)
        return bool(self.client.set(self.keys.announced, "1", px=for_ms, nx=True))

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


_to_json = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps would build it each time
_SETTLE, _CLAIM = SCRIPTS["settle"], SCRIPTS["claim"]


def _settle_arguments(settlement: Settlement) -> list[Any]:
    arguments: list[Any] = [
        settlement.lead_id,
        settlement.token,
        settlement.to.value,
        settlement.due_seconds,
        "1" if settlement.spends_attempt else "0",
        _to_json(settlement.entry),
        settlement.api_id,
        "1" if settlement.look else "",
        settlement.group,
    ]
    for name, value in settlement.fields.items():
        arguments += (name, value)
    return arguments
