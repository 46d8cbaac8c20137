"""What a lead that nothing was done with is settled to."""

from __future__ import annotations

from contextlib import closing

import pytest
from lead_worker.conclusion import Concluder
from lead_worker.core.lifecycle import State
from lead_worker.core.outcome import GivenBack
from lead_worker.sender import Job, Result, Sender
from lead_worker.settings import load
from lead_worker.store import Claimed

SETTINGS = load({"LEADS_ON_UNKNOWN_OUTCOME": "park", "LEADS_API_TOKEN": "t"})


def claimed(look: bool = False) -> Claimed:
    return Claimed("a", "w1:1", look, "live", "", 3, 0, 0, 0.0, b"{}")


@pytest.mark.parametrize(("look", "to"), [(False, State.WAITING), (True, State.UNKNOWN)])
def test_a_lead_that_is_given_back_goes_where_it_was(look: bool, to: State) -> None:
    """An unknown one must not wait to be sent again before policy had its say."""
    result = Result(claimed(look), GivenBack(None, "stopping"))
    settlement = Concluder(SETTINGS, "w1").conclude(result).settlement
    assert (settlement.to, settlement.due_seconds) == (to, 0.0)
    assert not settlement.spends_attempt


def test_who_is_late_where_there_is_a_rate_has_missed_its_turn() -> None:
    with closing(Sender(SETTINGS)) as sender:
        result = sender.attempt(Job(claimed(), asked_at_monotonic=-1e9, paced=True))
    assert result.outcome == GivenBack(None, "late")
