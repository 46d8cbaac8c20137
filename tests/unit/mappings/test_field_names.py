from __future__ import annotations

import pytest
from lead_producers.mappings.names import is_secret, target


@pytest.mark.parametrize(
    ("field", "names"),
    [
        ("name", ["Nome", "seu-nome", "your-name", "Full Name", "Qual é o seu nome?", "NOMBRE"]),
        ("first_name", ["first_name", "firstName", "Primeiro nome", "What is your first name?"]),
        ("last_name", ["last_name", "Sobrenome", "Apellidos"]),
        ("email", ["E-mail", "email", "Seu melhor e-mail*", "email-2", "Correo electrónico"]),
        ("phone", ["Telefone", "tel-482", "WhatsApp (com DDD)", "celular", "Teléfono", "phone[]"]),
        ("company", ["Empresa", "Nome da empresa", "company_name", "COMPANY_NAME"]),
        ("site", ["site", "your-website", "URL", "Site da empresa"]),
        ("agentId", ["agentId", "agent_id"]),
        ("utm.source", ["utm_source", "UTM Source", "utm-source", "utm_utm_source"]),
        ("custom.gclid", ["gclid", "GCLID"]),
        ("custom.fbc", ["fbc", "_fbc"]),
    ],
)
def test_names_people_give_to_fields_are_understood(field: str, names: list[str]) -> None:
    assert {name: target(name) for name in names} == dict.fromkeys(names, field)


@pytest.mark.parametrize(
    "name", ["", "cargo", "utm", "utm_", "Nome do pet", "your", "🙂", "E-mail do sócio", "a" * 9999]
)
def test_other_names_say_nothing(name: str) -> None:
    assert target(name) is None


@pytest.mark.parametrize("name", ["google_key", "_csrf", "access_token", "Crie uma senha"])
def test_secrets_are_known_by_their_names(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["Esqueceu a senha do sistema atual?", "secretaria", "desenhando"])
def test_an_answer_is_no_secret_for_a_word_in_its_question(name: str) -> None:
    assert not is_secret(name)
