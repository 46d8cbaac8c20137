"""The leads of the drills, each of which can be told from the others by its e-mail address."""

from __future__ import annotations

import json
from typing import Any

from lead_ops.sandbox import Arrival


def person(number: int, group: str = "lead") -> dict[str, Any]:
    """A lead of which there is no other in its group; equal for the same number."""
    return {
        "name": f"Maria {group} {number}",
        "email": email(number, group),
        "phone": "(11) 98765-4321",
        "company": "Padaria Boa Vista Ltda",
        "custom": {"cargo": "gerente"},
        "utm": {"source": "google", "campaign": "primavera"},
    }


def email(number: int, group: str = "lead") -> str:
    """The address by which a person is told from others."""
    return f"{group}.{number}@example.com"


def email_of(body: bytes) -> str:
    """The address in the body of a request; "" where there is none."""
    try:
        value = json.loads(body)
    except ValueError:
        return ""
    return str(value.get("email", "")) if isinstance(value, dict) else ""


def emails(arrivals: list[Arrival]) -> list[str]:
    """The address in each of some arrivals' bodies."""
    return [email_of(arrival.body) for arrival in arrivals]
