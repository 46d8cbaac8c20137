"""What a lead that nothing was done with is settled to."""

from __future__ import annotations

from contextlib import closing

import pytest
from lead_worker.core.lifecycle import State
from lead_worker.sender import Sender
from lead_worker.settings import load
from lead_worker.store import Claimed


@pytest.mark.parametrize(("look", "to"), [(False, State.WAITING), (True, State.UNKNOWN)])
def test_a_lead_that_is_given_back_goes_where_it_was(look: bool, to: State) -> None:
    """An unknown one must not wait to be sent again before policy had its say."""
    lead = Claimed("a", "w1:1", look, "live", "", 3, 0, 0, 0.0, b"{}")
    settings = load({"LEADS_ON_UNKNOWN_OUTCOME": "park", "LEADS_API_TOKEN": "t"})
    with closing(Sender(settings, "w1")) as sender:
        settlement = sender.settlement(sender.give_back(lead, "stopping"))
    assert (settlement.to, settlement.due_seconds) == (to, 0.0)
    assert not settlement.spends_attempt
