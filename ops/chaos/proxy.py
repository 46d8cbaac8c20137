"""A TCP proxy that can be told to misbehave, as a process of its own.

    python -m chaos.proxy PORT TARGET_PORT

It owns its connections, and knows nothing of what goes through them. Bytes are late, or held back
until the connection is reset, but never left out of a stream: TCP does not do that either. It says
`ready` when it listens, then obeys a line of JSON from stdin each (`Behaviour`, or `"cut"`) and
answers `done`. It ends when stdin does.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
from collections import deque
from dataclasses import dataclass
from typing import cast

UP, DOWN = 0, 1
"""From the client to the server, and back."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the proxy treats what it passes on.

    Attributes:
        refusing: nobody listens, and no connection is left.
        dead: directions in which nothing comes through: "", "up", "down" or "both".
        reading: false where nobody reads what is sent, so that it piles up at the sender's.
        delay_seconds: how much later each piece comes.
    """

    refusing: bool = False
    dead: str = ""
    reading: bool = True
    delay_seconds: float = 0.0

    def is_dead(self, way: int) -> bool:
        """Whether nothing comes through in a direction."""
        return self.dead in ("both", "up" if way == UP else "down")


class Link:
    """One connection through the proxy: the client's half, the server's, and what is on its way."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._halves: list[asyncio.Transport | None] = [None, None]
        self._under_way: tuple[deque[tuple[float, bytes]], ...] = (deque(), deque())
        self._ended = [False, False]

    def joined(self, half: int, transport: asyncio.Transport) -> None:
        """A half is there; half 0 is the client's."""
        self._halves[half] = transport
        self.obey()

    def arrived(self, way: int, data: bytes) -> None:
        """Bytes came from one half; they are due at the other one."""
        loop = asyncio.get_running_loop()
        due_at = loop.time() + self._proxy.behaviour.delay_seconds
        self._under_way[way].append((due_at, data))
        self.pass_on(way)

    def left(self, way: int, error: Exception | None) -> None:
        """A half closed; what it had sent may still be on its way."""
        self._ended[way] = True
        if error is not None and not self._proxy.behaviour.is_dead(way):
            self._under_way[way].clear()
        self.pass_on(way)

    def pass_on(self, way: int) -> None:
        """Pass on what is due in a direction, and come back for the rest."""
        loop = asyncio.get_running_loop()
        waiting, sink = self._under_way[way], self._halves[1 - way]
        if sink is None or self._proxy.behaviour.is_dead(way):
            return
        if sink.is_closing():
            waiting.clear()
        while waiting and waiting[0][0] <= loop.time():
            sink.write(waiting.popleft()[1])
        if waiting:
            loop.call_at(waiting[0][0], self.pass_on, way)
        elif self._ended[way]:
            sink.close()
            self._proxy.links.discard(self)

    def obey(self) -> None:
        """Take up the proxy's behaviour."""
        for way, half in enumerate(self._halves):
            if half is not None and not half.is_closing():
                if self._proxy.behaviour.reading:
                    half.resume_reading()
                else:
                    half.pause_reading()
            self.pass_on(way)

    def reset(self) -> None:
        """Reset both halves (RST); what is on its way is lost."""
        self._proxy.links.discard(self)
        for way, half in enumerate(self._halves):
            self._under_way[way].clear()
            if half is not None:
                _reset(half)


class Half(asyncio.Protocol):
    """One half of a link, as asyncio tells of it."""

    def __init__(self, link: Link, half: int) -> None:
        self._link, self._half = link, half

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._link.joined(self._half, cast(asyncio.Transport, transport))

    def data_received(self, data: bytes) -> None:
        self._link.arrived(self._half, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._link.left(self._half, exc)


class Proxy:
    """Listens on one port of 127.0.0.1 and passes on to another."""

    def __init__(self, port: int, target: int) -> None:
        self._port, self._target = port, target
        self._server: asyncio.Server | None = None
        self._joining: set[asyncio.Task[None]] = set()
        self.behaviour = Behaviour()
        self.links: set[Link] = set()

    async def listen(self) -> None:
        """Accept connections."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._accept, "127.0.0.1", self._port, reuse_address=True, backlog=1024
        )

    async def obey(self, behaviour: Behaviour) -> None:
        """Behave so from now on."""
        self.behaviour = behaviour
        if behaviour.refusing and self._server is not None:
            self._server.close()
            self._server = None
            self.cut()
        elif not behaviour.refusing and self._server is None:
            await self.listen()
        for link in tuple(self.links):
            link.obey()

    def cut(self) -> None:
        """Reset all connections."""
        for link in tuple(self.links):
            link.reset()

    def _accept(self) -> asyncio.Protocol:
        link = Link(self)
        self.links.add(link)
        task = asyncio.get_running_loop().create_task(self._join(link))
        self._joining.add(task)
        task.add_done_callback(self._joining.discard)
        return Half(link, UP)

    async def _join(self, link: Link) -> None:
        """Connect to the target; where nobody is there, the client is told so by a reset."""
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: Half(link, DOWN), "127.0.0.1", self._target)
        except OSError:
            link.reset()


def _reset(transport: asyncio.Transport) -> None:
    sock = transport.get_extra_info("socket")
    if sock is not None and not transport.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _serve(port: int, target: int) -> None:
    proxy = Proxy(port, target)
    await proxy.listen()
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    print("ready", flush=True)
    while line := await orders.readline():
        order = json.loads(line)
        if order == "cut":
            proxy.cut()
        else:
            await proxy.obey(Behaviour(**order))
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
