"""What can go wrong on request, as values: each fault, its ranges, and whether it creates the lead.

It owns the words that the command, the control endpoint and tests share. It decides about no
request: that is `fault_book`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

from .errors import SandboxError


class Kind(StrEnum):
    """What happens to the answer. `CREATES` says which of them create the lead."""

    STATUS = "status"
    REDIRECT = "redirect"
    HTML = "html"
    DROP = "drop"
    DROP_BEFORE = "drop_before"
    RESET = "reset"
    TRUNCATE = "truncate"
    DRIP = "drip"
    GARBAGE = "garbage"
    OVERSIZE = "oversize"
    LOSE_FIELDS = "lose_fields"
    HANG = "hang"


class Scope(StrEnum):
    """Which requests to `/rest` a fault is for."""

    ALL = "all"
    POST = "post"
    GET = "get"


CREATES: Mapping[Kind, bool] = {
    Kind.STATUS: False,
    Kind.REDIRECT: False,
    Kind.HTML: False,
    Kind.DROP: True,
    Kind.DROP_BEFORE: False,
    Kind.RESET: False,
    Kind.TRUNCATE: True,
    Kind.DRIP: True,
    Kind.GARBAGE: False,
    Kind.OVERSIZE: True,
    Kind.LOSE_FIELDS: True,
    Kind.HANG: False,
}
"""Whether the lead is created where nobody says otherwise. A status from 200 to 299 creates it."""

_FIXED = (Kind.DROP, Kind.DROP_BEFORE, Kind.LOSE_FIELDS)


@dataclass(frozen=True, slots=True)
class Faults:
    """What is to go wrong with which requests, until when.

    Attributes:
        kind: what happens to the answer; None answers as usual (or with `status`).
        status: the HTTP status of the answer, 200 to 999; of a redirect 300 to 399.
        retry_after: the `Retry-After` header, as it is to be sent.
        latency_seconds: 0 to 3600, from the arrival to the answer. The lead is created on arrival.
        list_lag_seconds: 0 to 86,400; a lead created meanwhile is listed only so much later.
        drip_seconds: 0.001 to 60 between the bytes of a dripping answer.
        oversize_bytes: how large an oversized answer is, 1 to 64 MiB.
        creates: whether the lead is created; None is what `CREATES` says.
        rate: 0 to 1, how likely it is that a request is hit.
        seed: of the dice that `rate` throws, one for each request in scope, in order of arrival.
        scope: which requests it is for.
        only_agent: only leads with this `agentId`, or None.
        match: only leads whose JSON holds this text, or None.
        count: ends after so many hits, or None.
        for_seconds: ends after so long, or None.

    Raises:
        SandboxError: a value is out of its range, or two exclude each other.
    """

    kind: Kind | None = None
    status: int | None = None
    retry_after: str | None = None
    latency_seconds: float | None = None
    list_lag_seconds: float | None = None
    drip_seconds: float = 0.25
    oversize_bytes: int = 2_097_152
    creates: bool | None = None
    rate: float = 1.0
    seed: int = 0
    scope: Scope = Scope.ALL
    only_agent: str | None = None
    match: str | None = None
    count: int | None = None
    for_seconds: float | None = None

    def __post_init__(self) -> None:
        if self.kind is None and self.status is not None:
            object.__setattr__(self, "kind", Kind.STATUS)
        problem = _range_problem(self) or _clash(self)
        if problem:
            raise SandboxError(problem)

    @property
    def is_creating(self) -> bool:
        """Whether a valid lead is created under this fault."""
        if self.creates is not None:
            return self.creates
        if self.kind is Kind.STATUS:
            return self.status is not None and self.status < 300
        return self.kind is None or CREATES[self.kind]


_RANGES: Mapping[str, tuple[float, float]] = {
    "status": (200, 999),
    "latency_seconds": (0, 3600),
    "list_lag_seconds": (0, 86_400),
    "drip_seconds": (0.001, 60),
    "oversize_bytes": (1, 67_108_864),
    "rate": (0, 1),
    "count": (1, 1_000_000_000),
    "for_seconds": (0.001, 31_536_000),
}


def _range_problem(faults: Faults) -> str | None:
    for name, (low, high) in _RANGES.items():
        value = getattr(faults, name)
        if value is not None and not low <= value <= high:
            return f"{name}: expected {low:g} to {high:g}, found {value:g}"
    text = faults.retry_after
    if text is not None and not re.fullmatch(r"[\x20-\x7e]{1,100}", text):
        return "retry_after: expected up to 100 printable ASCII characters"
    return None


def _clash(faults: Faults) -> str | None:
    kind, status = faults.kind, faults.status
    if kind is None and faults.latency_seconds is None and faults.list_lag_seconds is None:
        return "expected something to go wrong: a kind, a status, a latency or a list lag"
    if status is not None and kind not in (Kind.STATUS, Kind.HTML, Kind.REDIRECT):
        return f"a status and {kind} exclude each other"
    if kind is Kind.STATUS and status is None:
        return "the kind status needs a status"
    if kind is Kind.REDIRECT and status is not None and not 300 <= status <= 399:
        return f"a redirect's status: expected 300 to 399, found {status}"
    if faults.creates is not None and (kind is None or kind in _FIXED):
        return f"whether the lead is created is fixed where the fault is {kind or 'latency or lag'}"
    if faults.retry_after is not None and kind not in (Kind.STATUS, Kind.HTML, Kind.REDIRECT):
        return "retry_after goes with a status, html or a redirect"
    return None


def parse_faults(value: Any) -> Faults:
    """Faults from the JSON object that the control endpoint takes; names as in `Faults`.

    Raises:
        SandboxError: as `Faults` does, and for an unknown name or a wrong type.
    """
    if not isinstance(value, dict):
        raise SandboxError("expected a JSON object that describes a fault")
    known = {each.name: str(each.type) for each in fields(Faults)}
    given: dict[str, Any] = {}
    for name, raw in value.items():
        if name not in known:
            raise SandboxError(f"expected a name among {', '.join(known)}, found another")
        given[name] = _typed(name, known[name], raw)
    return Faults(**given)


def _typed(name: str, annotation: str, raw: Any) -> Any:
    wanted, _, optional = annotation.partition(" | ")
    if raw is None and optional:
        return None
    enums: dict[str, type[StrEnum]] = {"Kind": Kind, "Scope": Scope}
    if wanted in enums:
        words = [word.value for word in enums[wanted]]
        if raw not in words:
            raise SandboxError(f"{name}: expected one of {', '.join(words)}")
        return enums[wanted](raw)
    accepted = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,)}[wanted]
    if type(raw) not in accepted:
        raise SandboxError(f"{name}: expected {wanted}, found {type(raw).__name__}")
    return raw


def faults_json(faults: Faults) -> dict[str, Any]:
    """What `parse_faults` reads, without what was left as it is by default."""
    usual = asdict(Faults(latency_seconds=0)) | {"latency_seconds": None}
    return {name: value for name, value in asdict(faults).items() if value != usual[name]}
