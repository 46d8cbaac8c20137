from __future__ import annotations

from typing import Any

import pytest
from lead_producers.mappings import typeform

from tests.unit.mappings.samples import complaint, mapped, only, sample


def test_answers_fill_the_fields_by_type_ref_or_title() -> None:
    raw = only(mapped("typeform")).raw
    assert {name: raw[name] for name in ("name", "email", "phone", "company", "site")} == {
        "name": "Rui Barreto",
        "email": "rui@example.com",
        "phone": "+5571900000505",
        "company": "Barreto Vinhos",
        "site": "https://barreto.example.com",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Qual o tamanho da equipe?", "2 a 10"),
        ("interesses", ["CRM", "Anúncios", "Podcast"]),
        ("ja_e_cliente", False),
        ("nota", 9),
        ("inicio", "2026-08-01"),
        ("calendario", "https://referencia.example.com"),
        ("sinal", {"amount": "50.00", "name": "Rui Barreto", "success": True}),
        ("score", 9),
        ("perfil", "quente"),
        ("parceiro", "acme"),
        ("form_name", "Diagnóstico"),
    ],
)
def test_other_answers_are_custom_under_a_readable_ref_or_the_title(name: str, value: Any) -> None:
    assert only(mapped("typeform")).raw["custom"][name] == value


def test_hidden_fields_carry_tags_and_click_ids() -> None:
    raw = only(mapped("typeform")).raw
    assert raw["utm"] == {"source": "linkedin", "medium": "cpc", "campaign": "vinhos"}
    assert raw["custom"]["li_fat_id"] == "7f-rui"


def test_a_choice_of_ones_own_is_kept() -> None:
    payload = sample("typeform")
    payload["form_response"]["answers"][4]["choice"] = {"other": "Só eu"}
    assert only(typeform(payload)).raw["custom"]["Qual o tamanho da equipe?"] == "Só eu"


def test_the_key_is_the_token() -> None:
    payload = sample("typeform")
    assert only(typeform(payload)).key == "typeform:a3a12ec67a1365927098a606107fac15"
    del payload["form_response"]["token"]
    assert only(typeform(payload)).key is None


def test_a_partial_response_does_not_stand_in_the_way_of_the_whole_one() -> None:
    whole = only(mapped("typeform"))
    payload = sample("typeform") | {"event_type": "form_response_partial"}
    partial = only(typeform(payload))
    assert partial.raw["capture"] == "partial"
    assert "capture" not in whole.raw
    assert partial.key not in (None, whole.key)


def test_filler_in_every_text_marks_a_test_but_one_filler_does_not() -> None:
    payload = sample("typeform")
    answers = payload["form_response"]["answers"]
    answers[0]["text"] = "Lorem ipsum dolor"
    assert not only(typeform(payload)).test
    answers[-1]["text"] = "Lorem ipsum dolor"
    assert only(typeform(payload)).test


def test_responses_that_were_fetched_are_mapped_too() -> None:
    response = sample("typeform")["form_response"] | {
        "metadata": {"referer": "https://forms.example.com/to/lT4Z3j?utm_content=video"}
    }
    lead = only(typeform({"total_items": 1, "items": [response]}))
    assert lead.key == only(mapped("typeform")).key
    assert lead.raw["utm"]["content"] == "video"
    assert typeform({"items": []}) == []


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({}, "form_response"),
        ({"form_response": []}, "form_response"),
        ({"form_response": {"answers": {}, "hidden": {}}}, "form_response"),
        ({"form_response": {"answers": "rui@example.com"}}, "form_response.answers"),
        ({"form_response": {"answers": [1]}}, "form_response.answers[0]"),
        ({"items": [{"answers": []}]}, "items[0]"),
    ],
)
def test_what_holds_no_lead_is_refused_at_its_place(payload: Any, path: str) -> None:
    error = complaint("typeform", payload)
    assert error.path == path
    assert "example.com" not in str(error)
