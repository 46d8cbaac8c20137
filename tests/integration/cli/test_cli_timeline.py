"""The timeline of `leads show`: what was done with a lead, in words, whatever its entries hold."""

from __future__ import annotations

import json

import pytest
from lead_worker.core.lifecycle import State

from .conftest import Leads, Queue


def test_an_attempt_that_a_hold_gave_back_says_that_it_was_not_spent(
    leads: Leads, queue: Queue
) -> None:
    entry: dict[str, object] = {"outcome": "retry", "cause": "status_503", "spent": False}
    lead_id = queue.settle(State.WAITING, entry)
    assert "1 retry\t200 ms\tstatus_503, not spent\tw" in leads("show", lead_id).out


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            {"event": "convicted", "cause": "status_401"},
            "convicted\t\tstatus_401, the API refused it while it took others",
        ),
        ({"event": "mistaken"}, "mistaken\t\twhat a look found was another lead's"),
        ({"event": "lease_expired", "token": "w:1"}, "lease expired\t\tits worker died"),
        (
            {"event": "not_looked", "cause": "credentials_missing"},
            "not looked\t\tcredentials_missing",
        ),
        ({"event": ["looked"], "cause": 5}, "['looked']\t\t5"),
    ],
)
def test_what_the_queue_did_with_a_lead_is_told_in_words(
    leads: Leads, queue: Queue, entry: dict[str, object], told: str
) -> None:
    lead_id = queue.die()
    queue.store.client.rpush(queue.store.keys.timeline(lead_id), json.dumps({"at": 1.0} | entry))
    assert told in leads("show", lead_id).out
