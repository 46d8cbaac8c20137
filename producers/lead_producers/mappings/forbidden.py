"""What must not be stored, by the name of its field: passwords, tokens, payment cards, and the
address and the browser that somebody visited with.

It owns these tables. It must not look at a value. A question that only has such a word in it
("Esqueceu a senha do sistema atual?") is an answer like any other.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .names import core, spellings, word_set

_PASSWORD = re.compile(
    r"(?:^|_)(?:password|passwd|pwd|senha|contrasena|passphrase|passcode)\d*(?:_|$)"
)
_PASSWORDS = word_set("""
    pass pass1 pass2 user_pass userpass login_pass confirm_pass pass_confirm repeat_pass new_pass
    userpassword otp codigo_de_verificacao verification_code
""")
_ASKING = word_set(
    "crie cria criar escolha defina cadastre confirme confirmar confirmacao repita repetir nova"
    " create choose confirm repeat new crea elige confirma repite nueva de da um uma un una"
)
_SECRET = re.compile(
    r"csrf|xsrf|captcha|turnstile|verificationtoken|google_key|api_?key|access_key|secret_key"
    r"|private_key|sessid|sessionid"
)
_TOKEN = re.compile(r"(?:^|_)(?:token|nonce|wpnonce|secret|jwt|bearer)(?:_|$)")
_TOKENS = word_set("""
    access_token auth_token session_token security_token bearer_token refresh_token csrf_token
    api_key api_token secret_key private_key access_key client_secret authorization
    authorization_header http_authorization session_id connect_sid accesstoken authtoken
    sessiontoken refreshtoken secretkey privatekey accesskey googlekey
""")
_CARD = re.compile(r"(?:^|_)(?:card|cartao|tarjeta|cc|creditcard)(?:_|$)")
_OF_CARD = re.compile(
    r"(?:^|_)(?:number|numero|num|code|codigo|expiry|exp|expiration|validade|vencimento"
    r"|vencimiento|seguranca|security)(?:_|$)"
)
_CARDS = word_set("""
    cvv cvv2 cvc cvc2 card_cvv card_cvc cc_cvv cc_cvc codigo_cvv codigo_de_seguranca security_code
    credit_card creditcard cartao_de_credito cardnumber ccnumber ccnum numerocartao
    tarjeta_de_credito
""")
_VISIT = word_set("""
    ip ip_address ipaddress remote_ip ip_remoto ip_remota user_ip userip client_ip clientip
    visitor_ip sender_ip remote_addr remote_address ip_do_usuario ip_usuario ip_do_visitante
    ip_do_cliente endereco_ip endereco_de_ip direccion_ip ip_del_usuario x_forwarded_for
    forwarded_for x_real_ip cf_connecting_ip user_agent useragent http_user_agent
    agente_de_usuario agente_do_usuario agente_de_usuario_do_navegador client_user_agent
""")


def is_forbidden(name: str) -> bool:
    """Whether what a field of this name holds is left out of every lead."""
    return is_secret(name) or is_of_the_visit(name)


def is_of_the_visit(name: str) -> bool:
    """Whether it is the address or the browser of whoever sent the form."""
    return any(map(_is_visit, spellings(name)))


def is_secret(name: str) -> bool:
    """Whether it is a password, a token, a card's number, or a proof that no machine sent it."""
    is_phrase = " " in name.strip()
    return any(_is_secret(word, is_phrase) for word in spellings(name))


# A page of leads asks for the same few names again and again.
@lru_cache(maxsize=1024)
def _is_visit(word: str) -> bool:
    return word in _VISIT or core(word) in _VISIT


@lru_cache(maxsize=1024)
def _is_secret(word: str, is_phrase: bool) -> bool:
    return _is_password(word) or _is_token(word, is_phrase=is_phrase) or _is_card(word)


def _is_password(word: str) -> bool:
    if word in _PASSWORDS:
        return True
    if not _PASSWORD.search(word):
        return False
    label = core(word, _ASKING)
    is_asked_for = label != core(word) or _length(label) < 5
    return _length(word) < 5 or (is_asked_for and bool(_PASSWORD.match(label)))


def _is_token(word: str, *, is_phrase: bool) -> bool:
    if word in _TOKENS:
        return True
    if is_phrase:
        return False
    return bool(_SECRET.search(word)) or (_length(word) < 4 and bool(_TOKEN.search(word)))


def _is_card(word: str) -> bool:
    if word in _CARDS or core(word) in _CARDS:
        return True
    return _length(word) < 7 and bool(_CARD.search(word)) and bool(_OF_CARD.search(word))


def _length(word: str) -> int:
    return word.count("_") + 1
