"""Ways to call the sandbox: as a client would, and byte by byte."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any

from lead_ops.sandbox import SandboxServer

JSON_TYPE = {"Content-Type": "application/json"}
LEAD = {"name": "Ana", "email": "ana@example.com", "agentId": "a1"}


def call(
    sandbox: SandboxServer,
    method: str = "POST",
    path: str = "/rest/leads",
    body: Any = None,
    **headers: str,
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=10)
    sent = {"Authorization": f"Bearer {sandbox.token}", **JSON_TYPE}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, sent)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def post(sandbox: SandboxServer, body: Any = None, **headers: str) -> tuple[int, Any]:
    response, answered = call(sandbox, body=LEAD if body is None else body, **headers)
    return response.status, json.loads(answered)


def exchange(sandbox: SandboxServer, *pieces: bytes) -> bytes:
    """Send pieces on one connection and read until the sandbox closes it."""
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=10) as client:
        for piece in pieces:
            client.sendall(piece)
        client.shutdown(socket.SHUT_WR)
        answered = b""
        while more := client.recv(65_536):
            answered += more
    return answered


def raw_post(body: bytes, *headers: str) -> bytes:
    lines = [
        "POST /rest/leads HTTP/1.1",
        "Host: localhost",
        "Authorization: Bearer open-sesame",
        "Content-Type: application/json",
        *(headers or (f"Content-Length: {len(body)}",)),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
