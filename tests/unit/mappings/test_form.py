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


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("http://[", "http://["),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("https://x/?utm_=1", "https://x/"),
        ("/obrigado?email=a@example.com&token=t#x", "/obrigado"),
        ("https://ana:s3nha@x.example.com/a/b?nome=Ana Dias", "https://x.example.com/a/b"),
        ("Página de inverno: o que é?", "Página de inverno: o que é?"),
    ],
)
def test_an_address_is_kept_without_what_may_be_personal_in_it(address: str, kept: str) -> None:
    lead = raw({"email": "a@example.com", "page_url": address})
    assert lead == {"email": "a@example.com", "custom": {"page_url": kept}}


def test_an_address_that_is_all_query_is_left_out() -> None:
    lead = raw({"email": "a@example.com", "referrer": "?token=t&gclid=g"})
    assert lead == {"email": "a@example.com", "custom": {"gclid": "g"}}


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
    assert lead["custom"] == {"Page URL": "https://x/", "gclid": "g"}


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


@pytest.mark.parametrize("place", ["mail", "utm.", "custom", "phone.home", 3, None, ["email"]])
def test_a_place_that_there_is_not_is_an_error_at_once(place: Any) -> None:
    with pytest.raises(ValueError, match="names: expected a field of the lead"):
        form({"email": "a@example.com"}, names={"x": place})


@pytest.mark.parametrize(
    "page",
    [
        {"page_url": "https://Ana@X.example.com/a"},
        {"pageUrl": "https://x.example.com"},
        {"_wp_http_referer": "https://x.example.com/contato/"},
        {"meta": {"page_url": {"title": "Page URL", "value": "https://x.example.com/"}}},
    ],
)
def test_the_key_is_the_site_the_form_and_the_number_of_the_submission(
    page: dict[str, Any],
) -> None:
    post = {"email": "a@example.com", "form_id": "3", "entry_id": 17, **page}
    assert only(form(post)).key == "form:x.example.com:3:17"


@pytest.mark.parametrize(
    "change",
    [
        {"page_url": ""},
        {"form_id": ""},
        {"entry_id": ""},
        {"page_url": "/contato/"},
        {"page_url": "", "referrer": "https://google.example.com/"},
        {"page_url": "", "landing_page": "https://google.example.com/"},
        {"page_url": "", "_wp_http_referer": "/contato/"},
        {"form_id": "3:4"},
        {"entry_id": "1" * 101},
        {"entry_id": "5 OR 1"},
    ],
)
def test_where_one_of_the_three_is_not_told_there_is_no_key(change: dict[str, Any]) -> None:
    post = {"form_id": "3", "entry_id": "17", "page_url": "https://x.example.com/a"}
    assert only(form({"email": "a@example.com", **post})).key
    assert only(form({"email": "a@example.com", **post, **change})).key is None


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
    "payload",
    [
        {},
        {"email": " "},
        {"_wpcf7": "84"},
        {"form": {"id": "1"}, "fields": []},
        {"utm_source": "x", "gclid": "g", "page_url": "https://x/?utm_medium=y"},
        {"utm": {"source": "x"}, "utm[medium]": "y", "capture": "partial", "agent_id": "7"},
        {"fields": {"origem": {"type": "hidden", "value": "site"}}},
        {"senha": "x", "ip": "203.0.113.8"},
    ],
)
def test_a_form_that_nobody_filled_in_is_refused(payload: dict[str, Any]) -> None:
    error = complaint("form", payload)
    assert (error.path, "nothing was filled in" in str(error)) == ("", True)


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


def test_what_tells_who_visited_is_left_out_but_where_the_forms_owner_asks_for_it() -> None:
    post = {"nome": "Ana", "IP remoto": "203.0.113.8", "Agente de usuário": "Mozilla/5.0"}
    assert raw(post) == {"name": "Ana"}
    named = raw(post, names={"IP remoto": "custom.ip", "senha": "custom.senha"})
    assert named == {"name": "Ana", "custom": {"ip": "203.0.113.8"}}


@pytest.mark.parametrize(
    ("name", "machine", "human"),
    [
        ("action", "elementor_pro_forms_send_form", "Comprar um plano"),
        ("action", "/wp-admin/admin-post.php", "Quero vender"),
        ("method", "POST", "Pilates"),
        ("post_id", "12", "o segundo post"),
    ],
)
def test_a_forms_machinery_goes_but_an_answer_of_its_name_stays(
    name: str, machine: str, human: str
) -> None:
    assert raw({"nome": "Ana", name: machine}) == {"name": "Ana"}
    assert raw({"nome": "Ana", name: human}) == {"name": "Ana", "custom": {name: human}}


def test_names_with_brackets_fill_custom_and_utm() -> None:
    post = {"nome": "Ana", "custom[cargo]": "CEO", "utm[source]": "x", "utm[utm_term]": ["y"]}
    assert raw(post) == {
        "name": "Ana",
        "utm": {"source": "x", "term": "y"},
        "custom": {"cargo": "CEO"},
    }


@pytest.mark.parametrize("turned", [False, True])
def test_ones_own_email_comes_before_a_friends_and_one_at_work(turned: bool) -> None:
    fields = {
        "amigo_email": {"type": "email", "value": "friend@example.com"},
        "email_corporativo": {"type": "email", "value": "work@example.com"},
        "email": {"type": "email", "value": "own@example.com"},
    }
    order = reversed(fields) if turned else iter(fields)
    lead = raw({"fields": {name: fields[name] for name in order}})
    assert lead == {
        "email": "own@example.com",
        "custom": {"amigo_email": "friend@example.com", "email_corporativo": "work@example.com"},
    }


def test_a_friends_email_is_the_leads_where_there_is_no_other() -> None:
    fields = {"amigo_email": {"type": "email", "value": "friend@example.com"}}
    assert raw({"fields": fields}) == {"email": "friend@example.com"}


def test_the_address_of_an_upload_is_what_the_visitor_gave() -> None:
    field = {"type": "upload", "value": "https://site.example.com/uploads/cv.pdf"}
    assert raw({"fields": {"cv": field}}) == {"custom": {"cv": field["value"]}}
