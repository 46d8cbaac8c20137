"""What keeps a run from taking place, told in one line."""

from __future__ import annotations

from pathlib import Path

TAIL_BYTES = 4096
LINES = 3
LONGEST = 300


class StartError(Exception):
    """What is under test did not come to work."""


def last_words(log: Path) -> str:
    """The end of a log, in one line; "(silent)" where there is none."""
    if not log.exists():
        return "(silent)"
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    words = " | ".join([line.strip() for line in lines if line.strip()][-LINES:])
    return words[-LONGEST:] or "(silent)"
