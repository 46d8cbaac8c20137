"""What a field's name says about its value: which field of the lead it is, a tag of a campaign, an
ad's click id, or something that must not be stored.

It owns the tables. It must not look at a value.
"""

from __future__ import annotations

import re
import unicodedata


def word_set(words: str) -> frozenset[str]:
    """Read a table of words."""
    return frozenset(words.split())


FIELDS = ("agentId", "name", "email", "phone", "company", "site", "capture")
"""The lead's fields that one value fills, in the order of the API's reference."""

_TABLE = {
    "agentId": "agent_id agentid",
    "capture": "capture",
    "name": """
        name full_name fullname complete_name contact_name lead_name nome nome_completo
        nome_e_sobrenome nome_do_contato nombre nombre_completo nombre_y_apellido
        nombre_y_apellidos""",
    "first_name": """
        first_name firstname fname given_name name_first primeiro_nome primer_nombre""",
    "last_name": """
        last_name lastname lname surname family_name name_last sobrenome ultimo_nome apellido
        apellidos""",
    "email": """
        email e_mail mail email_address e_mail_address emailaddress email_lead user_email work_email
        business_email company_email melhor_email melhor_e_mail email_corporativo
        e_mail_corporativo email_profissional e_mail_profissional email_de_trabalho
        endereco_de_email endereco_de_e_mail correo correo_electronico direccion_de_correo""",
    "phone": """
        phone phone_number phonenumber tel telephone mobile mobile_phone mobilephone mobile_number
        cell cellphone cell_phone personal_phone user_phone work_phone work_phone_number
        contact_phone whatsapp whats_app whats zap whatsapp_number whatsapp_phone telefone
        telefone_celular telefone_whatsapp telefone_de_contato telefone_e_whatsapp
        numero_de_telefone numero_de_whatsapp numero_do_whatsapp fone celular celular_whatsapp cel
        telefono telefono_movil numero_de_telefono movil""",
    "company": """
        company company_name companyname organization organisation business_name empresa
        nome_da_empresa nome_da_sua_empresa razao_social organizacao organizacion compania
        nombre_de_la_empresa""",
    "site": """
        site website web_site website_url company_website url homepage site_da_empresa
        site_da_sua_empresa pagina_web sitio_web sitio""",
}
_FIELD_BY_NAME = {name: field for field, names in _TABLE.items() for name in word_set(names)}

_CLICK_IDS = word_set("""
    gclid gbraid wbraid dclid fbclid fbc fbp msclkid ttclid ttp twclid li_fat_id epik rdt_cid sccid
    yclid
""")

# What stands around the name in a question or a label: "Qual é o seu nome?", "your-name", "Tel. *".
_LEADING = word_set("""
    o a e el la the your you s is what whats my me qual quais seu sua teu tua meu minha cual es tu
    su mi informe digite insira escreva deixe enter please por favor diga como field campo no label
    ola oi hi hello hola
""")
_TRAILING = word_set("obrigatorio obligatorio required opcional optional com con ddd")

_SECRET = re.compile(
    r"csrf|xsrf|captcha|turnstile|verificationtoken|google_key|api_?key|access_key"
)
_TOKEN = re.compile(r"(?:^|_)(?:token|nonce|wpnonce|secret|authorization)(?:_|$)")
_PASSWORD = re.compile(r"(?:^|_)(?:password|passwd|senha|contrasena)(?:_|$)")
_LONGEST = 200  # of a name that is compared with the tables


def normal(name: str) -> str:
    """Reduce a name to lower-case ASCII letters and digits with single `_` between."""
    plain = unicodedata.normalize("NFKD", name[:_LONGEST].casefold())
    marks_gone = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"[^a-z0-9]+", "_", marks_gone).strip("_")


def target(name: str) -> str | None:
    """Tell where a field's value belongs.

    Returns:
        One of `FIELDS`, `first_name` or `last_name`; `utm.TAG`; `custom.CLICKID`; None where the
        name says nothing.
    """
    word = normal(name)
    if word in _CLICK_IDS:
        return f"custom.{word}"
    return _tag(word) or _FIELD_BY_NAME.get(word) or _FIELD_BY_NAME.get(_core(word))


def tracking(name: str) -> str | None:
    """As `target`, but for campaign tags and click ids alone."""
    found = target(name)
    return found if found and "." in found else None


def is_secret(name: str) -> bool:
    """Whether a field holds a token, a password or the like, or proves that its sender is no
    machine. A question that has such a word in it is not meant."""
    word = normal(name)
    words = word.count("_") + 1
    if _PASSWORD.search(word):
        return words < 5
    if " " in name.strip():
        return False
    return bool(_SECRET.search(word)) or (words < 4 and bool(_TOKEN.search(word)))


def _tag(word: str) -> str | None:
    rest = word
    while rest.startswith("utm_"):
        rest = rest[4:]
    return f"utm.{rest}" if rest != word and rest not in ("", "utm") else None


def _core(word: str) -> str:
    tokens = word.split("_")
    while tokens and (tokens[-1] in _TRAILING or tokens[-1].isdigit()):
        tokens.pop()
    start = next((at for at, token in enumerate(tokens) if token not in _LEADING), len(tokens))
    return "_".join(tokens[start:])
