from __future__ import annotations

from typing import Any

import pytest
from lead_producers.mappings import meta

from tests.unit.mappings.samples import complaint, mapped, only, sample


def test_answers_fill_the_fields_and_the_ad_is_custom() -> None:
    raw = only(mapped("meta-lead")).raw
    assert raw["name"] == "Paulo Siqueira"
    assert raw["phone"] == "+5511900000303"
    assert raw["company"] == "Siqueira Motos"
    assert raw["utm"] == {"campaign": "matriculas-2026"}
    assert raw["custom"]["campaign_name"] == "Matrículas 2026"
    assert raw["custom"]["platform"] == "ig"


def test_a_second_phone_is_kept_under_its_question() -> None:
    custom = only(mapped("meta-lead")).raw["custom"]
    assert custom["qual_é_o_seu_whatsapp?"] == "11 90000-0304"


def test_several_answers_stay_a_list_and_a_single_one_is_none() -> None:
    custom = only(mapped("meta-lead")).raw["custom"]
    assert custom["quais_serviços_interessam?"] == ["site", "tráfego_pago"]


def test_a_page_of_leads_gives_each_under_its_own_id() -> None:
    assert [lead.key for lead in mapped("meta-page")] == [
        "meta:1009876543210987",
        "meta:1009876543219999",
    ]
    assert meta({"data": []}) == []


def test_a_test_leads_dummy_email_does_not_make_it_invalid() -> None:
    raw = mapped("meta-page")[1].raw
    assert "email" not in raw
    assert raw["custom"]["email"] == "<test lead: dummy data for email>"


def test_metas_test_address_alone_marks_a_test() -> None:
    fields = [{"name": "email", "values": ["test@meta.com"]}]
    assert only(meta({"id": "1", "field_data": fields})).test


def test_a_webhooks_notice_says_what_to_fetch_and_with_what() -> None:
    error = complaint("meta", sample("meta-notice"))
    for word in ("GET /LEADGEN_ID", "field_data", "access token", "leads_retrieval"):
        assert word in str(error)
    assert "123123123123" not in str(error)


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({}, ""),
        ({"error": {"message": "Invalid OAuth access token EAAB", "code": 190}}, "error"),
        ({"data": {}}, "data"),
        ({"data": ["x"]}, "data[0]"),
        ({"data": [{"id": "1"}]}, "data[0].field_data"),
        ({"field_data": [{"name": "email", "values": [""]}]}, "field_data"),
    ],
)
def test_what_holds_no_lead_is_refused_at_its_place(payload: Any, path: str) -> None:
    error = complaint("meta", payload)
    assert error.path == path
    assert "EAAB" not in str(error)
