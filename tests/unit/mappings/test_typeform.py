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
    "state",
    [
        {"response_type": "partial"},
        {"response_type": "started"},
        {"submitted_at": "0001-01-01T00:00:00Z"},
    ],
)
def test_a_fetched_response_that_was_not_sent_off_is_partial(state: dict[str, str]) -> None:
    whole = only(mapped("typeform"))
    never = {"submitted_at": "0001-01-01T00:00:00Z"}
    lead = only(typeform({"items": [sample("typeform")["form_response"] | never | state]}))
    assert lead.raw["capture"] == "partial"
    assert lead.key == f"{whole.key}:partial"
    assert "submitted_at" not in lead.raw["custom"]


def test_a_fetched_response_that_was_completed_is_whole() -> None:
    response = sample("typeform")["form_response"] | {"response_type": "completed"}
    response["response_id"] = response.pop("token")
    lead = only(typeform({"items": [response]}))
    assert "capture" not in lead.raw
    assert lead.key == only(mapped("typeform")).key


def test_a_form_that_was_only_opened_is_no_lead_and_no_error() -> None:
    opened = {"response_type": "started", "token": "t", "answers": None, "hidden": {"x": "y"}}
    response = sample("typeform")["form_response"]
    assert len(typeform({"items": [opened, response]})) == 1
    event = {"event_type": "form_response_partial", "form_response": opened}
    assert typeform(event) == []


def test_hidden_fields_alone_make_a_lead_only_if_they_say_who_it_is() -> None:
    response = {"answers": [], "hidden": {"utm_source": "x", "plano": "pro"}}
    assert complaint("typeform", {"form_response": response}).path == "form_response"
    response["hidden"] = {"email": "rui@example.com"}
    assert only(typeform({"form_response": response})).raw == {"email": "rui@example.com"}


def test_ones_own_email_comes_before_a_friends() -> None:
    fields = [{"id": "1", "title": "E-mail de um amigo"}, {"id": "2", "title": "Seu e-mail"}]
    answers = [
        {"type": "email", "email": f"{field['id']}@example.com", "field": field} for field in fields
    ]
    response = {"answers": answers, "definition": {"fields": fields}}
    raw = only(typeform({"form_response": response})).raw
    assert raw["email"] == "2@example.com"
    assert raw["custom"]["E-mail de um amigo"] == "1@example.com"


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
