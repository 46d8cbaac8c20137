"""The call of `enqueue.lua`: what is sent, how long it may take, and when it is made again.

It owns the bound in time and the retries. A call can be repeated because the leads' ids were minted
before it and the script does nothing for an id that it knows. It must not look into a lead.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import count
from typing import Any, NamedTuple

from .bell import BELL
from .connection import Line
from .errors import FormatMismatch, QueueFull, QueueUnavailable
from .keys import FORMAT, Keys
from .wire import Deadline, LineError, NoReply, Refused, Wire, bulks

TRIES = 3
"""How often a call that failed on the way is made, within its bound."""

PAUSE_SECONDS = 0.05

_SCRIPT = files(__package__).joinpath("enqueue.lua").read_bytes()
_SHA = hashlib.sha1(_SCRIPT, usedforsecurity=False).hexdigest().encode()
_BY_SHA = bulks(b"EVALSHA", _SHA)
_BY_TEXT = bulks(b"EVAL", _SCRIPT)
_FIXED = 9  # arguments before the first lead, the command's name included

# A server that says so will be back by itself, so the bound is used up.
_PASSING = {"LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN"}
_WORDS = {
    "LOADING": "is still loading its data",
    "BUSY": "is busy with a script",
    "NOAUTH": "wants a password: put it into the URL",
    "WRONGPASS": "refused the user or password",
    "READONLY": "is a read-only replica: use the primary's address",
    "MISCONF": "cannot write to its disk: see its log",
    "NOREPLICAS": "has too few replicas to take writes",
    "CROSSSLOT": "is a Redis Cluster, which is not supported",
    "MOVED": "is a Redis Cluster, which is not supported",
}


class Entry(NamedTuple):
    """One lead on its way; a tuple, because there are a hundred thousand of them a second."""

    place: int
    lead_id: str
    digest: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """A call that is under way, or why it is not: `finish` takes it from there."""

    size: int
    arguments: bytes
    wire: Wire | None
    error: LineError | None
    left_seconds: float


class EnqueueScript:
    """Makes the call, in one namespace."""

    def __init__(self, line: Line, keys: Keys, timeout_seconds: float) -> None:
        self._line = line
        self._keys = keys
        self._timeout_seconds = timeout_seconds
        self._head = bulks(b"1", keys.prefix.encode(), FORMAT.encode())
        self._tail = bulks(BELL.encode(), b"0")

    def begin(self, entries: Sequence[Entry], lane: str, source: str) -> Sent:
        """Send the call and do not wait; what goes wrong here, `finish` mends or raises."""
        arguments = [self._head, bulks(lane.encode(), source.encode()), self._tail]
        for _, lead_id, digest, raw in entries:
            arguments.append(
                b"$32\r\n%b\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n"
                % (lead_id.encode(), len(digest), digest.encode(), len(raw), raw)
            )
        deadline = Deadline(self._timeout_seconds)
        return self._send(_FIXED + 3 * len(entries), b"".join(arguments), deadline)

    def finish(self, sent: Sent) -> dict[int, str]:
        """Wait for the answer; where it was lost on the way, make the call again.

        Time between `begin` and `finish` does not count.

        Returns:
            Position and holder's id of each entry whose idempotency key is another lead's.

        Raises:
            QueueFull, QueueUnavailable, FormatMismatch: as their docstrings say.
        """
        deadline = Deadline(self._timeout_seconds, sent.left_seconds)
        unsure = False
        for tries in count(1):
            try:
                return self._understood(self._answer(sent, deadline))
            except LineError as error:
                unsure = unsure or (isinstance(error, NoReply) and error.sent)
                if not _is_worth_another_try(error, tries, deadline):
                    raise self._failure(error, unsure) from None
            if tries > 1:
                time.sleep(PAUSE_SECONDS)
            sent = self._send(sent.size, sent.arguments, deadline)
        raise AssertionError("unreachable")

    def _send(self, size: int, arguments: bytes, deadline: Deadline) -> Sent:
        wire, error = None, None
        try:
            wire = self._line.borrow(deadline)
            wire.send(_command(size, _BY_SHA, arguments), deadline)
        except LineError as caught:
            if wire:
                self._line.drop(wire)
            wire, error = None, caught
        except BaseException:
            if wire:
                self._line.drop(wire)
            raise
        return Sent(size, arguments, wire, error, deadline.left_seconds())

    def _answer(self, sent: Sent, deadline: Deadline) -> Any:
        wire = sent.wire
        if not wire:
            raise sent.error or AssertionError("unreachable")
        try:
            reply = self._reply(wire, sent, deadline)
        except Refused as refused:
            if refused.code == "READONLY":
                # A primary that was demoted keeps its connections: the next ones are made afresh.
                self._line.drop(wire)
                self._line.close()
            else:
                self._line.give_back(wire)
            raise
        except BaseException:
            self._line.drop(wire)
            raise
        self._line.give_back(wire)
        return reply

    def _reply(self, wire: Wire, sent: Sent, deadline: Deadline) -> Any:
        try:
            return wire.read(deadline)
        except Refused as refused:
            if refused.code != "NOSCRIPT":
                raise
        return wire.ask(_command(sent.size, _BY_TEXT, sent.arguments), deadline)

    def _understood(self, reply: Any) -> dict[int, str]:
        match reply:
            case [b"ok", *holders]:
                pairs = zip(holders[::2], holders[1::2], strict=True)
                return {position: holder.decode() for position, holder in pairs}
            case [b"full"]:
                raise QueueFull(f"Redis at {self._line.where} is short of memory: free or add some")
            case [b"format", found]:
                raise FormatMismatch(
                    f"namespace {self._keys.namespace!r} holds records of format"
                    f" {found.decode()!r}, this release writes {FORMAT!r}: update the older side"
                )
        raise QueueUnavailable(f"Redis at {self._line.where} gave an answer that is none")

    def _failure(self, error: LineError, unsure: bool) -> QueueFull | QueueUnavailable:
        code = error.code if isinstance(error, Refused) else ""
        if code == "OOM" and not unsure:
            return QueueFull(f"Redis at {self._line.where} is out of memory: free or add some")
        fate = "perhaps enqueued all the same" if unsure else "not enqueued"
        return QueueUnavailable(f"Redis at {self._line.where} {_WORDS.get(code, error)} ({fate})")


def _command(size: int, how: bytes, arguments: bytes) -> bytes:
    return b"*%d\r\n%b%b" % (size, how, arguments)


def _is_worth_another_try(error: LineError, tries: int, deadline: Deadline) -> bool:
    if deadline.left_seconds() <= PAUSE_SECONDS:
        return False
    if isinstance(error, Refused) and error.code in _PASSING:
        return True
    lost = not isinstance(error, Refused) or error.code == "READONLY"
    return lost and tries < TRIES
