"""What a test reads in the log of a worker or of beat: its lines of JSON."""

from __future__ import annotations

import json
from typing import Any


def lines(log: str) -> list[dict[str, Any]]:
    """The lines of JSON, in order."""
    return [json.loads(line) for line in log.splitlines() if line.startswith("{")]


def others(log: str) -> list[str]:
    """The lines that are no JSON, but for blank ones."""
    return [line for line in log.splitlines() if line.strip() and not line.startswith("{")]


def readable(log: str) -> str:
    """All of it, as it is and with JSON's escapes undone."""
    return log + "\n".join(json.dumps(line, ensure_ascii=False) for line in lines(log))
