"""Whether Redis has a call's writes on its disk, and not only in its memory.

From 7.2 on it can be asked (`WAITAOF`). An older one with `appendfsync always` answers no sooner
than its disk has, unless it is told not to wait for that while it rewrites its file. Source:
Redis's pages "WAITAOF" and "Redis persistence", and the comments of its redis.conf.
"""

from __future__ import annotations

import math
from typing import Any

from .errors import NotDurable
from .wire import Deadline, NoReply, Refused, Wire, command

ALWAYS, ASKED = "always", "asked"
"""How a server tells: by answering at all, or because it is asked."""

QUESTIONS = {ALWAYS: 1, ASKED: 2}
"""How many commands `question` gives, and `confirm` takes the answers of."""

_CONFIG = command(b"CONFIG", b"GET", b"*append*")
_ALWAYS = {b"appendonly": b"yes", b"appendfsync": b"always", b"no-appendfsync-on-rewrite": b"no"}
_NOT_HERE = ("ERR", "NOPERM")  # an unknown command, no append-only file, or not for this user
_TOUCHED_SECONDS = b"60"
_EARLIER_SECONDS = 0.2
"""The server gives up before we do: else its answer to the call itself would be lost too. It looks
at its clock ten times a second."""


class Unwritten(NoReply):
    """Its disk has the call's writes not yet, though it was given all the time that there is."""


def find_out(wire: Wire, deadline: Deadline, where: str) -> str:
    """Ask, once for each connection, how this server tells; gives `ALWAYS` or `ASKED`.

    Raises:
        NotDurable: it cannot; nothing was enqueued.
        LineError: it did not answer.
    """
    if not wire.tells_durability:
        wire.tells_durability = _how(wire, deadline, where)
    return wire.tells_durability


def question(how: str, touched: str, deadline: Deadline) -> list[bytes]:
    """The commands that follow a call: they answer when its writes are on the disk.

    `WAITAOF` waits for what its own connection has written. A call that is made again writes
    nothing, since the leads are there from the first time; hence a write of its own.
    """
    if how == ALWAYS:
        return [_CONFIG]  # it may have been changed since
    left_seconds = deadline.left_seconds()
    wait_seconds = max(left_seconds - _EARLIER_SECONDS, left_seconds / 2)
    wait_ms = max(1, math.floor(wait_seconds * 1000))
    touch = command(b"SET", touched.encode(), b"1", b"EX", _TOUCHED_SECONDS)
    return [touch, command(b"WAITAOF", b"1", b"0", str(wait_ms).encode())]


def confirm(replies: list[Any], deadline: Deadline, where: str) -> None:
    """Read the answers to `question`.

    Raises:
        NoReply, Unwritten: it is not on the disk, as far as is known.
        NotDurable: the server cannot tell any more.
    """
    if len(replies) == 1:
        if not _is_always(replies[0]):
            raise NotDurable(_advice(where, "enqueued all the same"), maybe_enqueued=True)
        return
    touch, waited = replies
    if isinstance(touch, Refused):
        raise NoReply(f"cannot say whether its disk has it: {touch}", sent=True)
    if isinstance(waited, Refused):
        if waited.code not in _NOT_HERE:
            # As when a primary becomes a replica: the script has run, so this is no refusal of it.
            raise NoReply(f"did not say that its disk has it: {waited}", sent=True)
        raise NotDurable(_advice(where, "enqueued all the same"), maybe_enqueued=True)
    if not (isinstance(waited, list) and waited and waited[0]):
        raise Unwritten(f"did not write to its disk within {deadline.seconds:g} s", sent=True)


def _how(wire: Wire, deadline: Deadline, where: str) -> str:
    try:
        wire.ask(command(b"WAITAOF", b"1", b"0", b"1"), deadline)
    except Refused as refused:
        if refused.code not in _NOT_HERE:
            raise
    else:
        return ASKED
    if _is_always(_ask_config(wire, deadline)):
        return ALWAYS
    raise NotDurable(_advice(where, "not enqueued"))


def _ask_config(wire: Wire, deadline: Deadline) -> Any:
    try:
        return wire.ask(_CONFIG, deadline)
    except Refused as refused:
        return refused


def _is_always(reply: Any) -> bool:
    return _ALWAYS.items() <= _settings(reply).items()


def _settings(reply: Any) -> dict[bytes, bytes]:
    return dict(zip(reply[::2], reply[1::2], strict=False)) if isinstance(reply, list) else {}


def _advice(where: str, fate: str) -> str:
    return (
        f"Redis at {where} cannot tell when a lead is on its disk: set appendonly to yes,"
        " appendfsync to everysec or (below Redis 7.2) always, no-appendfsync-on-rewrite to no,"
        f" and let this user call WAITAOF and CONFIG GET ({fate})"
    )
