"""The call of `enqueue.lua`: what is sent, how long it may take, and when it is made again.

It owns the bound in time and the retries. A call can be repeated because the leads' ids were minted
before it and the script does nothing for an id that it knows. It must not look into a lead.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import count
from typing import Any, NamedTuple

from .bell import BELL
from .connection import Line
from .durability import ASKED, QUESTIONS, Unwritten, confirm, find_out, question
from .errors import FormatMismatch, NotEnqueued, QueueFull, QueueUnavailable
from .keys import FORMAT, Keys
from .terms import Entry, Terms
from .wire import Deadline, LineError, NoReply, Refused, Wire, bulks

TRIES = 3
"""How often a call that failed on the way is made, within its bound."""

PAUSE_SECONDS = 0.05

_SCRIPT = files(__package__).joinpath("enqueue.lua").read_bytes()
_SHA = hashlib.sha1(_SCRIPT, usedforsecurity=False).hexdigest().encode()
_BY_SHA = bulks(b"EVALSHA", _SHA)
_BY_TEXT = bulks(b"EVAL", _SCRIPT)
_FIXED = 11  # arguments before the first lead, the command's name included
_EACH = 4

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


class Handed(NamedTuple):
    """The leads of one call are where they belong.

    Attributes:
        holders: of each that is a duplicate, its position in the call and the first one's id.
        spooled: they are in the spool, and not in Redis.
    """

    holders: dict[int, str]
    spooled: bool = False


class Sent(NamedTuple):
    """A call that is under way, or why it is not: `finish` takes it from there."""

    size: int
    arguments: bytes
    durable: bool
    wire: Wire | None
    error: LineError | None
    telling: str
    left_seconds: float


class EnqueueScript:
    """Makes the call, in one namespace."""

    def __init__(self, line: Line, keys: Keys, timeout_seconds: float) -> None:
        self._line = line
        self._keys = keys
        self._prefix = keys.prefix
        self._timeout_seconds = timeout_seconds

    @property
    def where(self) -> str:
        """Which Redis, without its password."""
        return self._line.where

    @property
    def namespace(self) -> str:
        return self._keys.namespace

    def close(self) -> None:
        """Close the idle connections."""
        self._line.close()

    def begin(self, entries: Sequence[Entry], terms: Terms) -> Sent:
        """Send the call and do not wait; what goes wrong on the way, `finish` mends or raises.

        Raises:
            NotDurable: as its docstring says.
        """
        arguments = [_head(self._prefix, terms)]
        for _, lead_id, key, content, raw in entries:
            arguments.append(
                b"$32\r\n%b\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n"
                % (
                    *(lead_id.encode(), len(key), key.encode()),
                    *(len(content), content.encode(), len(raw), raw),
                )
            )
        deadline = Deadline(self._timeout_seconds)
        size = _FIXED + _EACH * len(entries)
        return self._send(size, b"".join(arguments), deadline, durable=terms.durable)

    def finish(self, sent: Sent) -> Handed:
        """Wait for the answer; where it was lost on the way, make the call again.

        Time between `begin` and `finish` does not count.

        Raises:
            QueueFull, QueueUnavailable, NotDurable, FormatMismatch: as their docstrings say.
        """
        deadline = Deadline(self._timeout_seconds, sent.left_seconds)
        unsure = False
        for tries in count(1):
            try:
                return self._answer(sent, deadline)
            except LineError as error:
                unsure = unsure or (isinstance(error, NoReply) and error.sent)
                if not _is_worth_another_try(error, tries, deadline):
                    raise self._failure(error, unsure) from None
            if tries > 1:
                time.sleep(PAUSE_SECONDS)
            sent = self._send(sent.size, sent.arguments, deadline, durable=sent.durable)
        raise AssertionError("unreachable")

    def _send(self, size: int, arguments: bytes, deadline: Deadline, *, durable: bool) -> Sent:
        wire, error, telling = None, None, ""
        try:
            wire = self._line.borrow(deadline)
            new = not wire.tells_durability
            telling = find_out(wire, deadline, self.where) if durable else ""
            # A script that is not known is found out only when the disk has been waited for.
            how = _BY_TEXT if telling == ASKED and new else _BY_SHA
            wire.send(_call(size, how, arguments) + self._question(telling, deadline), deadline)
        except LineError as caught:
            if wire:
                self._line.drop(wire)
            wire, error = None, caught
        except BaseException:
            if wire:
                self._line.drop(wire)
            raise
        return Sent(size, arguments, durable, wire, error, telling, deadline.left_seconds())

    def _question(self, telling: str, deadline: Deadline) -> bytes:
        """What is sent behind a call that is to be durable."""
        return b"".join(question(telling, self._keys.touched, deadline)) if telling else b""

    def _answer(self, sent: Sent, deadline: Deadline) -> Handed:
        wire = sent.wire
        if not wire:
            raise sent.error or AssertionError("unreachable")
        try:
            reply, *on_disk = self._replies(wire, sent, deadline)
        except BaseException:
            self._line.drop(wire)
            raise
        if isinstance(reply, Refused) and reply.code == "READONLY":
            # A primary that was demoted keeps its connections: the next ones are made afresh.
            self._line.drop(wire)
            self._line.close()
        else:
            self._line.give_back(wire)
        if isinstance(reply, Refused):
            raise reply
        handed = self._understood(reply)
        if on_disk:
            confirm(on_disk, deadline, self.where)
        return handed

    def _replies(self, wire: Wire, sent: Sent, deadline: Deadline) -> list[Any]:
        number = 1 + QUESTIONS.get(sent.telling, 0)
        replies = [_reply(wire, deadline) for _ in range(number)]
        if isinstance(replies[0], Refused) and replies[0].code == "NOSCRIPT":
            again = _call(sent.size, _BY_TEXT, sent.arguments)
            wire.send(again + self._question(sent.telling, deadline), deadline)
            replies = [_reply(wire, deadline) for _ in range(number)]
        return replies

    def _understood(self, reply: Any) -> Handed:
        match reply:
            case [b"ok"]:
                return Handed({})
            case [b"ok", *holders]:
                pairs = zip(holders[::2], holders[1::2], strict=True)
                return Handed({position: holder.decode() for position, holder in pairs})
            case [b"full"]:
                raise QueueFull(f"Redis at {self._line.where} is short of memory: free or add some")
            case [b"format", found]:
                raise FormatMismatch(
                    f"namespace {self._keys.namespace!r} holds records of format"
                    f" {found.decode()!r}, this release writes {FORMAT!r}: update the older side"
                )
        text = f"Redis at {self.where} gave an answer that is none (perhaps enqueued all the same)"
        raise QueueUnavailable(text, maybe_enqueued=True)

    def _failure(self, error: LineError, unsure: bool) -> NotEnqueued:
        code = error.code if isinstance(error, Refused) else ""
        if code == "OOM" and not unsure:
            return QueueFull(f"Redis at {self._line.where} is out of memory: free or add some")
        fate = "perhaps enqueued all the same" if unsure else "not enqueued"
        text = f"Redis at {self._line.where} {_WORDS.get(code, error)} ({fate})"
        return QueueUnavailable(text, maybe_enqueued=unsure)


@lru_cache(maxsize=64)
def _head(prefix: str, terms: Terms) -> bytes:
    """What goes before the leads; kept, as it is the same in call after call."""
    lane, source, dedupe_seconds, _, trace = terms
    words = ("1", prefix, FORMAT, lane, source, BELL, "0", str(dedupe_seconds), trace)
    return bulks(*(word.encode() for word in words))


def _call(size: int, how: bytes, arguments: bytes) -> bytes:
    return b"*%d\r\n%b%b" % (size, how, arguments)


def _reply(wire: Wire, deadline: Deadline) -> Any:
    try:
        return wire.read(deadline)
    except Refused as refused:
        return refused  # what was sent after it has answers too


def _is_worth_another_try(error: LineError, tries: int, deadline: Deadline) -> bool:
    if isinstance(error, Unwritten) or deadline.left_seconds() <= PAUSE_SECONDS:
        return False
    if isinstance(error, Refused) and error.code in _PASSING:
        return True
    lost = not isinstance(error, Refused) or error.code == "READONLY"
    return lost and tries < TRIES
