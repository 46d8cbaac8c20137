"""Whether Redis has a call's writes on its disk, and not only in its memory.

From 7.2 on it can be asked (`WAITAOF`). An older one with `appendfsync always` answers no sooner
than its disk has. Source: Redis's pages "WAITAOF" and "Redis persistence".
"""

from __future__ import annotations

import math
from typing import Any

from .errors import NotDurable
from .wire import Deadline, NoReply, Refused, Wire, command

ALWAYS, ASKED = "always", "asked"
"""How a server tells: by answering at all, or because it is asked."""

_CONFIG = command(b"CONFIG", b"GET", b"append*")
_TOUCHED_SECONDS = b"60"
_NOT_HERE = ("ERR", "NOPERM")  # an unknown command, no append-only file, or not for this user


def find_out(wire: Wire, deadline: Deadline, where: str) -> str:
    """Ask, once for each connection, how this server tells; gives `ALWAYS` or `ASKED`.

    Raises:
        NotDurable: it cannot; nothing was enqueued.
        LineError: it did not answer.
    """
    if not wire.tells_durability:
        wire.tells_durability = _how(wire, deadline, where)
    return wire.tells_durability


def question(touched: str, deadline: Deadline) -> bytes:
    """The two commands that follow a call: they answer when its writes are on the disk.

    `WAITAOF` waits for what its own connection has written. A call that is made again writes
    nothing, since the leads are there from the first time; hence a write of its own.
    """
    wait_ms = max(1, math.floor(deadline.left_seconds() * 1000))
    touch = command(b"SET", touched.encode(), b"1", b"EX", _TOUCHED_SECONDS)
    return touch + command(b"WAITAOF", b"1", b"0", str(wait_ms).encode())


def confirm(replies: list[Any], deadline: Deadline, where: str) -> None:
    """Read the answers to `question`.

    Raises:
        NoReply, Refused: it is not on the disk, as far as is known.
        NotDurable: the server cannot tell any more.
    """
    touch, waited = replies
    if isinstance(touch, Refused):
        raise NoReply(f"cannot say whether its disk has it: {touch}", sent=True)
    if isinstance(waited, Refused):
        if waited.code not in _NOT_HERE:
            raise waited
        raise NotDurable(_advice(where, "enqueued all the same"), maybe_enqueued=True)
    if not (isinstance(waited, list) and waited and waited[0]):
        raise NoReply(f"did not write to its disk within {deadline.seconds:g} s", sent=True)


def _how(wire: Wire, deadline: Deadline, where: str) -> str:
    try:
        wire.ask(command(b"WAITAOF", b"1", b"0", b"1"), deadline)
    except Refused as refused:
        if refused.code not in _NOT_HERE:
            raise
    else:
        return ASKED
    try:
        reply = wire.ask(_CONFIG, deadline)
    except Refused:
        reply = []
    found = dict(zip(reply[::2], reply[1::2], strict=False))
    if found.get(b"appendonly") == b"yes" and found.get(b"appendfsync") == b"always":
        return ALWAYS
    raise NotDurable(_advice(where, "not enqueued"))


def _advice(where: str, fate: str) -> str:
    return (
        f"Redis at {where} cannot tell when a lead is on its disk: set appendonly to yes and,"
        f" below Redis 7.2, appendfsync to always ({fate})"
    )
