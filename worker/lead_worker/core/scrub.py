"""What must not leave in a text: addresses, numbers and secrets that are somebody's. Pure.

It is the last line: what is reported is built from words of our own, so there should be nothing to
remove. A text that was cleaned still says that something was there, and of which kind.
"""

from __future__ import annotations

import re

_LONGEST = 2_000
"""Of a text that is looked through; the rest is cut off."""

_PART = r"[^\s@<>\"',;]"  # what an e-mail address has on either side of its @
_WORDS = r"(?i:\b(?:authorization|token|api[_-]?key|password|passwd|secret|senha)\b)"

_SECRETS = (
    ("[jwt]", re.compile(r"eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?")),
    ("[token]", re.compile(r"(?i)\b(?:bearer|basic)[\s:=]+[^\s\"',;]+")),
    # After a colon anything is a secret; in prose only what looks like one.
    (r"\1[token]", re.compile(rf"({_WORDS}[\"']?\s*[:=]\s*[\"']?)(?!\[)[^\s\"',;&]+")),
    (r"\1[token]", re.compile(rf"({_WORDS}\s+[\"']?)(?=[^\s\"',;]*\d)[\w.~+/=-]{{8,}}")),
    (r"\1[login]@", re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/]*@")),
    ("[email]", re.compile(rf"(?:\"[^\"@]*\"|{_PART}+)(?<!\[login\])(?:@|%40){_PART}+")),
    ("[cpf]", re.compile(r"(?<!\w)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\w)")),
    ("[cnpj]", re.compile(r"(?i)(?<!\w)[A-Z\d]{2}\.[A-Z\d]{3}\.[A-Z\d]{3}/[A-Z\d]{4}-\d{2}(?!\w)")),
)
"""What it is replaced by, and how it looks; the order matters, as one may be a part of another."""

_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_NUMBERS = re.compile(
    # What has as many digits and is nobody's: a UUID, an address in a network, an instant.
    r"(?P<kept>(?<!\w)(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    rf"|{_OCTET}(?:\.{_OCTET}){{3}}(?![\d.-])|1\d{{9}}\.\d{{6}}"
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?)(?!\w))"
    # Eight digits or more, as people write phones, CPFs and CNPJs.
    r"|(?<!\w)[+(]{0,2}\d(?:[\s().\-\u2010-\u2014/]{0,3}\d){7,}(?!\w)"
)

_NAME = re.compile(r"[A-Za-z0-9_.:,\[\] -]{1,120}")
_MACHINES = re.compile(r"[a-z0-9_./-]{1,60}")
_DIGITS = 8
"""From so many on a name may be a phone, or a CPF."""


def scrub(text: str) -> str:
    """Replace what looks like somebody's: e-mails, phones, CPFs, CNPJs, tokens, JWTs, logins."""
    text = text[:_LONGEST]
    for word, pattern in _SECRETS:
        text = pattern.sub(word, text)
    return _NUMBERS.sub(_number, text)


def _number(found: re.Match[str]) -> str:
    if found["kept"]:
        return found[0]
    return "[number]" if found[0].isdigit() else "[phone]"


def impersonal(text: str) -> str:
    """A name as it is; "..." for what may be an address or a number that is somebody's.

    Sources and the names of fields are written by apps and by strangers, who put anything there.
    """
    if _NAME.fullmatch(text) and _few_digits(text):
        return text
    return "..." if text else '""'


def machine_name(text: str) -> str:
    """A name that looks like a program's, as it is (`site/thanks`); "..." for any other."""
    return text if _MACHINES.fullmatch(text) and _few_digits(text) else "..."


def _few_digits(text: str) -> bool:
    return sum(map(str.isdigit, text)) < _DIGITS
