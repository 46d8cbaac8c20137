"""Words about spools that more than one command says."""

from __future__ import annotations

from pathlib import Path

import click


def spool_path(given: str | None, setting: str) -> Path:
    """Which file is meant.

    Raises:
        UsageError: nobody says.
    """
    if not (given or setting):
        raise click.UsageError("expected FILE, or LEADS_SPOOL to say where the spool is")
    return Path(given or setting).absolute()


def size_words(number: int) -> str:
    """`512 bytes`, `1.5 KiB`, `20.3 MiB`, `1.1 GiB`."""
    size = float(number)
    if size < 1024:
        return f"{number} byte{'' if number == 1 else 's'}"
    for unit in ("KiB", "MiB"):
        size /= 1024
        if size < 1000:
            return f"{size:.1f} {unit}"
    return f"{size / 1024:.1f} GiB"
