from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from lead_producers.mappings import form

from tests.unit.mappings.samples import complaint, mapped, only, sample, word_list


def raw(payload: dict[str, Any], **options: Any) -> dict[str, Any]:
    return only(form(payload, **options)).raw


@pytest.mark.parametrize("name", ["form-html", "form-contact-form-7", "form-elementor"])
def test_name_email_and_phone_are_found_in_every_kind_of_form(name: str) -> None:
    assert {"name", "email", "phone"} <= set(only(mapped(name)).raw)


def test_what_is_the_forms_and_not_the_visitors_is_left_out() -> None:
    assert only(mapped("form-contact-form-7")).raw["custom"] == {
        "your-subject": "Orçamento",
        "your-message": "Bom dia!",
        "menu-908": "Particular",
        "acceptance-1": "1",
        "fbclid": "IwAR-ana",
    }


@pytest.mark.parametrize(
    "name",
    word_list("""
    csrfmiddlewaretoken _token authenticity_token __RequestVerificationToken _wpnonce __VIEWSTATE
    h-captcha-response cf-turnstile-response senha password bot-field _gotcha honeypot utf8 submit
    """),
)
def test_tokens_captchas_passwords_and_traps_are_never_stored(name: str) -> None:
    assert raw({"email": "a@example.com", name: "x"}) == {"email": "a@example.com"}


def test_a_question_that_speaks_of_a_token_is_no_token() -> None:
    assert raw({"Você usa token?": "sim"}) == {"custom": {"Você usa token?": "sim"}}


def test_the_query_of_the_page_gives_tags_but_what_was_given_outright_wins() -> None:
    lead = only(mapped("form-html"))
    assert lead.raw["utm"] == {"source": "google", "medium": "cpc"}
    assert lead.raw["custom"]["gclid"] == "Cj0KCQ-sonia"
    assert only(mapped("form-contact-form-7")).raw["utm"] == {"campaign": "clinica"}


@pytest.mark.parametrize("address", ["http://[", "?", "javascript:alert(1)", "https://x/?utm_=1"])
def test_an_address_that_is_none_costs_nothing(address: str) -> None:
    lead = raw({"email": "a@example.com", "page_url": address})
    assert lead == {"email": "a@example.com", "custom": {"page_url": address}}


def test_a_post_as_parse_qs_reads_it_is_taken() -> None:
    body = "nome=Ana&sobrenome=Dias&tag%5B%5D=a&tag%5B%5D=b&email="
    assert raw(dict(parse_qs(body))) == {"name": "Ana Dias", "custom": {"tag": ["a", "b"]}}


def test_a_frameworks_dict_gives_all_values_of_a_name() -> None:
    class Several(dict[str, Any]):
        def getlist(self, name: str) -> list[str]:
            return [*self[name].split("|")]

    payload = Several({"email": "a@example.com", "tag": "a|b"})
    assert raw(payload) == {"email": "a@example.com", "custom": {"tag": ["a", "b"]}}


def test_files_are_left_out() -> None:
    assert raw({"email": "a@example.com", "cv": b"%PDF", "foto": object()}) == {
        "email": "a@example.com"
    }


def test_elementor_is_read_the_same_as_json_or_as_names_with_brackets() -> None:
    nested: dict[str, Any] = {"fields": {}, "meta": {}, "form": {}}
    for name, value in sample("form-elementor").items():
        group, *keys = name.replace("]", "").split("[")
        inner = nested[group] if len(keys) == 1 else nested[group].setdefault(keys[0], {})
        inner[keys[-1]] = value
    assert form(nested) == mapped("form-elementor")


def test_elementors_nameless_fields_go_by_their_title_or_type() -> None:
    field = {"id": "field_6f8642e", "title": "טלפון", "type": "tel", "value": "11 90000-0000"}
    answer = {"id": "field_1234567", "title": "Por quê?", "type": "textarea", "value": "Porque sim"}
    assert raw({"fields": {item["id"]: item for item in (field, answer)}}) == {
        "phone": "11 90000-0000",
        "custom": {"Por quê?": "Porque sim"},
    }


def test_elementors_labels_serve_where_it_sends_no_ids() -> None:
    lead = raw({"Seu nome": "Ana", "E-mail": "a@example.com", "Page URL": "https://x/?gclid=g"})
    assert lead["name"] == "Ana"
    assert lead["custom"] == {"Page URL": "https://x/?gclid=g", "gclid": "g"}


