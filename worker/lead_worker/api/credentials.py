"""A token, in the form in which requests carry it.

It owns the headers that each request has, and the mark by which a token is told from others. It
must not show the token: not in a repr, and not in an error.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import SettingsError
from ..settings import Secret

USER_AGENT = "leads-worker"
_MARK_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one token gives a request. It never changes, so a request that was given it is known to
    have used this token, whatever the client uses by then.

    Attributes:
        headers: of a request with a body, but for the body's length; not to be changed.
        mark: the same for the same token in each process, and of no use to find the token by: the
            first 12 hex digits of SHA-256 over `leads-token:` and the token.
    """

    headers: Mapping[str, str] = field(repr=False)
    mark: str


def credentials_of(token: Secret) -> Credentials:
    """The credentials that a token makes.

    Raises:
        SettingsError: the token is no header value. It is not shown.
    """
    # A line break in a header raises an error whose text holds the token.
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise SettingsError(
            "LEADS_API_TOKEN: expected one word of printable ASCII characters (not shown: a secret)"
        )
    headers = {
        "Authorization": Secret(f"Bearer {token}"),
        "User-Agent": USER_AGENT,
        "Accept-Encoding": "identity",
        # To the letter: with a charset behind it the API is likely to read an empty body.
        "Content-Type": "application/json",
    }
    digest = hashlib.sha256(b"leads-token:" + token.encode()).hexdigest()
    return Credentials(headers, digest[:_MARK_DIGITS])
