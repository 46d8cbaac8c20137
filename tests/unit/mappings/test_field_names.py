from __future__ import annotations

import pytest
from lead_producers.mappings.forbidden import is_forbidden
from lead_producers.mappings.names import target

from tests.unit.mappings.samples import word_list


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
        ("utm.source", ["utm_source", "UTM Source", "utm-source", "utm_utm_source", "utmSource"]),
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


@pytest.mark.parametrize(
    "name",
    word_list("""
    google_key googleKey _csrf access_token accessToken authToken sessionToken secretKey jwt bearer
    PHPSESSID pwd pass user_pass userPassword confirmPassword senha2 NovaSenha
    cvv cvc numero_cartao numeroDoCartao card_number cardNumber
    ip user_ip userIp client_ip remote_addr REMOTE_ADDR user_agent userAgent HTTP_USER_AGENT
    """),
)
def test_secrets_cards_and_the_visit_are_known_by_their_names(name: str) -> None:
    assert is_forbidden(name)


@pytest.mark.parametrize(
    "label",
    [
        "Crie uma senha",
        "Crie a sua senha de acesso ao portal do aluno",
        "Confirme sua senha de acesso",
        "Senha de acesso",
        "Número do cartão",
        "Código de segurança",
        "IP remoto",
        "IP do usuário",
        "Remote IP",
        "User Agent",
        "Agente de usuário",
        "Access Token",
    ],
)
def test_so_they_are_where_a_label_is_their_name(label: str) -> None:
    assert is_forbidden(label)


@pytest.mark.parametrize(
    "name",
    [
        "Esqueceu a senha do sistema atual?",
        "Senha é um problema para a sua equipe?",
        "secretaria",
        "desenhando",
        "Você usa token?",
        "Tem cartão no Nubank?",
        "Forma de pagamento",
        "pass_type",
        "marketing_authorization",
        "zip",
        "equipe",
    ],
)
def test_an_answer_is_not_forbidden_for_a_word_in_its_question(name: str) -> None:
    assert not is_forbidden(name)