def test_names_of_your_own_come_before_the_table() -> None:
    names = {
        "campo-7": "email",
        "nome": "custom.apelido",
        "Origem": "utm.source",
        "fone2": "phone",
        "interno": "",
    }
    payload = {"Campo 7": "a@example.com", "nome": "Aninha", "origem": "feira", "interno": "x"}
    assert raw(payload, names=names) == {
        "email": "a@example.com",
        "utm": {"source": "feira"},
        "custom": {"apelido": "Aninha"},
    }


@pytest.mark.parametrize("place", ["mail", "utm.", "custom", "phone.home"])
def test_a_place_that_there_is_not_is_an_error_at_once(place: str) -> None:
    with pytest.raises(ValueError, match="names: expected a field of the lead"):
        form({"email": "a@example.com"}, names={"x": place})


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        ({}, None),
        ({"entry_id": "17"}, None),
        ({"entry_id": "17", "form_id": "3"}, "form:3:17"),
        ({"entry_id": 17, "page_url": "https://Ana@X.example.com/a"}, "form:x.example.com:17"),
        ({"submission_id": "5f2b-9c"}, "form:5f2b-9c"),
        ({"_wpcf7_unit_tag": "wpcf7-f84-p12-o1", "_wpcf7": "84"}, None),
        ({"form": {"id": "c1"}, "meta": {"submission_id": {"value": "9"}}}, "form:c1:9"),
    ],
)
def test_the_key_is_a_submissions_id_if_it_can_tell_sites_apart(
    payload: dict[str, Any], key: str | None
) -> None:
    assert only(form({"email": "a@example.com", **payload})).key == key


def test_your_own_key_is_used_as_it_is() -> None:
    payload = {"email": "a@example.com", "submission_id": "5f2b-9c"}
    assert only(form(payload, key="contato-17")).key == "contato-17"


def test_a_second_value_for_a_field_is_kept_under_its_own_name() -> None:
    assert raw({"email": ["a@example.com", "b@example.com"], "celular": "1", "fone": "2"}) == {
        "email": "a@example.com",
        "phone": "1",
        "custom": {"email": ["a@example.com", "b@example.com"], "fone": "2"},
    }


def test_objects_called_utm_and_custom_are_taken_apart() -> None:
    lead = raw({"utm": {"utm_source": "x", "term": "y"}, "custom": {"cargo": "CEO"}})
    assert lead == {"utm": {"source": "x", "term": "y"}, "custom": {"cargo": "CEO"}}


@pytest.mark.parametrize(
    "payload", [{}, {"email": " "}, {"_wpcf7": "84"}, {"form": {"id": "1"}, "fields": []}]
)
def test_a_form_that_nobody_filled_in_is_refused(payload: dict[str, Any]) -> None:
    assert complaint("form", payload).path == ""


@pytest.mark.parametrize(
    ("payload", "lead"),
    [
        ({"sobrenome": "Dias", "nome": "Ana"}, {"name": "Ana Dias"}),
        ({"nome": "Ana Dias", "sobrenome": "dias"}, {"name": "Ana Dias"}),
        ({"last_name": "Dias", "first_name": "Ana"}, {"name": "Ana Dias"}),
        ({"first_name": "Ana"}, {"name": "Ana"}),
        ({"first_name": "Ana", "name": "Ana Dias"}, {"name": "Ana Dias"}),
        (
            {"first_name": "Ana", "last_name": "Lima", "name": "A. Dias"},
            {"name": "A. Dias", "custom": {"first_name": "Ana", "last_name": "Lima"}},
        ),
    ],
)
def test_parts_of_a_name_make_one(payload: dict[str, Any], lead: dict[str, Any]) -> None:
    assert raw(payload) == lead


def test_a_visitor_does_not_choose_the_assistant_unless_the_forms_owner_says_so() -> None:
    post = {"nome": "Ana", "agent_id": "agent-7"}
    assert form(post)[0].raw == {"name": "Ana", "custom": {"agent_id": "agent-7"}}
    assert form(post, names={"agent_id": "agentId"})[0].raw == {"name": "Ana", "agentId": "agent-7"}


def test_the_visits_address_and_browser_are_left_out() -> None:
    meta = {"remote_ip": {"value": "203.0.113.8"}, "user_agent": {"value": "Mozilla/5.0"}}
    assert form({"nome": "Ana", "meta": meta})[0].raw == {"name": "Ana"}
