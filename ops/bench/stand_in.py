"""The fastest stand-in for the API that plain Python gives: it answers, and looks at nothing.

It is what both sides of a comparison deliver to, so that the API is not what is measured.
"""

from __future__ import annotations

import asyncio
import sys
from typing import cast

_BODY = (
    b'{"id":"b%012d","workspaceId":"w","name":"Maria da Silva","email":"maria@example.com",'
    b'"phone":"+5511987654321","company":"Padaria Boa Vista","site":"https://example.com","custom":{"cargo":"x"},'
    b'"utm":{"source":"google"},"capture":"completed","agentId":null}'
)


class StandIn(asyncio.Protocol):
    """One connection. A request ends with its body, whose length is in its head."""

    served = 0

    def __init__(self, latency_seconds: float) -> None:
        self._latency_seconds = latency_seconds
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while True:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._received[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._received) < end + 4 + length:
                return
            self._received = self._received[end + 4 + length :]
            if self._latency_seconds:
                asyncio.get_running_loop().call_later(self._latency_seconds, self._answer)
            else:
                self._answer()

    def _answer(self) -> None:
        StandIn.served += 1
        body = _BODY % StandIn.served
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )


async def _serve(port: int, latency_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: StandIn(latency_seconds), "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
