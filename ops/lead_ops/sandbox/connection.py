"""One connection: reads requests, sends what the desk decides, and sends it wrongly where asked.

It owns order (one request at a time), slowness, and every way of not sending an answer. It decides
nothing about leads.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from email.utils import formatdate

from .desk import Desk, Exchange
from .faults import Kind
from .harm import GARBAGE
from .http1 import MAX_BODY_BYTES, Malformed, Request, RequestReader
from .journal import Sent

_NO_LINGER = struct.pack("ii", 1, 0)
_MAX_WAITING_BYTES = 2 * MAX_BODY_BYTES


class DateLine:
    """The `Date` header, made anew once a second. Not for threads."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def __call__(self) -> str:
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._text = formatdate(second, usegmt=True)
        return self._text


class Connection(asyncio.Protocol):
    """One client's connection; adds itself to `others` while it lives."""

    def __init__(self, desk: Desk, others: set[Connection], date: DateLine) -> None:
        self._desk = desk
        self._others = others
        self._date = date
        self._reader = RequestReader()
        self._transport: asyncio.Transport | None = None
        self._acting: asyncio.Task[None] | None = None
        self._hanging = False
        self._half_closed = False
        self._full = False
        self.touched_at = time.monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what create_server gives
        self._transport = transport
        self._others.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget the connection; an answer under way ends as far as it got."""
        self._transport = None
        self._others.discard(self)
        if self._acting is not None:
            self._acting.cancel()

    def eof_received(self) -> bool:
        """Whether to go on writing to a client that has said all: yes while an answer is due."""
        self._half_closed = True
        return self._full or (self._acting is not None and not self._hanging)

    def pause_writing(self) -> None:
        """The client does not read: serve it nothing more meanwhile."""
        self._full = True

    def resume_writing(self) -> None:
        """The client reads again."""
        self._full = False
        self._advance()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and serve what is whole by now."""
        self.touched_at = time.monotonic()
        self._reader.feed(data)
        self._advance()

    def is_stale(self, now: float, idle_seconds: float, request_seconds: float) -> bool:
        """Whether it waits too long for a request, or for the rest of one (monotonic seconds)."""
        if self._acting is not None or self._full:
            return False
        limit = request_seconds if self._reader.is_midway else idle_seconds
        return now - self.touched_at > limit

    def close(self) -> None:
        """Close it after what was written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> asyncio.Task[None] | None:
        """Cut it off; answers the task to wait for."""
        acting = self._acting
        if self._transport is not None:
            self._transport.abort()
        if acting is not None:
            acting.cancel()
        return acting

    def _advance(self) -> None:
        while self._transport is not None and self._acting is None and not self._full:
            if self._transport.is_closing():
                return
            found = self._reader.take()
            if found is None:
                self._continue_or_wait(self._transport)
                return
            self._serve(self._transport, found)
        if self._transport is not None and self._reader.buffered_bytes > _MAX_WAITING_BYTES:
            self._transport.pause_reading()

    def _continue_or_wait(self, transport: asyncio.Transport) -> None:
        if self._half_closed:
            transport.close()
            return
        transport.resume_reading()
        if self._reader.awaits_continue:
            self._reader.awaits_continue = False
            transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _serve(self, transport: asyncio.Transport, found: Request | Malformed) -> None:
        if isinstance(found, Malformed):
            self._turn_away(transport, self._desk.refuse(found))
            return
        exchange = self._desk.handle(found)
        if exchange.plan.is_prompt:
            self._write(transport, self._parts(exchange, found), found.head.keep_alive)
        else:
            act = self._act(transport, exchange, found)
            self._acting = asyncio.get_running_loop().create_task(act)

    def _turn_away(self, transport: asyncio.Transport, exchange: Exchange) -> None:
        """Answer, and read on to no purpose until the client is done.

        Closing while bytes of it are unread would send RST, which may overtake the answer
        (RFC 9112, 9.6).
        """
        self._write(transport, self._parts(exchange, None), keep_alive=True)
        if self._half_closed:
            transport.close()
        else:
            transport.write_eof()

    def _parts(self, exchange: Exchange, request: Request | None) -> list[bytes]:
        if exchange.answer is None:
            return []
        return exchange.answer.split(
            self._date(),
            with_body=request is None or request.head.method != "HEAD",
            keep_alive=request is not None and request.head.keep_alive,
        )

    def _write(self, transport: asyncio.Transport, parts: list[bytes], keep_alive: bool) -> None:
        transport.write(b"".join(parts))
        self.touched_at = time.monotonic()
        if not keep_alive:
            transport.close()

    async def _act(
        self, transport: asyncio.Transport, exchange: Exchange, request: Request
    ) -> None:
        sent = Sent.NOTHING
        try:
            if exchange.plan.latency_seconds:
                await asyncio.sleep(exchange.plan.latency_seconds)
            if exchange.kind is Kind.DRIP:
                sent = Sent.PART
            sent = await self._misbehave(transport, exchange, request)
        finally:
            self._desk.settle(exchange.number, sent)
            self._acting = None
        self._advance()

    async def _misbehave(
        self, transport: asyncio.Transport, exchange: Exchange, request: Request
    ) -> Sent:
        parts = self._parts(exchange, request)
        match exchange.kind:
            case Kind.DROP | Kind.DROP_BEFORE:
                transport.close()
                return Sent.NOTHING
            case Kind.RESET:
                _reset(transport)
                return Sent.NOTHING
            case Kind.HANG:
                await self._hang(transport)
                return Sent.NOTHING
            case Kind.GARBAGE:
                transport.write(GARBAGE)
                transport.close()
                return Sent.NOTHING
            case Kind.TRUNCATE:
                head, body = parts
                transport.write(head + body[: len(body) // 2])
                transport.close()
                return Sent.PART
            case Kind.DRIP:
                await self._drip(transport, exchange, parts)
        self._write(transport, parts, request.head.keep_alive)
        return Sent.WHOLE

    async def _hang(self, transport: asyncio.Transport) -> None:
        self._hanging = True
        if self._half_closed:
            transport.close()
        await asyncio.Event().wait()

    async def _drip(
        self, transport: asyncio.Transport, exchange: Exchange, parts: list[bytes]
    ) -> None:
        """Write the head, then byte by byte; what is left in `parts` is the last byte."""
        faults = exchange.plan.faults
        pause = faults.drip_seconds if faults is not None else 0.0
        head, body = parts
        transport.write(head)
        for at in range(len(body) - 1):
            transport.write(body[at : at + 1])
            await asyncio.sleep(pause)
        parts[:] = [body[-1:]]


def _reset(transport: asyncio.Transport) -> None:
    """Close with RST instead of FIN: a linger time of zero does that (socket(7))."""
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()
