"""A lead that the schema passed, and the body that the API gets for it.

It owns the API's names (see "POST /leads" of the API's reference, "Criar lead"). It must not
validate: a `Lead` is made by the schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import strict_json


@dataclass(frozen=True, slots=True, repr=False)
class Lead:
    """What is to be sent, normalised; None and {} mean "leave it out".

    It has no repr of its fields, because a lead is personal data and reprs end up in logs.
    """

    agent_id: str | None
    name: str | None
    email: str | None
    phone: str | None
    company: str | None
    site: str | None
    custom: Mapping[str, object]
    utm: Mapping[str, object]
    capture: str | None


def body(lead: Lead) -> dict[str, object]:
    """The lead under the API's names, without what is null or empty: the API's defaults are the
    same, and a field that was never sent cannot come back empty."""
    fields: tuple[tuple[str, object], ...] = (
        ("agentId", lead.agent_id),
        ("name", lead.name),
        ("email", lead.email),
        ("phone", lead.phone),
        ("company", lead.company),
        ("site", lead.site),
        ("custom", lead.custom),
        ("utm", lead.utm),
        ("capture", lead.capture),
    )
    return {name: value for name, value in fields if value}


def to_json(lead: Lead) -> bytes:
    """The body as strict, compact JSON in UTF-8."""
    return strict_json.write(body(lead)).encode()
