"""What is removed from a text before it leaves, and what has to stay readable."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.provisional import domains
from lead_worker.core.scrub import impersonal, machine_name, scrub

DIGITS = "0123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
AROUND = st.sampled_from(["", " ", "lead ", "x: ", "email=", '"', "'", "(", "<", ">", ", ", "\n"])
AFTER = st.sampled_from(["", " ", " is bad", '"', "'", ")", ">", ",", "\n", "; next"])


def shaped(forms: list[str]) -> st.SearchStrategy[str]:
    """Texts of one of the forms, with a digit for each `#` and a letter or a digit for each `X`."""

    def fill(form: str) -> st.SearchStrategy[str]:
        kinds = {"#": st.sampled_from(DIGITS), "X": st.sampled_from(DIGITS + LETTERS.upper())}
        return st.tuples(*(kinds.get(sign, st.just(sign)) for sign in form)).map("".join)

    return st.sampled_from(forms).flatmap(fill)


LOCALS = st.text(LETTERS + DIGITS + ".!#$%&*+/=?^_`{|}~-", min_size=1, max_size=30)
EMAILS = st.tuples(LOCALS, st.sampled_from(["@", "%40"]), domains()).map("".join)
PHONES = shaped(
    [
        *("(##) #####-####", "(##)#####-####", "(0##) ####-####", "## ##### ####", "##-####-####"),
        *("###########", "##########", "+55 ## #####-####", "+55##########", "+55 (##) #####-####"),
        *("0055 ## #####-####", "55##########", "+1 ### ### ####", "+1-###-###-####", "####-####"),
        *("#####-####", "##.#####.####", "(##) # ####-####", "## \u2013 #####\u2013####"),
        *("0800 ### ####", "+44 20 #### ####", "##\u00a0#####\u00a0####", "+351 ### ### ###"),
    ]
)
CPFS = shaped(["###.###.###-##", "###########", "### ### ### ##", "###.###.###/##"])
CNPJS = shaped(["##.###.###/####-##", "##############", "XX.XXX.XXX/XXXX-##"])
SECRETS = st.text(LETTERS + DIGITS + "-._~+/", min_size=8, max_size=60)
JWTS = st.dictionaries(st.text(LETTERS, min_size=1), st.text(), min_size=1, max_size=3).map(
    lambda claims: ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "HS256", "typ": "JWT"}, claims, "signature")
    )
)


@given(AROUND, EMAILS | PHONES | CPFS | CNPJS | JWTS, AFTER)
@example("", '"ana souza"@example.com', "")
@example("redis://", "leads:p@ss@10.0.0.1", ":6379/0")
def test_what_is_somebodys_does_not_survive(before: str, value: str, after: str) -> None:
    assert value not in scrub(f"{before}{value}{after}")


@given(
    st.sampled_from(
        [
            *(
                "Authorization: Bearer ",
                "authorization=Basic ",
                "Bearer ",
                "bearer  ",
                "token=",
                "Token: ",
            ),
            *('"api_key": "', "api-key=", "password=", "senha: ", "secret='", "&token="),
        ]
    ),
    SECRETS,
    st.sampled_from(["", '"', "'", " refused"]),
)
def test_a_secret_that_is_called_so_does_not_survive(before: str, secret: str, after: str) -> None:
    assert secret not in scrub(f"{before}{secret}{after}")


@given(st.uuids(), st.text("0123456789abcdef", min_size=32, max_size=32))
def test_ids_survive(uuid: object, hexadecimal: str) -> None:
    lead_id = f"01a2{hexadecimal[4:]}"
    for text in (f"leads dead show {lead_id}", f"Task lead_worker.drain[{uuid}] received"):
        assert scrub(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *("rejected:status_422:UNPROCESSABLE_CONTENT", "invalid:email,phone,unknown-123456"),
        *("10000 leads are dead: invalid:more-0a1b2c", "leads dead list --group invalid:email"),
        *(
            "internal error: KeyError at store/store.py:120",
            "courier.py:288",
            "exhausted:read_timeout",
        ),
        "hold credentials begins: the API refuses the token (status_401)",
        "hold outage begins: 5 calls in a row failed, the last with status_503",
        "LEADS_API_TOKEN_FILE: no token in it; the last one is kept",
        "LEADS_API_TOKEN_FILE holds another token; it is used from now on",
        *("attempt 3 retry (connect_refused) -> waiting", "it took 0.123 s", "2026-11-27 15:55:57"),
        *("2026-11-27T15:55:57Z", "192.168.100.200 does not answer", "campaign 0f3a9c1b2d4e"),
        "campaign stopped: 20 dead, 0 delivered",
        "7 dead letters will be forgotten, the first in 6.5 days",
    ],
)
def test_our_own_words_survive(text: str) -> None:
    assert scrub(text) == text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("ana@example.com is bad", "[email] is bad"),
        ("call +55 (11) 98765-4321 or 11987654321", "call [phone] or [number]"),
        ("cpf 123.456.789-09", "cpf [cpf]"),
        ("12.345.678/0001-95, 12.ABC.345/01DE-35", "[cnpj], [cnpj]"),
        ("Authorization: Bearer abc.def", "Authorization: [token]"),
        ("the token abcdef0123456789 is refused", "the token [token] is refused"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[jwt]"),
        ("redis://leads:secret@redis.internal:6379/0", "redis://[login]@redis.internal:6379/0"),
    ],
)
def test_what_was_removed_leaves_a_word(text: str, cleaned: str) -> None:
    assert scrub(text) == cleaned


def test_a_text_that_goes_on_and_on_is_cut_off() -> None:
    assert len(scrub("a" * 1_000_000)) == 2_000


@pytest.mark.parametrize("name", ["landing-page", "form 7", "utm.source", "a,b", "meta:lead_ads"])
def test_a_name_that_an_app_gave_stays(name: str) -> None:
    assert impersonal(name) == name


@pytest.mark.parametrize(
    "name", ["ana@example.com", "11987654321", "a" * 121, "cpf 123.456.789-09"]
)
def test_a_name_that_may_be_somebodys_goes(name: str) -> None:
    assert impersonal(name) == "..."


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("-", "-"),
        ("site/thanks_2.v1", "site/thanks_2.v1"),
        ("Ana Souza", "..."),
        ("joana prado", "..."),
        ("Ana", "..."),
        ("11987654321", "..."),
        ("ana@example.com", "..."),
        ("", "..."),
    ],
)
def test_a_source_goes_out_only_where_it_looks_like_a_programs_name(name: str, told: str) -> None:
    assert machine_name(name) == told
