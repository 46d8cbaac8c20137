"""Who gives a command and why, as the queue's records name them."""

from __future__ import annotations

import getpass
import os

import click

REASON_MAX = 500


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
        BadParameter: it is blank: whoever reads the record later would learn nothing; or it is
            longer than `REASON_MAX` characters.
    """
    if value is not None and not value.strip():
        raise click.BadParameter("expected some words, found none")
    if value is not None and len(value) > REASON_MAX:
        raise click.BadParameter(f"expected at most {REASON_MAX} characters, found {len(value):,}")
    return value
