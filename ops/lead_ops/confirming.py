"""The question before something that touches many leads, or that cannot be undone."""

from __future__ import annotations

import sys

import click

from .errors import OpsError


def confirm(question: str, *, yes: bool, nothing: str) -> None:
    """Ask, unless `--yes` was given.

    Args:
        question: without its question mark.
        nothing: what was not done where the answer is no, such as `nothing was erased`.

    Raises:
        UsageError: there is no one to ask.
        OpsError: the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{nothing}: expected --yes, as there is no one to ask")
    if not click.confirm(question, err=True):
        raise OpsError(nothing)
