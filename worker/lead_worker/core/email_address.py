"""One e-mail address, as `email-validator` has it, to the form that is sent.

It must not ask the DNS, and must not let `email-validator`'s words out: they name characters of the
address.
"""

from __future__ import annotations

import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

_LONGEST = 254
"""RFC 5321's limit. `email-validator` has it too, but only after it has walked all of the text."""

_LONGEST_LOCAL = 64
"""Octets before the @, of RFC 5321 too; `email-validator` holds it only where it is strict."""

_ATOM = r"[a-z0-9_!#$%&'*+/=?^`{|}~-]+"
_PLAIN = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@([a-z0-9.-]+)")


def normalised(text: str) -> str | None:
    """The address in its ASCII form, or None where it is not one address without a display name.

    The domain comes in lower case, and in Punycode where it has accents, because every mail system
    takes that and many validators take nothing else. The part before the @ keeps its case (only
    its owner may say that case does not matter; RFC 2142 says it of `sales`, `info` and their
    like), and its accents where it has any.
    """
    if len(text) > _LONGEST or text.find("@") > _LONGEST_LOCAL:
        return None
    # Of a plain address the domain alone is in question, and few domains have most addresses.
    plain = _PLAIN.fullmatch(text)
    if plain and "xn--" not in text:
        return text if _is_domain(plain[1]) else None
    return _checked(text)


@lru_cache(maxsize=4096)
def _is_domain(domain: str) -> bool:
    return _checked("a@" + domain) is not None


def _checked(text: str) -> str | None:
    try:
        found = validate_email(
            text, check_deliverability=False, allow_display_name=False, strict=True
        )
    except EmailNotValidError:
        return None
    return found.ascii_email or found.normalized
