"""What a bad server says, as values: answers to the byte, and ways to behave.

It owns no socket. A behaviour is given one connection, and what it does is over when it returns.
"""

from __future__ import annotations

import json

from tests.integration.bad_server import Behaviour, Peer

SENT = {"name": "Ana Sample", "email": "ana@example.com", "capture": "completed"}
ECHO = json.dumps({**SENT, "id": "lead-1", "workspaceId": "w"}).encode()


def http(status: int, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """An answer to the byte; `length` lies about the body's."""
    lines = [f"HTTP/1.1 {status} Reason", *headers]
    if not any(line.startswith(("Transfer-Encoding", "Connection")) for line in headers):
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


OK = http(200, ECHO, "Content-Type: application/json")


def answering(*answers: bytes) -> Behaviour:
    """Answer each request on a connection in turn, the last for ever."""

    def behave(peer: Peer) -> None:
        rest = list(answers)
        while peer.read():
            peer.say(rest.pop(0) if len(rest) > 1 else rest[0])

    return behave


def hanging_up_after(answer: bytes) -> Behaviour:
    def behave(peer: Peer) -> None:
        peer.read()
        peer.say(answer)

    return behave


def dripping(answer: bytes, at_once: bytes = b"") -> Behaviour:
    def behave(peer: Peer) -> None:
        peer.read()
        peer.say(at_once)
        peer.drip(answer)

    return behave


def closing(peer: Peer) -> None:
    peer.read()


def resetting(peer: Peer) -> None:
    peer.read()
    peer.reset()


def silent(peer: Peer) -> None:
    peer.read()
    peer.be_silent()


def endless(prefix: bytes, block: bytes) -> Behaviour:
    def behave(peer: Peer) -> None:
        peer.read()
        peer.say(prefix)
        while True:
            peer.say(block)

    return behave


def tunnelling(peer: Peer) -> None:
    asked = peer.read()
    if asked:
        peer.say(b"HTTP/1.1 200 Connection established\r\n\r\n")
        peer.relay(int(asked.first_line.split()[1].rsplit(":", 1)[1]))


CHUNKED = http(200, b"", "Transfer-Encoding: chunked")
