"""Addresses of web pages: which fields hold one, and what of it may be stored.

A query can hold anybody's e-mail or a token, so an address is stored without it; the campaign tags
and click ids in it are read before (`Draft.page`). It must not know a source.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .names import is_one_of, word_set

# The form's own page, and so the site that it is on.
_OWN_PAGES = word_set("""
    page_url pageurl page_location url_da_pagina url_de_la_pagina current_url url_atual form_url
    wp_http_referer
""")
_PAGES = _OWN_PAGES | word_set("""
    page pagina landing_page landing_page_url source_url origin_url url_de_origem pagina_de_origem
    referer referrer http_referer page_referrer document_referrer referral_url referrer_url
""")
_IS_ADDRESS = re.compile(r"(?:https?:)?//|/|www\.", re.IGNORECASE)
_REST = re.compile(r"[?#;]")
_HOST = re.compile(r"[\w.-]+(?::\d+)?")


def is_page(name: str) -> bool:
    """Whether a field holds the address of a page that the person has seen."""
    return is_one_of(_PAGES, name)


def is_own_page(name: str) -> bool:
    """Whether it holds the address of the page that the form is on."""
    return is_one_of(_OWN_PAGES, name)


def host(url: str) -> str:
    """Give the host of a whole address, "" if there is none to be had."""
    with suppress(ValueError):
        parts = urlsplit(url.strip())
        found = parts.netloc.rpartition("@")[2].lower()
        if parts.scheme in ("http", "https") and _HOST.fullmatch(found):
            return found
    return ""


def query(url: str) -> list[tuple[str, str]]:
    """Give the names and values in an address's query."""
    with suppress(ValueError):
        return parse_qsl(urlsplit(url.strip()).query)
    return []


def trimmed(value: Any) -> Any:
    """Give an address, or each of a list, without query, fragment and user; None where nothing is
    left. Other text stays as it is."""
    if isinstance(value, list):
        return [item for item in map(trimmed, value) if item is not None] or None
    if not isinstance(value, str) or (_has_space(value) and not _IS_ADDRESS.match(value.strip())):
        return value
    scheme, slashes, rest = _REST.split(value.strip(), maxsplit=1)[0].partition("//")
    server, slash, path = rest.partition("/")
    return scheme + slashes + server.rpartition("@")[2] + slash + path or None


def _has_space(text: str) -> bool:
    return any(char.isspace() for char in text.strip())
