"""A queue of a test's own: leads with ids that a test may choose, stores whose clocks may be ahead.

It owns what tests of the store do again and again. Time never passes in it: a test asks for a store
whose clock is later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from lead_ops.audit import run_audit
from lead_producers.bell import BELL
from lead_producers.keys import FORMAT, Keys
from lead_worker.core.lifecycle import State
from lead_worker.store import Claim, Claimed, Limits, Settlement, Store, Turn
from lead_worker.store.reading import Reading
from lead_worker.store.runner import Call, Runner, connect

ENQUEUE = files("lead_producers").joinpath("enqueue.lua").read_text(encoding="utf-8")
LEASE_SECONDS = 30.0
LIMITS = Limits(LEASE_SECONDS)
WIDE = Limits(LEASE_SECONDS, in_flight=1_000_000)
"""Nothing is in the way."""
ENTRY = {"event": "attempt", "n": 1}
GOES_ON = (State.DELIVERED, State.WAITING, State.UNKNOWN, State.PARKED, State.DEAD)
"""What a lead may be settled to."""


class Queue:
    """One namespace on one server."""

    def __init__(self, url: str, namespace: str) -> None:
        self.url = url
        self.client = connect(url)
        self.keys = Keys(namespace)
        self.namespace = namespace
        self.later_seconds = 0.0
        self._numbers: dict[str, int] = {}

    def close(self) -> None:
        self.client.close()

    def store(self, worker: str = "w1", *, twice: bool = False) -> Store:
        """A worker's store, at the time that it is in the test by now."""
        store = Store(self.client, self.namespace, worker, offset_seconds=self.later_seconds)
        if twice:
            store.runner = Twice(self.client, self.keys.prefix, offset_seconds=self.later_seconds)
        return store

    def pass_time(self, seconds: float) -> None:
        self.later_seconds += seconds

    def accept(
        self, *lead_ids: str, lane: str = "live", key: str = "", raw: bytes = b'{"name":"Ana"}'
    ) -> list[object]:
        """Enqueue leads in one call; gives what the script answered."""
        arguments: list[Any] = [FORMAT, lane, "test", BELL, self.later_seconds, 0, ""]
        for lead_id in lead_ids:
            arguments += [lead_id, key, "", raw]
        reply = self.client.eval(ENQUEUE, 1, self.keys.prefix, *arguments)
        return [part.decode() if isinstance(part, bytes) else part for part in reply]

    def accept_unknown(self, *lead_ids: str) -> None:
        """Enqueue leads where none is waiting, and let them be unknown and due for a look."""
        self.accept(*lead_ids)
        sent = self.turn("early", len(lead_ids), limits=WIDE).claimed
        assert [lead.lead_id for lead in sent] == [*lead_ids]
        self.settle(*(settlement(lead, State.UNKNOWN) for lead in sent))

    def turn(
        self,
        worker: str = "w1",
        most: int = 10,
        in_flight: int = 0,
        *,
        mark: str = "",
        limits: Limits = LIMITS,
    ) -> Turn:
        """Make a worker's next claim; gives all of its answer."""
        self._numbers[worker] = self.number(worker) + 1
        return self.turn_again(worker, most, in_flight, mark=mark, limits=limits)

    def turn_again(
        self,
        worker: str = "w1",
        most: int = 10,
        in_flight: int = 0,
        *,
        mark: str = "",
        limits: Limits = LIMITS,
    ) -> Turn:
        """Make the worker's last claim once more; gives all of its answer."""
        claim = Claim(self._numbers[worker], most, in_flight, mark)
        return self.store(worker).turn([], claim, limits)

    def claim(self, worker: str = "w1", most: int = 10, in_flight: int = 0) -> list[Claimed]:
        """Make a worker's next claim."""
        return list(self.turn(worker, most, in_flight).claimed)

    def claim_again(self, worker: str = "w1", most: int = 10, in_flight: int = 0) -> list[Claimed]:
        """Make the worker's last claim once more."""
        return list(self.turn_again(worker, most, in_flight).claimed)

    def number(self, worker: str) -> int:
        """The number of a worker's last claim, from 1."""
        return self._numbers.get(worker, 0)

    def settle(self, *settlements: Settlement) -> tuple[str, ...]:
        return self.store().turn(settlements, None, LIMITS).verdicts

    def deliver(self, lead: Claimed, api_id: str = "api-1") -> str:
        return self.settle(settlement(lead, State.DELIVERED, api_id=api_id))[0]

    def give_back(self, *leads: Claimed) -> None:
        """Let leads wait again, their attempts not spent."""
        for lead in leads:
            back = settlement(lead, State.WAITING, spends_attempt=False)
            assert self.settle(back) == ("ok",)

    def reports(self, worker: str = "w1") -> list[Mapping[str, Any]]:
        """What a worker's beat gives to be reported; the worker says that it was, and leaves."""
        beat = self.store(worker).beat({})
        self.store(worker).leave(beat.batch)
        return list(beat.events)

    def run_out(self) -> int:
        """Let all leases run out, and reclaim what was leased; gives how many."""
        self.pass_time(LEASE_SECONDS + 1)
        store = self.store()
        store.reclaim(0.0)  # a pulse: where none came for a while, leases are given time
        return store.reclaim(0.0).number

    def state(self, lead_id: str) -> str:
        """Where a lead is, or what is wrong with it."""
        return self.store().check([lead_id])[lead_id]

    def record(self, lead_id: str) -> dict[str, str]:
        found: Mapping[bytes, bytes] = self.client.hgetall(self.keys.lead(lead_id))
        return {name.decode(): value.decode() for name, value in found.items()}

    def timeline(self, lead_id: str) -> list[Mapping[str, Any]]:
        sight = Reading(self.store()).sight(lead_id)
        return list(sight.timeline) if sight else []

    def problems(self) -> list[str]:
        """What an audit finds."""
        return run_audit(self.store()).problems

    def dump(self) -> dict[str, Any]:
        """All that is in the namespace, as text."""
        found = sorted(self.client.scan_iter(f"{self.keys.prefix}*", count=1000))
        return {key.decode(): self._value(key) for key in found}

    def timeless(self) -> str:
        """All that is in the namespace, but instants, tokens of acts and the namespace's name."""
        text = repr(self.dump()).replace(self.namespace, "NAMESPACE")
        return re.sub(r"\b[0-9a-f]{32}\b", "ACT", re.sub(r"\d+\.\d{6}\b", "INSTANT", text))

    def _value(self, key: bytes) -> Any:
        match self.client.type(key):
            case b"hash":
                return {_text(k): _text(v) for k, v in sorted(self.client.hgetall(key).items())}
            case b"zset":
                return [*map(_text, self.client.zrange(key, 0, -1))]
            case b"list":
                return [*map(_text, self.client.lrange(key, 0, -1))]
            case b"set":
                return sorted(map(_text, self.client.smembers(key)))
            case _:
                return _text(self.client.get(key))


