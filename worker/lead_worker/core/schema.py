"""From the raw lead's bytes to what is sent, or to what is wrong with each field.

It owns which fields a lead has, and what becomes of unknown ones; the kinds of fields are in
`fields`. It must not raise, whatever the bytes are, and must not let a value into an error. The
path of an error may hold a key that the lead's author wrote, so errors belong into the lead's
record and not into logs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from marshmallow import EXCLUDE, INCLUDE, RAISE, Schema, ValidationError
from marshmallow.fields import Field
from marshmallow.types import UnknownOption

from . import fields
from .lead import Lead, body
from .outcome import FieldError, Invalid
from .strict_json import read_object, shown

MAX_ERRORS = 50
"""Errors that are kept for one lead; a stranger's object can have thousands of wrong keys."""


@dataclass(frozen=True, slots=True)
class SchemaRules:
    """What a deployment decides about leads.

    Attributes:
        unknown_fields: `reject` the lead with an error for each, move them to `custom` (where a
            field of that name which is there already wins), or `drop` them.
        phone_region: region of phones without country code, two capital letters.
        utm_keys: sent as `bare` (`source`) or `prefixed` (`utm_source`); both are accepted.
        custom_values: sent as `text`, or as the `json` that came.
    """

    unknown_fields: str = "reject"
    phone_region: str = "BR"
    utm_keys: str = "bare"
    custom_values: str = "text"


def validate(raw: bytes, rules: SchemaRules) -> Lead | Invalid:
    """Validate and normalise one raw lead.

    A lead with nothing to send is invalid: the API would make an empty lead of it and answer 200,
    which is also how it looks when the API mangles one.

    Args:
        raw: the lead as it was stored: a JSON object in UTF-8.
        rules: a schema is built once for each.
    """
    return _lead_schema(rules).validate(raw)


class LeadSchema:
    """The marshmallow schema for one set of rules. Threads may share it."""

    def __init__(self, rules: SchemaRules) -> None:
        self._custom = fields.Custom(as_text=rules.custom_values == "text")
        declared: dict[str, Field[Any]] = {
            # Attributes are named as the keys are (so `agent_id` is a field of its own and not a
            # data_key): then no unknown key can overwrite a known field's result under INCLUDE.
            "agentId": fields.Text(),
            "agent_id": fields.AgentAlias(),
            "name": fields.Text(),
            "email": fields.Email(),
            "phone": fields.Phone(rules.phone_region),
            "company": fields.Text(),
            "site": fields.Text(),
            "custom": self._custom,
            "utm": fields.Utm(prefixed=rules.utm_keys == "prefixed"),
            "capture": fields.Capture(),
        }
        self._known = frozenset(declared)
        self._schema = _Base.from_dict(declared)(unknown=_UNKNOWN[rules.unknown_fields])

    def validate(self, raw: bytes) -> Lead | Invalid:
        """As the function `validate`, for this schema's rules."""
        found = read_object(raw)
        if isinstance(found, FieldError):
            return Invalid((found,))
        try:
            lead = self._lead(self._schema.load(found))
        except ValidationError as error:
            return Invalid(_capped(sorted(_flat(error.messages_dict), key=lambda e: e.path)))
        return lead if body(lead) else _EMPTY

    def _lead(self, loaded: Mapping[str, Any]) -> Lead:
        get = loaded.get
        return Lead(
            agent_id=get("agentId") or get("agent_id"),
            name=get("name"),
            email=get("email"),
            phone=get("phone"),
            company=get("company"),
            site=get("site"),
            custom=self._moved(loaded) | (get("custom") or {}),
            utm=get("utm") or {},
            capture=get("capture"),
        )

    def _moved(self, loaded: Mapping[str, Any]) -> dict[str, Any]:
        """Unknown fields; marshmallow leaves any in only where they go to `custom`."""
        return self._custom.values({k: v for k, v in loaded.items() if k not in self._known})


class _Base(Schema):
    error_messages = {  # noqa: RUF012  # marshmallow's own declaration
        "unknown": "expected a field that the API has; rename it, move it to custom or utm,"
        " or set LEADS_UNKNOWN_FIELDS to custom or drop"
    }


_UNKNOWN: dict[str, UnknownOption] = {"reject": RAISE, "custom": INCLUDE, "drop": EXCLUDE}
_EMPTY = Invalid((FieldError("", "expected at least one field with a value, found none to send"),))
_lead_schema = lru_cache(maxsize=16)(LeadSchema)


def _flat(messages: Mapping[str, Any], parent: str = "") -> Iterator[FieldError]:
    for key, found in messages.items():
        path = f"{parent}.{shown(key)}" if parent else shown(key)
        if isinstance(found, dict):
            yield from _flat(found, path)
        else:
            yield from (FieldError(path, message) for message in found)


def _capped(errors: list[FieldError]) -> tuple[FieldError, ...]:
    left_out = len(errors) - MAX_ERRORS
    if left_out <= 0:
        return tuple(errors)
    return (*errors[:MAX_ERRORS], FieldError("", f"and {left_out} more are wrong"))
