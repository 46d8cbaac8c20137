"""The leads of a run: each carries a serial number by which it is known in the API.

It owns what a form says, and how its serial is read again. Some forms are wrong on purpose, so that
an operator has something to mend.
"""

from __future__ import annotations

import json
from typing import Any

BROKEN_EVERY = 50
"""So many forms have one among them with a field that the API does not have."""

BROKEN_FIELD = "fax"


def form(serial: str, number: int, *, broken: bool = True) -> dict[str, Any]:
    """One lead; unlike any other by its name, its e-mail address and its serial.

    Args:
        broken: whether every `BROKEN_EVERY`th is wrong.
    """
    lead: dict[str, Any] = {
        "name": f"Maria {serial}",
        "email": f"{serial}@example.com",
        "phone": "(11) 98765-4321",
        "company": "Padaria Boa Vista Ltda",
        "custom": {"serial": serial, "cargo": "gerente"},
        "utm": {"source": "google", "campaign": "primavera"},
    }
    if broken and number % BROKEN_EVERY == BROKEN_EVERY - 1:
        lead[BROKEN_FIELD] = "(11) 3333-4444"
    return lead


def serial_of(body: bytes) -> str:
    """The serial in a lead as it is stored, or as it arrived; "" where there is none."""
    try:
        value = json.loads(body)
    except ValueError:
        return ""
    custom = value.get("custom") if isinstance(value, dict) else None
    return str(custom.get("serial", "")) if isinstance(custom, dict) else ""
