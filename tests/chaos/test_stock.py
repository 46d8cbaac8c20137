"""How the leads of stock Celery are counted."""

from __future__ import annotations

import pytest
from chaos.stock_trial import count

from tests.chaos.evidence_made import creation, slip


@pytest.mark.parametrize(
    ("in_the_broker", "lost", "late"), [([], 1, 0), (["b"], 0, 1), (["a", "c"], 1, 0)]
)
def test_what_is_nowhere_is_lost_and_what_is_in_the_broker_is_late(
    in_the_broker: list[str], lost: int, late: int
) -> None:
    found = count([slip("a"), slip("b")], [creation("a")], in_the_broker)
    assert (found.receipts, found.lost, found.late) == (2, lost, late)
    assert found.held == (not lost and not late)


def test_a_lead_that_is_there_thrice_is_two_duplicates() -> None:
    found = count([slip("a")], [creation("a", at) for at in (1.0, 2.0, 3.0)], [])
    assert (found.in_the_api, found.duplicates, found.held) == (3, 2, True)
