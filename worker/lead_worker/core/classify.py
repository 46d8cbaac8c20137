"""The table of outcomes: what came back from one attempt, judged.

It owns which fact means which outcome and which hold. It must not do anything about either, and
must never raise because of an answer: that the API's errors have the known shape is only *likely*,
and whatever stands in front of the API may answer with anything at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, assert_never

from .outcome import Delivered, GivenBack, HoldKind, Mangled, Outcome, Rejected, Retry, Unknown
from .reply import Answered, NoAnswer, NotSent, Reply
from .retry_after import retry_after_seconds

MESSAGE_CAP = 2000
"""Characters of the API's message that are kept."""

CODE_CAP = 100
API_ID_CAP = 1000

_HOLDS = {
    401: HoldKind.CREDENTIALS,
    403: HoldKind.CREDENTIALS,
    402: HoldKind.QUOTA,
    404: HoldKind.CONFIGURATION,
    405: HoldKind.CONFIGURATION,
    407: HoldKind.CONFIGURATION,
    415: HoldKind.CONFIGURATION,
    421: HoldKind.CONFIGURATION,
    426: HoldKind.CONFIGURATION,
}
_LATER = frozenset({425, 429, 503})
_REQUEST_TIMEOUT = 408
# Found before anything was sent, on this side of the network: trying elsewhere or soon is right.
OWN_CAUSES = frozenset({"lease_short", "deadline"})


def classify(
    reply: Reply, sent: Mapping[str, object], *, now_at: float, retry_after_cap_seconds: float
) -> Outcome:
    """Judge one attempt.

    Args:
        reply: what came back.
        sent: the JSON object that was sent, to hold the answer's fields against.
        now_at: epoch seconds, for a `Retry-After` that is a date.
        retry_after_cap_seconds: the longest wait that is obeyed; at least 1.
    """
    match reply:
        case NotSent(cause):
            return GivenBack(None, cause) if cause in OWN_CAUSES else Retry(cause)
        case NoAnswer(cause):
            return Unknown(cause)
        case Answered(status) if 200 <= status < 300:
            return _success(reply, sent)
        case Answered(status) if status in _LATER:
            return Retry(_cause(status), _wait(reply, now_at, retry_after_cap_seconds))
        case Answered(status) if status in _HOLDS or 300 <= status < 400:
            return _everybodys(reply)
        case Answered(status) if 400 <= status < 500 and status != _REQUEST_TIMEOUT:
            return _refusal(reply)
        case Answered(status):
            return Unknown(_cause(status))
        case _:
            assert_never(reply)


def _cause(status: int) -> str:
    return f"status_{status}"


def _wait(reply: Answered, now_at: float, cap_seconds: float) -> float | None:
    return retry_after_seconds(
        reply.retry_after, date_header=reply.date, now_at=now_at, cap_seconds=cap_seconds
    )


def _success(reply: Answered, sent: Mapping[str, object]) -> Outcome:
    answer = read_json_object(reply.body)
    api_id = read_api_id(answer)
    if answer is None or not api_id:
        return Unknown("status_2xx_unreadable")
    lost = [name for name, value in sent.items() if not _empty(value) and _empty(answer.get(name))]
    return Mangled(api_id, tuple(sorted(lost))) if lost else Delivered(api_id)


def read_api_id(answer: dict[str, Any] | None) -> str:
    """The id of a lead that the API answered with; "" for one that cannot be kept."""
    api_id = answer.get("id") if answer else None
    if not isinstance(api_id, str) or not api_id.strip() or len(api_id) > API_ID_CAP:
        return ""
    return api_id if _storable(api_id, API_ID_CAP) == api_id else ""


def _empty(value: object) -> bool:
    """Nothing, or an object of nothings: `{"source": null}` has lost its source as `{}` has."""
    if isinstance(value, dict):
        return all(part in (None, "", {}, []) for part in value.values())
    return value in (None, "", [])


def _everybodys(reply: Answered) -> GivenBack:
    """A status in the table of holds. What the API said is kept: it may be the lead after all."""
    kind = _HOLDS.get(reply.status, HoldKind.CONFIGURATION)
    code, message = _words(reply.body) or ("", "")
    return GivenBack(kind, _cause(reply.status), reply.status, code, message)


def _refusal(reply: Answered) -> Rejected | GivenBack:
    """A 4xx outside the table of holds: the API's word on this lead, if the API is who speaks."""
    words = _words(reply.body)
    if words is None:
        return GivenBack(HoldKind.CONFIGURATION, _cause(reply.status), reply.status)
    return Rejected(reply.status, *words)


def _words(body: bytes) -> tuple[str, str] | None:
    """The code and the message of an error of the API's; None where it is somebody else's answer.

    Its shape is `{"message", "code", "issues"?}`. Either of the first two is enough, since that
    shape is only likely; a value of another type is not the API's.
    """
    answer = read_json_object(body) or {}
    message, code = answer.get("message", ""), answer.get("code", "")
    if not isinstance(message, str) or not isinstance(code, str) or not (message or code):
        return None
    words = "; ".join(filter(None, [message or code, *_issues(answer.get("issues"))]))
    return _storable(code, CODE_CAP), _storable(words, MESSAGE_CAP)


def _issues(issues: object) -> list[str]:
    found = issues if isinstance(issues, list) else []
    return [_issue(issue) for issue in found if isinstance(issue, dict)]


def _issue(issue: dict[str, Any]) -> str:
    message, path = issue.get("message"), issue.get("path")
    where = path if isinstance(path, list) else []
    names = [str(step) for step in where if isinstance(step, (str, int))]
    words = message if isinstance(message, str) else ""
    return f"{'.'.join(names)}: {words}" if names else words


def _storable(text: str, cap: int) -> str:
    """At most `cap` characters, all of which UTF-8 can write (JSON can spell half a surrogate)."""
    return text[:cap].encode("utf-8", "replace").decode()


def read_json_object(body: bytes) -> dict[str, Any] | None:
    """An answer's JSON object, or None for anything else; never raises."""
    # As generous as Python allows (NaN, a BOM, a key twice): a lead that the API has is not made
    # unknown over its style.
    try:
        answer = _DECODER.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 300 else float(digits)  # `int` refuses 4301 digits


_DECODER = json.JSONDecoder(parse_int=_whole)
