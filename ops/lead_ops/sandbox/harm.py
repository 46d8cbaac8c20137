"""What a fault makes of an answer, as far as the answer's content goes. Pure.

It owns the wrong answers that are still HTTP. How an answer is sent wrongly (in part, in drips,
not at all) is the connection's.
"""

from __future__ import annotations

from dataclasses import replace

from .answers import JSON, Answer, answer_json, refusal
from .faults import Faults, Kind

LANDING_PATH = "/sandbox/landed"
GARBAGE = b"\x16\x03\x03\x00\x2a this is not HTTP\n\n"
_UNANSWERED = (Kind.DROP, Kind.DROP_BEFORE, Kind.RESET, Kind.HANG, Kind.GARBAGE)
_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Sandbox</title></head>"
    b"<body><h1>A gateway's page, not the API's answer</h1></body></html>\n"
)


def landed() -> Answer:
    """Where a redirect leads: it looks like success, so that who follows one is found out."""
    return answer_json(200, {"id": "sandbox_landed", "workspaceId": "sandbox_workspace"})


def harm(faults: Faults, usual: Answer, host: str) -> Answer | None:
    """The answer under a fault.

    Args:
        faults: the fault that decides.
        usual: what the API would have answered.
        host: the request's Host header, for the address of a redirect.

    Returns:
        None where nothing that is HTTP is to be sent.
    """
    if faults.kind in _UNANSWERED:
        return None
    answer = _replacement(faults, usual, host)
    if faults.retry_after is None:
        return answer
    return replace(answer, headers=(*answer.headers, ("Retry-After", faults.retry_after)))


def _replacement(faults: Faults, usual: Answer, host: str) -> Answer:
    match faults.kind:
        case Kind.HTML:
            return Answer(faults.status or 200, _PAGE, "text/html; charset=utf-8")
        case Kind.REDIRECT:
            location = ("Location", f"http://{host}{LANDING_PATH}")
            return Answer(faults.status or 302, b"", "text/plain", (location,))
        case Kind.OVERSIZE:
            return replace(usual, body=_pad(usual, faults.oversize_bytes))
        case Kind.STATUS:
            return _with_status(faults.status or 500, usual)
    return usual


def _with_status(status: int, usual: Answer) -> Answer:
    """Success under another 2xx keeps its body; the API's own refusal stays what it is."""
    if status >= 300:
        return refusal(status, "The sandbox was asked to answer so")
    return replace(usual, status=status) if usual.status < 300 else usual


def _pad(usual: Answer, size: int) -> bytes:
    """The same JSON, with spaces before its last brace."""
    if usual.content_type != JSON or not usual.body.endswith(b"}"):
        return usual.body
    return usual.body[:-1] + b" " * max(0, size - len(usual.body)) + b"}"
