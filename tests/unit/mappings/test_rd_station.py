from __future__ import annotations

from typing import Any

import pytest
from lead_producers.mappings import rd_station

from tests.unit.mappings.samples import complaint, mapped, only, sample

UUID = "5408c5a3-4711-4f2e-8d0b-13407a3e30f3"


def first() -> dict[str, Any]:
    return mapped("rd-station-leads")[0].raw


def test_the_person_fills_the_fields() -> None:
    raw = first()
    assert raw["name"] == "Beatriz Moura"
    assert raw["phone"] == "(48) 90000-0101"
    assert raw["company"] == "Moura Arquitetura"
    assert raw["site"] == "https://mouraarquitetura.example.com"


def test_what_the_form_asked_beyond_the_fields_is_custom() -> None:
    custom = first()["custom"]
    assert custom["Prazo da obra"] == "3 meses"
    assert custom["Metragem"] == "180 m²"
    assert custom["personal_phone"] == "(48) 3000-0101"
    assert custom["conversion_identifier"] == "pedido-de-orcamento"
    assert custom["tags"] == ["arquitetura", "sul"]


def test_what_repeats_a_field_is_not_custom_as_well() -> None:
    assert not {"telefone", "empresa", "nome", "email_lead"} & set(first()["custom"])


def test_the_forms_own_tags_win_over_the_origin_and_the_other_is_kept() -> None:
    payload = sample("rd-station-leads")
    payload["leads"][0]["last_conversion"]["content"]["utm_campaign"] = "outra"
    raw = rd_station(payload)[0].raw
    assert raw["utm"] == {"source": "google", "medium": "cpc", "campaign": "outra"}
    assert raw["custom"]["conversion_origin_campaign"] == "marca-sc"
    assert raw["custom"]["gclid"] == "Cj0KCQ-beatriz"


def test_a_first_conversion_that_was_another_is_kept_whole() -> None:
    one, other = mapped("rd-station-leads")
    content = one.raw["custom"]["first_conversion"]["content"]
    assert content["Como nos conheceu"] == "Indicação"
    assert "first_conversion" not in other.raw["custom"]


def test_the_same_call_again_has_the_same_key_and_another_conversion_another() -> None:
    payload = sample("rd-station-leads")
    key = rd_station(payload)[0].key
    assert key == f"rd-station:{UUID}:2026-03-20T16:40:03.000-03:00:pedido-de-orcamento"
    lead = payload["leads"][0]
    lead["interest"] = 130
    assert rd_station(payload)[0].key == key
    lead["last_conversion"]["created_at"] = "2026-03-21T08:00:00.000-03:00"
    assert rd_station(payload)[0].key != key


def test_without_a_time_the_number_of_conversions_tells_them_apart() -> None:
    payload = sample("rd-station-leads")
    del payload["leads"][0]["first_conversion"], payload["leads"][0]["last_conversion"]
    assert rd_station(payload)[0].key == f"rd-station:{UUID}:2"


@pytest.mark.parametrize(
    "missing", [["uuid"], ["first_conversion", "last_conversion", "number_conversions"]]
)
def test_where_the_conversion_is_not_told_there_is_no_key(missing: list[str]) -> None:
    payload = sample("rd-station-leads")
    for name in missing:
        del payload["leads"][0][name]
    assert rd_station(payload)[0].key is None


def test_the_newer_webhook_gives_the_same_fields() -> None:
    lead = only(mapped("rd-station-contact"))
    assert lead.raw["company"] == "Rede Castro"
    assert lead.raw["phone"] == "48 90000-0252"
    assert lead.raw["utm"] == {"source": "instagram"}
    assert lead.raw["custom"]["numero_de_alunos"] == "350"
    assert lead.raw["custom"]["company_employees_number"] == 40
    assert lead.raw["custom"]["lead_stage"] == "Lead"


def test_the_newer_webhook_made_again_later_is_the_same_lead() -> None:
    payload = sample("rd-station-contact")
    once = only(rd_station(payload))
    assert only(rd_station(payload | {"timestamp": "2026-04-14T00:00:00-03:00"})) == once
    again = only(rd_station(payload | {"event_timestamp": "2026-04-14T00:00:00-03:00"}))
    assert again.key != once.key


def test_a_first_conversion_of_the_same_content_at_another_time_is_kept() -> None:
    payload = sample("rd-station-leads")
    payload["leads"][1]["last_conversion"]["created_at"] = "2026-05-01T08:00:00.000-03:00"
    first_conversion = rd_station(payload)[1].raw["custom"]["first_conversion"]
    assert first_conversion["created_at"] == "2026-03-20T16:41:10.000-03:00"


def test_who_is_marked_as_an_opportunity_is_a_lead_once_more_in_both_webhooks() -> None:
    older, newer = sample("rd-station-leads"), sample("rd-station-contact")
    keys = [rd_station(older)[0].key, only(rd_station(newer)).key]
    older["leads"][0]["opportunity"] = "true"
    newer["event_type"] = "WEBHOOK.MARKED_OPPORTUNITY"
    marked = [rd_station(older)[0].key, only(rd_station(newer)).key]
    assert marked == [f"{key}:opportunity" for key in keys]


def test_a_conversion_of_who_is_an_opportunity_already_is_a_conversion() -> None:
    payload = sample("rd-station-contact")
    key = only(rd_station(payload)).key
    payload["contact"]["funnel"]["opportunity"] = True
    assert only(rd_station(payload)).key == key


def test_no_leads_are_no_error() -> None:
    assert rd_station({"leads": []}) == []


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"event_name": "crm_deal_created", "document": {}}, ""),
        ({"leads": {"email": "a@example.com"}}, "leads"),
        ({"leads": [{"email": "a@example.com"}, None]}, "leads[1]"),
        ({"leads": [{"email": "", "uuid": UUID}]}, "leads[0]"),
        ({"contact": {}}, "contact"),
    ],
)
def test_what_holds_no_lead_is_refused_at_its_place(payload: Any, path: str) -> None:
    error = complaint("rd-station", payload)
    assert error.path == path
    assert "example.com" not in str(error)
