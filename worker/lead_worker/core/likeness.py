"""How like a lead that the API lists is to one that was sent.

It owns what counts as the same: the API may write a value its own way (a number as text, a phone
with blanks, the default in place of nothing), and that is no difference. It must not raise,
whatever the listed lead holds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from .strict_json import MAX_DEPTH

_EXACT = 2**53 - 1
"""The largest whole number that a double, and so JavaScript and the API, holds to the digit."""

_LOCAL_DIGITS = 8
"""Of a phone, from its end: fewer could be anybody's."""

_Entries = frozenset[tuple[str | None, str]]


def is_equal(listed: Mapping[str, Any], sent: Mapping[str, object]) -> bool:
    """Whether a listed lead is what was sent, over all nine fields.

    null, empty text, {}, [] and a field that is not there are the same nothing, and no `capture` is
    `completed`. Text counts without the blanks around it, an e-mail in any case, a phone by its
    digits, and what is in `custom` and `utm` by the text that the schema would send for it.

    Args:
        listed: a lead as the API lists it.
        sent: the JSON object that was sent.
    """
    try:
        return all(
            written(listed.get(name)) == written(sent.get(name))
            for name, written in _WRITTEN.items()
        )
    except (RecursionError, OverflowError):  # deeper, or larger, than anything that is sent
        return False


def is_about(listed: Mapping[str, Any], field: str, value: str) -> bool:
    """Whether a listed lead has the same e-mail, phone or name, so that it may be the same person.

    A phone is the same with and without its country and area code: the API may leave them out.

    Args:
        listed: a lead as the API lists it.
        field: `email`, `phone` or `name`.
        value: what was sent in that field.
    """
    try:
        found, wanted = _WRITTEN[field](listed.get(field)), _WRITTEN[field](value)
    except (RecursionError, OverflowError):
        return False
    if field == "phone":
        return _is_same_phone(str(found), str(wanted))
    return _loose(str(found)) == _loose(str(wanted))


def _is_same_phone(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if len(short) >= _LOCAL_DIGITS and (short + long).isdigit():
        return long.endswith(short)
    return short == long


def _loose(text: str) -> str:
    return " ".join(text.split()).casefold()


def _text(value: object) -> str:
    """A value as text; nothing is ""."""
    tidy = _tidy(value)
    if isinstance(tidy, str):
        return tidy
    return json.dumps(tidy, sort_keys=True) if tidy else ""


def _tidy(value: object) -> Any:
    """A value with each leaf as text, and without what is nothing in its objects."""
    match value:
        case None:
            return ""
        case str():
            return value.strip()
        case bool():
            return "true" if value else "false"
        case int() | float():
            return _number(value)
        case dict():
            parts = ((key, _tidy(part)) for key, part in value.items())
            return {key: part for key, part in parts if part}
        case list():
            return [_tidy(part) for part in value]
        case _:
            return str(value)


def _number(value: int | float) -> str:
    """A number as the API would write it: it reads each into a double, so 7.0 comes back as 7 and
    the last digits of a very long one as others."""
    if abs(value) <= _EXACT and value == int(value):
        return str(int(value))
    return repr(float(value))


def _email(value: object) -> str:
    return _text(value).casefold()


def _phone(value: object) -> str:
    text = _text(value)
    return re.sub(r"\D", "", text) or text.casefold()


def _capture(value: object) -> str:
    return _text(value) or "completed"


def _custom(value: object) -> _Entries:
    return _entries(value, lambda key: key)


def _utm(value: object) -> _Entries:
    return _entries(value, _bare)


def _bare(key: str) -> str:
    whole = key.strip()
    return (whole[4:] if whole[:4].lower() == "utm_" else whole) or whole


def _entries(value: object, named: Callable[[str], str]) -> _Entries:
    """An object's entries that are not nothing; what is no object is one entry without a name."""
    parts = _unpacked(value)
    if not isinstance(parts, dict):
        text = _text(parts)
        return frozenset({(None, text)} if text else ())
    found = ((named(key), _text(_unpacked(part))) for key, part in parts.items())
    return frozenset((key, text) for key, text in found if text)


def _unpacked(value: object) -> object:
    """What a text that is a JSON object or list says, because the schema sends those as text and
    the API may list them in another order, or as what they are; any other value as it is."""
    if not isinstance(value, str) or value.strip()[:1] not in ("{", "["):
        return value
    if value.count("{") + value.count("[") > MAX_DEPTH:
        return value  # it may be deeper than any walk over it could go
    try:
        return _DECODER.decode(value.strip())
    except ValueError:
        return value


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 16 else float(digits)


_DECODER = json.JSONDecoder(parse_int=_whole)
_WRITTEN: Mapping[str, Callable[[object], object]] = {
    "email": _email,
    "phone": _phone,
    "name": _text,
    "agentId": _text,
    "company": _text,
    "site": _text,
    "custom": _custom,
    "utm": _utm,
    "capture": _capture,
}
"""Each field as it is compared; those that differ most between leads come first."""
