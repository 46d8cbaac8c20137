"""How the tests of the schema ask it."""

from __future__ import annotations

import json
from typing import Any

from lead_worker.core.lead import Lead, body
from lead_worker.core.outcome import Invalid
from lead_worker.core.schema import SchemaRules, validate

SECRET = "Xq7-secret"


def sent(raw: dict[str, Any], **rules: str) -> dict[str, object]:
    """The body for a lead that must be valid."""
    lead = validate(json.dumps(raw).encode(), SchemaRules(**rules))
    assert isinstance(lead, Lead), lead
    return body(lead)


def errors(raw: object, **rules: str) -> dict[str, str]:
    """The messages by path for a lead that must be invalid."""
    found = validate(json.dumps(raw).encode(), SchemaRules(**rules))
    assert isinstance(found, Invalid), found
    return {error.path: error.message for error in found.errors}
