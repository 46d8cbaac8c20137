"""Answers as values, their bytes on the wire, and the shape in which the API says no.

It owns status lines, headers and the error shape that `api-contract.md` calls likely. It decides
nothing and reads no clock: the date is given.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

JSON = "application/json"
CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    402: "PAYMENT_REQUIRED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_SUPPORTED",
    408: "TIMEOUT",
    409: "CONFLICT",
    412: "PRECONDITION_FAILED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "UNPROCESSABLE_CONTENT",
    429: "TOO_MANY_REQUESTS",
    499: "CLIENT_CLOSED_REQUEST",
    500: "INTERNAL_SERVER_ERROR",
    501: "NOT_IMPLEMENTED",
    502: "BAD_GATEWAY",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
}
_PHRASES = {int(status): status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `headers` are beyond those that each answer has; no value holds a line end."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    lead_id: str | None = None

    def split(self, date: str, *, with_body: bool = True, keep_alive: bool = True) -> list[bytes]:
        """The head and the body as bytes; without a body (HEAD, 204) the body is empty."""
        lines = [f"HTTP/1.1 {self.status} {_PHRASES.get(self.status, 'Unnamed')}", f"Date: {date}"]
        if self.status not in (204, 304):
            lines += [f"Content-Type: {self.content_type}", f"Content-Length: {len(self.body)}"]
        else:
            with_body = False
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines.append("X-Sandbox: leads")
        lines.append("Connection: keep-alive" if keep_alive else "Connection: close")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        return [head, self.body if with_body else b""]


def encode(value: Any) -> bytes:
    """JSON as compact UTF-8; escaped where a string holds half a surrogate pair."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def answer_json(status: int, value: Any) -> Answer:
    """An answer that carries a JSON value."""
    return Answer(status, encode(value))


def refusal(status: int, message: str, issues: list[dict[str, Any]] | None = None) -> Answer:
    """The likely shape of an error: `{"message", "code", "issues"?}`."""
    value: dict[str, Any] = {"message": message, "code": CODES.get(status, f"STATUS_{status}")}
    if issues:
        value["issues"] = issues
    return answer_json(status, value)
