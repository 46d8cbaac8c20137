"""Ids of leads as an operator gives them on the command line."""

from __future__ import annotations

import re

import click


def one_id(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """Check one id: 32 hex digits, as `enqueue` gave it and `dead list` shows it, in any case.

    Raises:
        BadParameter: it is none. What was given instead may be a person's name: it is not repeated.
    """
    text = value.strip()
    if not re.fullmatch(r"[0-9a-fA-F]{32}", text):
        raise click.BadParameter(f"expected an id of 32 hex digits, found {len(text)} characters")
    return text.lower()


def several_ids(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Check ids, and leave out those that come twice.

    Raises:
        BadParameter: as `one_id`.
    """
    return tuple(dict.fromkeys(one_id(context, parameter, value) for value in values))
