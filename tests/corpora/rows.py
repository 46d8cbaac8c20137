"""The corpora's data files, as they are on the disk. It owns reading; it must not judge a case.

A `.json` file has groups of rows by their names, a `.jsonl` file a row on each line. What does not
print is an escape there, so that whoever reads them sees what is in them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def read_groups(name: str) -> dict[str, Any]:
    """The rows of a `.json` file by their group."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def read_rows(name: str) -> list[dict[str, Any]]:
    """The rows of a `.jsonl` file."""
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()]


def as_bytes(text: str, encoding: str = "utf-8") -> bytes:
    """The bytes that a row stands for; a byte that is none of UTF-8 is written `\\udcXX` there."""
    return text.encode(encoding, "surrogateescape" if encoding == "utf-8" else "strict")
