"""Small pieces of evidence for the tests of the checker, each whole by itself."""

from __future__ import annotations

from chaos.api import Creation
from chaos.books import Account, Doubt
from chaos.checker import Evidence
from chaos.receipts import Slip
from chaos.supervisor import Freeze


def slip(serial: str, *, lead_id: str = "", key: str = "", spooled: bool = False) -> Slip:
    """A receipt; the lead's id is made of its serial where none is given."""
    return Slip(0, serial, key, lead_id or f"id-{serial}", spooled, False, 1000.0, 0.01)


def account(serial: str, state: str = "delivered", *doubts: Doubt) -> Account:
    """A lead in the store, under the API's id that `creation` gives it first."""
    return Account(f"id-{serial}", serial, state, f"api-{serial}-1000", doubts)


def creation(serial: str, at: float = 1000.0) -> Creation:
    """A lead in the API."""
    return Creation(at, f"api-{serial}-{at:g}", serial)


def evidence(
    slips: list[Slip],
    accounts: list[Account],
    creations: list[Creation],
    *,
    holders: dict[str, str] | None = None,
    freezes: list[Freeze] | None = None,
    in_spools: frozenset[str] = frozenset(),
) -> Evidence:
    """All of it together."""
    by_id = {each.lead_id: each for each in accounts}
    return Evidence(slips, by_id, holders or {}, creations, freezes or [], (), in_spools)
