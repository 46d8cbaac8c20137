r"""Which dead letters a person, or a rule, means.

It owns what a condition takes, and how a selection is named where no personal data may be. It must
not fetch anything, nor raise, whatever bytes a raw lead is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from . import field_path
from .field_path import NOT_THERE
from .scrub import impersonal
from .strict_json import read_object

_STAR = re.compile(r"\\\*|\*")


@dataclass(frozen=True, slots=True)
class Where:
    r"""A condition on one field of the raw lead.

    Attributes:
        path: as `field_path` reads it; typed by an operator, so that it may be shown.
        pattern: for the whole text, in any case; `*` is any text, `\*` a star. "" takes a field
            that is missing, null or blank text, and no other pattern does. Personal data.
    """

    path: str
    pattern: str = field(repr=False)

    def takes(self, lead: Mapping[str, Any]) -> bool:
        """Whether the lead's field is as the pattern says.

        Numbers, true and false count as JSON writes them; objects and lists are taken by `*` alone.
        """
        path = field_path.parse(self.path)
        value = NOT_THERE if isinstance(path, str) else field_path.find(lead, path)
        if value is None or value is NOT_THERE or (isinstance(value, str) and not value.strip()):
            return not self.pattern
        if isinstance(value, dict | list):
            return self.pattern == "*"
        return _is_like(value if isinstance(value, str) else json.dumps(value), self.pattern)


@dataclass(frozen=True, slots=True)
class Selection:
    """Conditions that a dead letter must meet, all of them; one that is empty or None, any meets.

    Attributes:
        groups, reasons, statuses, sources, lanes: the record's field is one of these; "" is for
            records without it.
        since_at, until_at: it died at that time or later, and before that one.
        wheres: conditions on the raw lead.
        edited: whether the lead was edited since it died.
    """

    groups: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    lanes: frozenset[str] = frozenset()
    since_at: float | None = None
    until_at: float | None = None
    wheres: tuple[Where, ...] = ()
    edited: bool | None = None

    @property
    def needs_raw(self) -> bool:
        """Whether the record alone does not tell."""
        return bool(self.wheres)

    @property
    def is_everything(self) -> bool:
        """Whether it takes each dead letter there is."""
        return self == _EVERYTHING

    def takes_record(self, fields: Mapping[str, str], at: float) -> bool:
        """Whether the record meets all conditions but those on the raw lead.

        Args:
            at: when the lead died.
        """
        if self.since_at is not None and at < self.since_at:
            return False
        if self.until_at is not None and at >= self.until_at:
            return False
        if self.edited is not None and self.edited != ("mended" in fields):
            return False
        return all(
            not among or fields.get(name, "") in among for name, among in _choices(self).items()
        )

    def takes_raw(self, raw: bytes) -> bool:
        """Whether the raw lead meets the conditions on it; where there are none, any bytes do, else
        only those that can be read as an object, if not strictly."""
        if not self.wheres:
            return True
        lead = _read(raw)
        return lead is not None and all(where.takes(lead) for where in self.wheres)


_EVERYTHING = Selection()


def parse_where(text: str) -> Where | str:
    r"""Read `email=maria@x.com`, `utm.campaign=spring*` or `phone=`.

    Returns:
        The condition; or the error for people, which does not quote the text.
    """
    parts = field_path.divide(text)
    if isinstance(parts, str):
        return f"{parts}; write email=maria@example.com, or phone= for leads without a phone"
    # The sign := means nothing here, so that its colon ends the name.
    path = parts[0] + parts[1].removesuffix("=")
    read = field_path.parse(path)
    return read if isinstance(read, str) else Where(path, parts[2])


def words(selection: Selection) -> str:
    """The selection on one line for logs; of its conditions on raw leads only the fields' paths.

    `group invalid:email, since 2026-11-20 10:00 UTC, where email`; `everything` if it is that.
    """
    parts = [
        f"{name} {_listed(among, ' or ')}" for name, among in _choices(selection).items() if among
    ]
    if selection.since_at is not None:
        parts.append(f"since {_moment(selection.since_at)}")
    if selection.until_at is not None:
        parts.append(f"until {_moment(selection.until_at)}")
    if selection.edited is not None:
        parts.append("edited" if selection.edited else "not edited")
    if selection.wheres:
        paths = {where.path for where in selection.wheres}
        parts.append(f"where {_listed(paths, ' and ')}")
    return ", ".join(parts) or "everything"


def _choices(selection: Selection) -> dict[str, frozenset[str]]:
    """What is chosen among, by the name of the record's field."""
    return {
        "group": selection.groups,
        "reason": selection.reasons,
        "status": selection.statuses,
        "source": selection.sources,
        "lane": selection.lanes,
    }


def _listed(texts: Iterable[str], between: str) -> str:
    return between.join(sorted({impersonal(text) for text in texts}))


def _moment(at: float) -> str:
    try:
        moment = datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):  # beyond the years that have a date
        return str(at)
    return f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(":00") + " UTC"


def _is_like(text: str, pattern: str) -> bool:
    """Match without going back, so that no pattern takes long on a stranger's text."""
    first, *others = _literals(pattern)
    text = text.casefold()
    if not others:
        return text == first
    *middle, last = others
    if not text.startswith(first):
        return False
    at = len(first)
    for literal in middle:
        found = text.find(literal, at)
        if found < 0:
            return False
        at = found + len(literal)
    return len(text) - at >= len(last) and text.endswith(last)


def _literals(pattern: str) -> list[str]:
    """What is between the stars, ready to be compared."""
    literals = [""]
    start = 0
    for found in _STAR.finditer(pattern):
        literals[-1] += pattern[start : found.start()]
        start = found.end()
        if found[0] == "*":
            literals.append("")
        else:
            literals[-1] += "*"
    literals[-1] += pattern[start:]
    return [literal.casefold() for literal in literals]


def _read(raw: bytes) -> dict[str, Any] | None:
    """The lead, also where the schema could not read it: a byte that is no UTF-8 or a key that is
    there twice is often why it died, and its other fields still tell which lead it is."""
    strict = read_object(raw)
    if isinstance(strict, dict):
        return strict
    try:
        value = _TOLERANT.decode(raw.decode("utf-8", "replace").removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _whole(digits: str) -> int | str:
    """Python refuses to read the longest ones; to be compared, they may stay text."""
    return int(digits) if len(digits) < 1000 else digits


_TOLERANT = json.JSONDecoder(parse_int=_whole, strict=False)
