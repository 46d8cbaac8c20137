"""The kinds of settings: each reads one text, or says in a line what was expected.

No error of theirs may hold a value that could be secret.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

DEFAULT_API_URL = "https://api.meuassistente.rdstationmentoria.com.br/rest"


class Secret(str):
    """A string that never shows itself in a repr or a format of its owner."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(***)" if self else "Secret()"


def read_number(low: float, high: float) -> Callable[[str], float]:
    """A number of a range, both ends included."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise ValueError(f"expected a number from {low:g} to {high:g}, found {text!r}")
        return value

    return parse


def read_whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number of a range, both ends included."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
            raise ValueError(f"expected a whole number from {low} to {high}, found {text!r}")
        return int(text)

    return parse


def read_choice(*words: str) -> Callable[[str], str]:
    """One of some words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"expected one of {', '.join(words)}, found {text!r}")
        return text

    return parse


def read_namespace(text: str) -> str:
    """What may be the first part of a key."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", text):
        raise ValueError("expected 1 to 64 letters, digits, '_', '.' or '-'")
    return text


def _split(text: str) -> SplitResult:
    """Split a URL; what `urlsplit` says of a bad one may hold its password, so it is not passed on.

    A password with a `/`, `#` or `?` in clear makes the port what it is not, so that is looked at.
    """
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("expected a URL; in a password write / # ? @ as %2F %23 %3F %40") from None
    return parts


def read_redis_url(text: str) -> Secret:
    """An address of Redis; it may hold a password."""
    parts = _split(text)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ValueError("expected a URL that begins with redis://, rediss:// or unix://")
    if parts.scheme == "unix" and not parts.path:
        raise ValueError("expected the path of a socket after unix://")
    return Secret(text)


def read_api_url(text: str) -> str:
    """The base URL of the API: https beyond loopback, and nothing secret in it."""
    parts = _split(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected an https:// URL, such as " + DEFAULT_API_URL)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("expected a URL without user, password, query or fragment")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("https is required beyond loopback: the token and the leads are secret")
    return text.rstrip("/")


def read_token(text: str) -> Secret:
    """The token that a text holds, white space around it left out.

    Raises:
        ValueError: it is no single word of printable ASCII. It is not shown.
    """
    token = text.strip()
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise ValueError("expected one word of printable ASCII characters (not shown: a secret)")
    return Secret(token)


def read_proxy_url(text: str) -> Secret:
    """A proxy's address; it may hold a password."""
    parts = _split(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected an http:// or https:// URL of a proxy")
    return Secret(text)


def read_token_file(text: str) -> str:
    """The path of an existing file."""
    if not Path(text).is_file():
        raise ValueError("expected the path of an existing file (not shown: it may be the token)")
    return text


def read_existing_file(text: str) -> str:
    """The path of an existing file, which is shown where there is none."""
    if not Path(text).is_file():
        raise ValueError(f"expected an existing file, found none at {text!r}")
    return text


def read_region(text: str) -> str:
    """A region that has phone numbers."""
    if not re.fullmatch(r"[A-Z]{2}", text):
        raise ValueError(f"expected a two-letter region in capitals, such as BR, found {text!r}")
    from phonenumbers import SUPPORTED_REGIONS  # slow to import, and few set a region

    if text not in SUPPORTED_REGIONS:
        raise ValueError(f"expected a region that has phone numbers, such as BR, found {text!r}")
    return text


def read_yes_no(text: str) -> bool:
    """`yes` or `no`."""
    return read_choice("yes", "no")(text) == "yes"


def read_dsn(text: str) -> Secret:
    """Where Sentry takes reports; it holds a key."""
    from sentry_sdk.utils import BadDsn, Dsn  # only where there is one

    try:
        Dsn(text)
    except (BadDsn, ValueError):
        form = "https://KEY@HOST/PROJECT with the project's number"
        raise ValueError(f"expected a DSN, such as {form} (not shown: a secret)") from None
    return Secret(text)


def is_loopback(host: str) -> bool:
    """Whether a host name or address (as in a URL, without brackets) means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
