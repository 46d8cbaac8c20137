"""The body of `POST /leads`: from bytes to the fields of a lead, or to issues.

It owns the field table of `api-contract.md` and the likely rules around it: the content type is
compared to the letter, text fields are text or null, `custom` and `utm` hold text, what is unknown
is left out. Pure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from .answers import JSON, Answer, refusal

TEXT_FIELDS = ("agentId", "name", "email", "phone", "company", "site")
OBJECT_FIELDS = ("custom", "utm")
CAPTURES = ("completed", "partial")

Lead = dict[str, Any]
Issue = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The body is no JSON."""


def read(body: bytes, content_type: str | None) -> Any | Unreadable:
    """The value that the API sees; an empty object where the content type is not the exact one."""
    if content_type != JSON or not body:
        return {}
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return Unreadable()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def fields_of(value: Any) -> Lead | Answer:
    """All the fields of a lead, defaults filled in, or the 400 that says what is wrong."""
    if isinstance(value, Unreadable):
        return refusal(400, "Failed to parse request body")
    if type(value) is not dict:
        return _invalid([_issue([], "object", value)])
    issues: list[Issue] = []
    lead = {name: _text(value.get(name), [name], issues) for name in TEXT_FIELDS}
    for name in OBJECT_FIELDS:
        lead[name] = _texts(value.get(name, {}), name, issues)
    lead["capture"] = _capture(value.get("capture", "completed"), issues)
    return _invalid(issues) if issues else lead


def _text(value: Any, path: list[str], issues: list[Issue]) -> Any:
    if value is not None and type(value) is not str:
        issues.append(_issue(path, "string", value))
    return value


def _texts(value: Any, name: str, issues: list[Issue]) -> Any:
    if type(value) is not dict:
        issues.append(_issue([name], "object", value))
        return value
    for key, inner in value.items():
        if type(inner) is not str:
            issues.append(_issue([name, key], "string", inner))
    return value


def _capture(value: Any, issues: list[Issue]) -> Any:
    if value not in CAPTURES:
        found = f"'{value}'" if isinstance(value, str) else _kind(value)
        message = f"Invalid enum value. Expected 'completed' | 'partial', received {found}"
        issues.append({"code": "invalid_enum_value", "path": ["capture"], "message": message})
    return value


def _issue(path: list[str], expected: str, value: Any) -> Issue:
    received = _kind(value)
    return {
        "code": "invalid_type",
        "expected": expected,
        "received": received,
        "path": path,
        "message": f"Expected {expected}, received {received}",
    }


def _kind(value: Any) -> str:
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return kinds.get(type(value), "number")


def _invalid(issues: list[Issue]) -> Answer:
    return refusal(400, "Input validation failed", issues)