def _text(value: bytes) -> str:
    return value.decode()


def settlement(
    lead: Claimed,
    to: State,
    *,
    api_id: str = "",
    due_seconds: float = 0.0,
    spends_attempt: bool = True,
    look: bool = False,
    fields: Mapping[str, str] | None = None,
    entry: Mapping[str, object] | None = None,
) -> Settlement:
    """What a worker would settle a lead with."""
    if to is State.DELIVERED:
        api_id = api_id or "api-1"
    return Settlement(
        lead_id=lead.lead_id,
        token=lead.token,
        to=to,
        due_seconds=due_seconds,
        spends_attempt=spends_attempt,
        api_id=api_id,
        look=look,
        fields=fields or {},
        entry=entry or ENTRY,
    )


class Twice(Runner):
    """Runs everything twice and forgets the first replies, as if they were lost on the way."""

    def run(self, calls: Sequence[Call]) -> list[Any]:
        super().run(calls)
        return super().run(calls)


@contextmanager
def watched(queue: Queue) -> Iterator[list[list[str]]]:
    """Collect what scripts do: for each that was run, its commands in order."""
    seen: list[list[str]] = []
    with queue.client.monitor() as monitor:
        yield seen
        queue.client.echo("the end")
        for command in monitor.listen():
            words = command["command"].split(" ", 2)
            if words[0].upper() == "ECHO":
                break
            if command["client_type"] != "lua":
                seen.append([])
            else:
                seen[-1].append(" ".join([words[0].lower(), *words[1:2]]))
    seen[:] = [commands for commands in seen if commands]
