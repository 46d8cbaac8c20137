"""Who gives a command and why, as the queue's records name them."""

from __future__ import annotations

import getpass
import os
import re

import click

REASON_MAX = 500

_PERSONAL = re.compile(r"[^\s@\uff20]+[@\uff20][^\s@\uff20]|\d(?:[\s().-]{0,2}\d){8,}")
"""An e-mail address, or the nine digits and more of a phone or a CPF."""

_INSTANT = re.compile(r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}/\d{1,2}/\d{4}\b|\b\d\d:\d\d(?::\d\d)?\b")
"""A date or a time of day, which are no such digits."""


def operator() -> str:
    """The name of this process's user; in a container without one, its number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def given_reason(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    """Check a reason for the records.

    Raises:
        BadParameter: it is blank: whoever reads the record later would learn nothing; it is longer
            than `REASON_MAX` characters; or it holds what looks like an address or a phone: the
            audit trail outlives the lead, and erasing the lead does not reach it.
    """
    if value is not None and not value.strip():
        raise click.BadParameter("expected some words, found none")
    if value is not None and len(value) > REASON_MAX:
        raise click.BadParameter(f"expected at most {REASON_MAX} characters, found {len(value):,}")
    if value is not None and _PERSONAL.search(_INSTANT.sub("at", value)):
        raise click.BadParameter(
            "expected no personal data, found what looks like an e-mail address or a phone number;"
            " the audit trail keeps a reason when the lead is erased: name the lead by its id"
        )
    return value
