"""What a field's name says about its value: which field of the lead it is, a tag of a campaign, or
an ad's click id. What must not be stored is `forbidden`'s.

It owns the tables. It must not look at a value.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


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

CLICK_IDS = word_set("""
    gclid gbraid wbraid dclid fbclid fbc fbp msclkid ttclid ttp twclid li_fat_id epik rdt_cid sccid
    yclid
""")
"""What the networks that sell ads put into the address of a click."""

# What stands around the name in a question or a label: "Qual é o seu nome?", "your-name", "Tel. *".
_LEADING = word_set("""
    o a e el la the your you s is what whats my me qual quais seu sua teu tua meu minha cual es tu
    su mi informe digite insira escreva deixe enter please por favor diga como field campo no label
    ola oi hi hello hola
""")
_TRAILING = word_set("obrigatorio obligatorio required opcional optional com con ddd")

# An e-mail address of one's own, but not the first that a lead should have.
_AT_WORK = word_set("work business company corporativo profissional trabalho")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LONGEST = 200  # of a name that is compared with the tables


def normal(name: str) -> str:
    """Reduce a name to lower-case ASCII letters and digits with single `_` between."""
    return spellings(name)[0]


def spellings(name: str) -> tuple[str, ...]:
    """Give the normal form of a name and, where it has humps (`utmSource`), that of its parts."""
    return _spellings(name[:_LONGEST])


def is_one_of(words: frozenset[str], name: str) -> bool:
    """Whether a name is in a table, either way that it may be read."""
    return any(word in words for word in spellings(name))


def target(name: str) -> str | None:
    """Tell where a field's value belongs.

    Returns:
        One of `FIELDS`, `first_name` or `last_name`; `utm.TAG`; `custom.CLICKID`; None where the
        name says nothing.
    """
    return next(filter(None, map(_target, spellings(name))), None)


def is_own_email(name: str) -> bool:
    """Whether it asks for the person's e-mail address outright: not for one at work, and not for
    that of somebody else, which only the type of the field tells (`amigo_email`)."""
    return target(name) == "email" and not any(
        _AT_WORK & set(word.split("_")) for word in spellings(name)
    )


def tracking(name: str) -> str | None:
    """As `target`, but for campaign tags and click ids alone."""
    found = target(name)
    return found if found and "." in found else None


def core(word: str, asking: frozenset[str] = frozenset()) -> str:
    """Give a name in its normal form without what stands around it in a question or a label.

    Args:
        asking: words that are left out at its beginning besides those of the table.
    """
    tokens = word.split("_")
    while tokens and (tokens[-1] in _TRAILING or tokens[-1].isdigit()):
        tokens.pop()
    leading = _LEADING | asking
    start = next((at for at, token in enumerate(tokens) if token not in leading), len(tokens))
    return "_".join(tokens[start:])


@lru_cache(maxsize=1024)  # each name is held against a dozen tables
def _spellings(name: str) -> tuple[str, ...]:
    whole, parts = _reduced(name), _reduced(_HUMP.sub("_", name))
    return (whole,) if parts == whole else (whole, parts)


def _reduced(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    marks_gone = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"[^a-z0-9]+", "_", marks_gone).strip("_")


def _target(word: str) -> str | None:
    if word in CLICK_IDS:
        return f"custom.{word}"
    return _tag(word) or _FIELD_BY_NAME.get(word) or _FIELD_BY_NAME.get(core(word))


def _tag(word: str) -> str | None:
    rest = word
    while rest.startswith("utm_"):
        rest = rest[4:]
    return f"utm.{rest}" if rest != word and rest not in ("", "utm") else None
