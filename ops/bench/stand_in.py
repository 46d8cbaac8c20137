"""The stand-in for the API in plain Python, for machines without a C compiler: see `stand_in.c`.

It answers the same to the same requests, several times slower.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import ClassVar, cast

_LEAD = (
    b'{"id":"b%012d","workspaceId":"w","name":"Maria da Silva","email":"maria@example.com",'
    b'"phone":"+5511987654321","company":"Padaria Boa Vista","site":"https://example.com",'
    b'"custom":{"cargo":"x"},"utm":{"source":"google"},"capture":"completed","agentId":null,'
    b'"createdAt":"2026-01-01T00:00:00.000Z","updatedAt":"2026-01-01T00:00:00.000Z"}'
)
_ENQUEUED = re.compile(rb'"enqueued_ns"\D*(\d+)')
_NUMBER = re.compile(rb'"maria(\d{6})@')
_LENGTH = re.compile(rb"\ncontent-length: *(\d+)", re.IGNORECASE)
_LATENCY = re.compile(rb"POST /control\?latency_ms=([\d.]+)")
_MOST_TIMES = 65_536


class StandIn(asyncio.Protocol):
    """One connection. A request ends with its body, whose length is in its head."""

    seen: ClassVar[int] = 0
    numbers: ClassVar[set[bytes]] = set()
    ids: ClassVar[int] = 0
    latency_seconds: ClassVar[float] = 0.0
    times_ns: ClassVar[list[int]] = []

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            found = _LENGTH.search(head)
            past = end + 4 + (int(found[1]) if found else 0)
            if len(self._received) < past:
                return
            body, self._received = self._received[end + 4 : past], self._received[past:]
            self._take(head, body)

    def _take(self, head: bytes, body: bytes) -> None:
        if control := _LATENCY.match(head):
            StandIn.latency_seconds = float(control[1]) / 1000
            StandIn.seen = 0
            StandIn.numbers.clear()
            StandIn.times_ns.clear()
            self._answer(b"{}")
        elif head.startswith(b"GET /seen"):
            seen = {"seen": StandIn.seen, "distinct": len(StandIn.numbers)}
            self._answer(json.dumps(seen | {"now_ns": time.monotonic_ns()}).encode())
        elif head.startswith(b"GET /times"):
            self._answer(b"".join(b"%d\n" % each for each in StandIn.times_ns))
        else:
            self._take_lead(body)

    def _take_lead(self, body: bytes) -> None:
        StandIn.seen += 1
        if number := _NUMBER.search(body):
            StandIn.numbers.add(number[1])
        stamp = _ENQUEUED.search(body)
        if stamp and len(StandIn.times_ns) < _MOST_TIMES:
            StandIn.times_ns.append(max(0, time.time_ns() - int(stamp[1])))
        if StandIn.latency_seconds:
            asyncio.get_running_loop().call_later(StandIn.latency_seconds, self._answer_lead)
        else:
            self._answer_lead()

    def _answer_lead(self) -> None:
        StandIn.ids += 1
        self._answer(_LEAD % StandIn.ids)

    def _answer(self, body: bytes) -> None:
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(StandIn, "127.0.0.1", port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
