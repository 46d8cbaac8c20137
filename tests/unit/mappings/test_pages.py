"""A page of leads: what becomes of the good ones where others are bad."""

from __future__ import annotations

from typing import Any

import pytest
from lead_producers import BadPayload as ProducersBadPayload
from lead_producers.mappings import MAPPINGS

from tests.unit.mappings.samples import complaint, sample

GOOD: dict[str, dict[str, Any]] = {
    "rd-station": {"email": "a@example.com"},
    "meta": {"field_data": [{"name": "email", "values": ["a@example.com"]}]},
    "typeform": {"answers": [{"type": "email", "email": "a@example.com", "field": {}}]},
}
EMPTY: dict[str, dict[str, Any]] = {
    "rd-station": {"email": ""},
    "meta": {"field_data": [{"name": "email", "values": [""]}]},
    "typeform": {"answers": [{"type": "email", "email": "", "field": {}}]},
}
LISTS = {"rd-station": "leads", "meta": "data", "typeform": "items"}


@pytest.mark.parametrize("source", LISTS)
def test_a_bad_lead_of_a_page_keeps_no_other_back(source: str) -> None:
    page = [GOOD[source], EMPTY[source], GOOD[source], "SECRET"]
    error = complaint(source, {LISTS[source]: page})
    assert [lead.raw for lead in error.others] == 2 * [{"email": "a@example.com"}]
    paths = [each.path.removesuffix(".field_data") for each in error.each]
    assert paths == [f"{LISTS[source]}[1]", f"{LISTS[source]}[3]"]
    assert str(error).endswith("; and 1 more of the page")
    assert "SECRET" not in str(error)


@pytest.mark.parametrize("source", LISTS)
def test_a_page_with_one_bad_lead_alone_says_what_is_wrong_with_it(source: str) -> None:
    error = complaint(source, {LISTS[source]: [EMPTY[source]]})
    assert (error.others, len(error.each)) == ([], 1)
    assert str(error).endswith("expected an answer, found that nothing was filled in")


@pytest.mark.parametrize("source", sorted(MAPPINGS))
def test_where_nothing_is_good_there_are_no_others(source: str) -> None:
    error = complaint(source, {})
    assert (error.others, error.each) == ([], [error])
    assert isinstance(error, ProducersBadPayload)


def test_the_leads_of_a_page_keep_their_keys_where_another_is_bad() -> None:
    payload = sample("rd-station-leads")
    keys = [lead.key for lead in MAPPINGS["rd-station"](payload)]
    payload["leads"].insert(1, None)
    assert [lead.key for lead in complaint("rd-station", payload).others] == keys
